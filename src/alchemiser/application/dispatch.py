"""
Deliver messages: bind the correlation id, prepare, apply, and turn errors into what happens next.

    BrokerUnavailable, RecordsError, or a defect
                                      the message comes back, up to five times, then it is dead and the run fails
    any other AlchemiserError         the run fails at this step, at once
    delivered before                  nothing
"""

import traceback
from collections.abc import Iterator
from datetime import timedelta

import structlog

from alchemiser.application.ports.messaging import AlreadyHandled, Message
from alchemiser.application.ports.suite import Ports
from alchemiser.application.workflow import HANDLERS
from alchemiser.domain.errors import AlchemiserError, BrokerUnavailable, RecordsError
from alchemiser.domain.events import WorkflowFailed, caused_by

_FIRST_PAUSE = timedelta(seconds=2)
_log = structlog.get_logger(__name__)


def pump(ports: Ports) -> Iterator[Message]:
    """
    Deliver every message as it comes due until none is left; yields each after its delivery.
    """
    while (due := ports.engine.next_due()) is not None:
        ports.clock.wait_until(due)
        message = ports.engine.claim(now=ports.clock.now())
        if message is None:
            continue
        deliver(message, ports)
        yield message


def deliver(message: Message, ports: Ports) -> None:
    """
    Hand one message to its handler.
    """
    with structlog.contextvars.bound_contextvars(
        correlation_id=message.event.meta.correlation_id, handler=message.handler, attempt=message.attempt
    ):
        try:
            apply = HANDLERS[message.handler](message.event, ports)
            with ports.engine.finishing(message, now=ports.clock.now()) as tx:
                apply(tx)
        except AlreadyHandled:
            _log.info("message_already_handled")
        except (BrokerUnavailable, RecordsError) as exc:
            _give_back(message, ports, error=str(exc), category=exc.category.value)
        except AlchemiserError as exc:
            _log.warning("step_failed", error=str(exc))
            with ports.engine.finishing(message, now=ports.clock.now()) as tx:
                tx.emit(_failure(message, ports, error=str(exc), category=exc.category.value))
        except Exception as exc:  # noqa: BLE001 - the one place that keeps a defect from stopping other messages
            _log.error("handler_crashed", trace=traceback.format_exc())
            _give_back(message, ports, error=f"{type(exc).__name__}: {exc}", category="critical")
        else:
            _log.info("message_handled", event_type=type(message.event).__name__)


def _give_back(message: Message, ports: Ports, *, error: str, category: str) -> None:
    if message.attempt < ports.rules.max_attempts:
        pause = _FIRST_PAUSE * 2 ** (message.attempt - 1)
        ports.engine.failed(message, error=error, retry_at=ports.clock.now() + pause)
        return
    # First the run's failure, then the dead letter: a crash in between repeats the first, which changes nothing.
    with ports.engine.begin() as tx:
        tx.emit(_failure(message, ports, error=error, category=category))
    ports.engine.failed(message, error=error, retry_at=None)


def _failure(message: Message, ports: Ports, *, error: str, category: str) -> WorkflowFailed:
    return WorkflowFailed(
        meta=caused_by(
            message.event,
            WorkflowFailed,
            at=ports.clock.now(),
            source="alchemiser.application.dispatch.deliver",
            key=message.handler,
        ),
        run_id=message.event.run_id,
        step=message.handler,
        category=category,
        error=error,
    )
