"""
What the use cases on market data share: the ports, the target of a refresh, and checking a history.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from alchemiser.application.log import Log
from alchemiser.application.ports.data import BarSource, Lake
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.system import Clock
from alchemiser.domain.bars.checks import checked
from alchemiser.domain.bars.comparison import LONG, confirms, disagreements
from alchemiser.domain.bars.findings import Acceptance, Finding
from alchemiser.domain.bars.history import SETTLES_IN, Bars, Days, History, numbers_of, rebased, spliced
from alchemiser.domain.errors import DataError
from alchemiser.domain.values import Symbol

_log = Log()

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2035, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPorts:
    """
    The outside of the data side.

    Args:
        source: who is asked for bars first, None where only the lake is looked at.
        second: who is asked for a second opinion, None when nobody is.
    """

    lake: Lake
    calendar: Calendar
    clock: Clock
    source: BarSource | None = None
    second: BarSource | None = None


def all_sessions(calendar: Calendar) -> Days:
    """
    Return every session the calendar knows, days since 1970-01-01.
    """
    return numbers_of(calendar.sessions(FIRST_DAY, LAST_DAY))


def complete_through(calendar: Calendar, at: datetime) -> date:
    """
    Return the last session whose bars are complete at an instant.
    """
    session = calendar.previous(at.date() + timedelta(days=2))
    while session.closes_at + SETTLES_IN > at:
        session = calendar.previous(session.day)
    return session.day


def examined(history: History, ports: DataPorts, *, sessions: Days, cross: Sequence[Finding] | None = None) -> History:
    """
    Return a history with what is found in it, having asked the second source about moves that need one.
    """
    through = complete_through(ports.calendar, history.fetched_at)
    found = checked(history, sessions=sessions, complete_through=through, cross=cross)
    if ports.second is None or not found.quarantine():
        return found
    try:
        other = second_opinion(history.bars, ports.second)
    except DataError as exc:
        # Without a second opinion the quarantine stays; the bars are kept all the same.
        _log.warning("second_source_failed", symbol=history.bars.symbol, source=ports.second.name, problem=str(exc))
        return found
    return found if other is None else confirmed(found, other, ports.second.name, at=ports.clock.now())


def cross_checked(history: History, other: Bars, name: str, ports: DataPorts, *, sessions: Days) -> History:
    """
    Return a history with what is found in it and with what another source disagrees with.
    """
    through = complete_through(ports.calendar, history.fetched_at)
    # What was not complete when ours came is not held against them.
    seen = other.upto(through)
    cross = tuple(disagreements(history.bars, seen, name=name)) if len(seen) else ()
    found = checked(history, sessions=sessions, complete_through=through, cross=cross)
    return confirmed(found, other, name, at=ports.clock.now())


def confirmed(history: History, other: Bars, name: str, *, at: datetime) -> History:
    """
    Return a history in which the moves that another source shows, too, are accepted.
    """
    shown = tuple(
        Acceptance(
            day=one.day, kind=one.kind, measure=one.measure, because=f"{name} shows the same move", by=name, at=at
        )
        for one in history.quarantine()
        if confirms(one, history.bars, other)
    )
    return replace(history, accepted=(*history.accepted, *shown)) if shown else history


def second_opinion(bars: Bars, second: BarSource) -> Bars | None:
    """
    Return another source's bars of the same symbol, a little beyond its days, None when it has none.
    """
    first = bars.first if len(bars) >= LONG else FIRST_DAY
    last = bars.last + timedelta(days=7)
    return next((one for one in second.bars([bars.symbol], first=first, last=last) if len(one)), None)


def joined(known: History | None, fresh: Bars, *, changed: bool) -> Bars:
    """
    Return what to keep of the bars that are known and those that came.

    Args:
        changed: whether they tell otherwise of the days both have: then the fresh ones count, and older bars are kept
            in the fresh ones' adjustment.
    """
    if known is None or not len(known.bars):
        return fresh
    if changed:
        return rebased(known.bars, fresh) or fresh
    later = known.bars.part(int((known.bars.days <= fresh.days[-1]).sum()), len(known.bars))
    together = spliced(known.bars, fresh)
    return spliced(together, later) if len(later) else together


@contextmanager
def alone_with(symbols: Sequence[Symbol], lake: Lake) -> Iterator[None]:
    """
    Keep others from all of the symbols; taken in one order, so that nobody waits in a circle.
    """
    with ExitStack() as held:
        for symbol in sorted(set(symbols)):
            held.enter_context(lake.alone(symbol))
        yield
