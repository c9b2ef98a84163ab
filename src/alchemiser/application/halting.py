"""
Stop everything now: turn the kill switch on, then cancel what rests at the broker.

Nothing here needs the records: whoever trades sees the switch before its next send, and books what was cancelled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.suite import Archive
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock
from alchemiser.application.queries import latest_run
from alchemiser.domain.errors import BrokerUnavailable, ConfigurationError, RecordsError
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.domain.identity import ORDER_PREFIX

MEMORY = timedelta(days=90)
_LOOKS = 30
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """
    What stopping needs.

    Args:
        archive: opens what was recorded, for the time it stands at; asked once, when it can be.
        poll: the pause between two looks at an order that is being cancelled.
    """

    switch: KillSwitch
    broker: Broker
    clock: Clock
    archive: Callable[[], Archive]
    poll: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """
    What came of stopping.

    Args:
        reason: why the kill switch is on.
        cancelled: the client order ids of what rested and is gone.
        resting: of what still rests.
        problems: what could not be done.
    """

    reason: str
    cancelled: tuple[str, ...]
    resting: tuple[str, ...]
    problems: tuple[str, ...]


def halt(reason: str, brake: Brake) -> Halted:
    """
    Turn the kill switch on and cancel our orders.

    Raises:
        RecordsError: no kill switch holds.
    """
    problems = (*_catch_up(brake), *brake.switch.halt(reason, at=brake.clock.now()))
    try:
        since = brake.clock.now() - MEMORY
        rested = _live(brake.broker.orders(since=since))
        after = quiet(frozenset(one.id for one in rested), brake.broker, brake.clock, since=since, poll=brake.poll)
    except BrokerUnavailable as exc:
        problems = (*problems, f"the broker gave no answer, what rests there was not cancelled: {exc}")
        rested, after = (), ()
    resting = tuple(map(_name, _live(after)))
    return Halted(
        reason=reason,
        cancelled=tuple(_name(order) for order in rested if _name(order) not in resting),
        resting=resting,
        problems=problems,
    )


def lift(brake: Brake) -> None:
    """
    Turn the kill switch off.

    Raises:
        ConfigurationError: a setting or the environment holds.
        RecordsError: it cannot be turned off.
    """
    brake.switch.lift(at=brake.clock.now())


def quiet(
    orders: frozenset[str], broker: Broker, clock: Clock, *, since: datetime, poll: timedelta
) -> tuple[BrokerOrder, ...]:
    """
    Cancel orders until none of them rests, for at most a minute; return all orders as they are then.

    Args:
        orders: the broker's ids. Whatever somebody sends meanwhile is left alone.

    Raises:
        BrokerUnavailable: no answer; nothing is known.
    """
    shown = broker.orders(since=since)
    for _ in range(_LOOKS):
        live = [order for order in _live(shown) if order.id in orders]
        if not live:
            break
        for order in live:
            # A simulated clock that could not be set stands before them: to cancel them there would undo what happened.
            if order.submitted_at <= clock.now() + _SKEW:
                broker.cancel(order.id)
        clock.wait_until(clock.now() + poll)
        shown = broker.orders(since=since)
    return shown


def _catch_up(brake: Brake) -> tuple[str, ...]:
    # A simulated clock begins where the records stand; any other has passed that long ago.
    try:
        archive = brake.archive()
        latest = latest_run(archive)
        if latest is not None:
            brake.clock.wait_until(max(event.meta.occurred_at for event in archive.ledger.events(latest.id)))
    except ConfigurationError:
        return ()
    except RecordsError as exc:
        return (f"the records cannot be read: {exc}",)
    return ()


def _live(orders: Sequence[BrokerOrder]) -> tuple[BrokerOrder, ...]:
    return tuple(
        order
        for order in orders
        if order.body.client_order_id.startswith(ORDER_PREFIX) and not order.status.is_terminal
    )


def _name(order: BrokerOrder) -> str:
    return order.body.client_order_id
