"""
Work: deliver messages as they come due, rest when there are none, sweep now and then.

Any number may work on one PostgreSQL database; on SQLite there is one, which the lock on its file sees to.
Whoever is killed loses nothing: its message is delivered again, to itself at once when it comes back under its name,
to anyone when its lease is over.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import Enum, auto

from alchemiser.application.dispatch import deliver
from alchemiser.application.log import Log
from alchemiser.application.ports.deliveries import Redelivery
from alchemiser.application.ports.messaging import Message
from alchemiser.application.ports.suite import Ports
from alchemiser.application.ports.system import Rest
from alchemiser.application.queries import latest_run
from alchemiser.application.sweep import sweep

_SWEEP_EVERY = timedelta(minutes=1)
_log = Log()


class Stay(Enum):
    """
    How long to stay at work.
    """

    UNTIL_TOLD = auto()
    WHILE_DUE = auto()
    """Leave as soon as nothing is due at this instant."""


def work(
    ports: Ports,
    deliveries: Redelivery,
    rest: Rest,
    *,
    stay: Stay = Stay.UNTIL_TOLD,
    idle_exit_s: float | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Message]:
    """
    Deliver messages; yields each after its delivery.

    Args:
        stay: leave when nothing is due, or stay for what comes.
        idle_exit_s: leave after so many seconds of real time without a message, None never.
        should_stop: asked between messages; a message is never left half way.
    """
    latest = latest_run(ports, account=ports.rules.account)
    if latest is not None:
        # A simulated time begins where the records stand.
        ports.clock.wait_until(latest.finished_at or latest.started_at)
    idle_s, next_sweep = 0.0, ports.clock.now()
    told: tuple[str, ...] = ()
    while not should_stop():
        now = ports.clock.now()
        if now >= next_sweep:
            sweep(ports, deliveries)
            told = _told_of_others(deliveries, told)
            next_sweep = now + _SWEEP_EVERY
        message = ports.engine.claim(now=now)
        if message is not None:
            deliver(message, ports)
            idle_s = 0.0
            yield message
            continue
        due = ports.engine.next_due()
        if due is not None and due <= now:
            continue
        if stay is Stay.WHILE_DUE:
            return
        idle_s += rest.until(due)
        if idle_exit_s is not None and idle_s > idle_exit_s:
            return


def _told_of_others(deliveries: Redelivery, before: tuple[str, ...]) -> tuple[str, ...]:
    versions = deliveries.left_alone()
    if versions and versions != before:
        _log.warning("messages_of_other_versions_left", versions=versions)
    return versions
