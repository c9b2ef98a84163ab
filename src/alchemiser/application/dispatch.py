"""
Deliver messages: bind the correlation id, prepare, apply, and turn errors into what happens next.

    a tick, whatever goes wrong       comes back until the session is over: while orders may rest at the broker,
                                      somebody has to look after them
    BrokerUnavailable, RecordsError,  the message comes back, up to five times, then it is dead and the run fails
    UnusableQuote, or a defect
    any other AlchemiserError         the run fails at this step, at once
    the report of a failure fails     the run is closed with a report in plain words, which is not delivered
    delivered too often, never ended  as if it had failed for good: something in it ends the process that tries it
    delivered before, or overtaken    nothing
    its run is over                   a step that cannot be done is none any more: done, without effect
"""

import traceback
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import structlog

from alchemiser.application.log import Log
from alchemiser.application.ports.messaging import AlreadyHandled, Message
from alchemiser.application.ports.suite import Ports
from alchemiser.application.reporting import apply_report, in_plain_words
from alchemiser.application.workflow import HANDLERS, Handle
from alchemiser.domain.errors import AlchemiserError, BrokerUnavailable, Category, RecordsError, UnusableQuote
from alchemiser.domain.events import ExecutionTickDue, WorkflowFailed, once_in_run

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(seconds=30)
_AFTER_CLOSE, _GRACE = timedelta(minutes=2), timedelta(minutes=10)
_log = Log()


def pump(ports: Ports, *, handlers: Mapping[str, Handle] = HANDLERS) -> Iterator[Message]:
    """
    Deliver every message as it comes due until none is left; yields each after its delivery.
    """
    while (due := ports.engine.next_due()) is not None:
        ports.clock.wait_until(due)
        message = ports.engine.claim(now=ports.clock.now())
        if message is None:
            continue
        deliver(message, ports, handlers=handlers)
        yield message


def pause_after(attempt: int) -> timedelta:
    """
    Return how long what failed in its attempt (counted from 1) rests before it is tried again.
    """
    return min(_FIRST_PAUSE * (1 << min(attempt - 1, 8)), _LONGEST_PAUSE)


def deliver(message: Message, ports: Ports, *, handlers: Mapping[str, Handle] = HANDLERS) -> None:
    """
    Hand one message to its handler.

    Raises:
        RecordsError: the failure itself cannot be recorded.
    """
    with structlog.contextvars.bound_contextvars(
        correlation_id=message.event.meta.correlation_id, handler=message.handler, attempt=message.attempt
    ):
        try:
            _handle(message, ports, handlers)
        except AlreadyHandled:
            _log.info("message_already_handled")


def _handle(message: Message, ports: Ports, handlers: Mapping[str, Handle]) -> None:
    if _ends_every_process(message, ports):
        error = f"delivered {message.attempt - 1} times, and no process that tried it came to an end of it"
        _log.error("message_never_ended", error=error)
        _give_up(message, ports, error=error, category=Category.CRITICAL)
        return
    try:
        apply = handlers[message.handler](message.event, ports)
        with ports.engine.finishing(message, now=ports.clock.now()) as tx:
            apply(tx)
    except AlreadyHandled:
        raise
    except (BrokerUnavailable, RecordsError, UnusableQuote) as exc:
        _log.warning("step_delayed", error=str(exc))
        _give_back(message, ports, error=str(exc), category=exc.category)
    except AlchemiserError as exc:
        _log.warning("step_failed", error=str(exc))
        if isinstance(message.event, ExecutionTickDue):
            _give_back(message, ports, error=str(exc), category=exc.category)
        else:
            _give_up(message, ports, error=str(exc), category=exc.category)
    except Exception as exc:  # noqa: BLE001 - the one place that keeps a defect from stopping other messages
        _log.error("handler_crashed", trace=traceback.format_exc())
        _give_back(message, ports, error=f"{type(exc).__name__}: {exc}", category=Category.CRITICAL)
    else:
        _log.info("message_handled", event_type=type(message.event).__name__)


def _give_back(message: Message, ports: Ports, *, error: str, category: Category) -> None:
    now = ports.clock.now()
    if not _may_retry(message, ports, now=now):
        _give_up(message, ports, error=error, category=category)
        return
    ports.engine.delayed(message, error=error, retry_at=now + pause_after(message.attempt))


def _ends_every_process(message: Message, ports: Ports) -> bool:
    # One that fails is given up by its last attempt; one that gets here more often never let a process tell of it.
    if message.attempt <= ports.rules.max_attempts:
        return False
    if isinstance(message.event, ExecutionTickDue):
        # As long as it may help, orders are looked after; a while after the session nothing of ours can rest.
        return _is_session_over(message.event.run_id, ports, now=ports.clock.now() - _GRACE)
    return True


def _may_retry(message: Message, ports: Ports, *, now: datetime) -> bool:
    if isinstance(message.event, ExecutionTickDue):
        return not _is_session_over(message.event.run_id, ports, now=now)
    return message.attempt < ports.rules.max_attempts


def _give_up(message: Message, ports: Ports, *, error: str, category: Category) -> None:
    if not isinstance(message.event, ExecutionTickDue) and _is_over(message.event.run_id, ports):
        _log.info("message_of_ended_run", error=error)
        with ports.engine.finishing(message, now=ports.clock.now()):
            return
    # The dead letter and what is told of it are one transaction: who was overtaken fails no run that goes on.
    if isinstance(message.event, WorkflowFailed):
        closing = in_plain_words(message.event, ports, error=error)
        with ports.engine.finishing(message, now=ports.clock.now(), error=error) as tx:
            apply_report(message.event, closing, tx)
    else:
        failure = _failure(message, ports, error=error, category=category)
        with ports.engine.finishing(message, now=ports.clock.now(), error=error) as tx:
            tx.emit(failure)


def _is_over(run_id: str, ports: Ports) -> bool:
    run = ports.runs.run(run_id)
    return run is not None and run.outcome is not None


def _failure(message: Message, ports: Ports, *, error: str, category: Category) -> WorkflowFailed:
    return WorkflowFailed(
        meta=once_in_run(
            message.event, WorkflowFailed, at=ports.clock.now(), source="alchemiser.application.dispatch.deliver"
        ),
        run_id=message.event.run_id,
        step=message.handler,
        category=category.value,
        error=error,
    )


def _is_session_over(run_id: str, ports: Ports, *, now: datetime) -> bool:
    # Nobody knows the session of a run that is not recorded: its messages come to an end like any other.
    run = ports.runs.run(run_id)
    return run is None or now >= ports.calendar.session(run.session).closes_at + _AFTER_CLOSE
