"""
Whether every session has its bar, and no other day has one.

Sessions are those of the exchange's calendar; bars before the calendar begins are not judged here.

1. every session from the first bar to the last has a bar, and every bar has a session;
2. no bar is of a session that was not over when it was fetched;
3. the last closes are not one close repeated: a feed that stands still goes on sending;
4. prices and volumes that end before the adjusted closes do are told, and a symbol that ends before the others.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np

from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import Bars, Days, day_of, number_of

_STILL = 5
_NAMED = 3


def completeness_findings(bars: Bars, *, sessions: Days, complete_through: date) -> Iterator[Finding]:
    """
    Yield what is missing and what is too much.

    Args:
        sessions: the calendar's, days since 1970-01-01, ascending.
        complete_through: the last session that was over when the bars were fetched.
    """
    if not len(bars) or not len(sessions):
        return
    judged = bars.days[bars.days >= sessions[0]]
    expected = sessions[(sessions >= bars.days[0]) & (sessions <= bars.days[-1])]
    for run in _runs(np.setdiff1d(expected, judged), sessions):
        why = f"no bar on {_days(run)}, inside its life"
        yield Finding(day=day_of(run[0]), kind=Kind.GAP, measure=float(len(run)), why=why, blocks=True)
    for day in np.setdiff1d(judged, sessions).tolist():
        why = "a bar on a day on which the exchange does not trade"
        yield Finding(day=day_of(day), kind=Kind.NO_SESSION, measure=0.0, why=why, blocks=True)
    limit = number_of(complete_through)
    for day in judged[judged > limit].tolist():
        why = f"a bar of a session that was not over when it was fetched; complete are those through {complete_through}"
        yield Finding(day=day_of(day), kind=Kind.PARTIAL, measure=0.0, why=why, blocks=True)
    yield from _still(bars)
    yield from _ends(bars)


def sessions_between(sessions: Days, first: date, last: date) -> int:
    """
    Return how many sessions come after one day and up to another.
    """
    begin, end = np.searchsorted(sessions, [number_of(first), number_of(last)], side="right")
    return int(end - begin)


def stopped(bars: Bars, *, sessions: Days, newest: date) -> Finding | None:
    """
    Return that a symbol's bars end before those of others, or None when they do not.
    """
    missed = sessions_between(sessions, bars.last, newest)
    if missed <= 0:
        return None
    why = f"its last bar is of {bars.last}, {missed} sessions before {newest}, the last of others"
    return Finding(day=bars.last, kind=Kind.STOPPED, measure=float(missed), why=why, blocks=False)


def _runs(missing: Days, sessions: Days) -> Iterator[list[int]]:
    if not len(missing):
        return
    places = np.searchsorted(sessions, missing)
    for run in np.split(missing, np.flatnonzero(np.diff(places) > 1) + 1):
        yield run.tolist()


def _days(run: list[int]) -> str:
    if len(run) <= _NAMED:
        return ", ".join(str(day_of(day)) for day in run)
    return f"{len(run)} sessions from {day_of(run[0])} to {day_of(run[-1])}"


def _still(bars: Bars) -> Iterator[Finding]:
    if len(bars) < _STILL:
        return
    last = bars.part(len(bars) - _STILL, len(bars))
    is_still = bool(np.all(last.adj_closes == last.adj_closes[0]))
    has_traded = bool(np.any(last.highs > last.lows))
    if is_still and not has_traded:
        why = f"the last {_STILL} closes are all {last.adj_closes[0]:g}: the source stands still"
        yield Finding(day=bars.last, kind=Kind.FROZEN, measure=float(last.adj_closes[0]), why=why, blocks=True)


def _ends(bars: Bars) -> Iterator[Finding]:
    known = np.flatnonzero(~np.isnan(bars.closes))
    if not len(known):
        why = "adjusted closes only; no prices as traded, no volumes"
    elif known[-1] < len(bars) - 1:
        why = f"prices as traded end on {day_of(int(bars.days[known[-1]]))}, adjusted closes on {bars.last}"
    else:
        return
    day = bars.first if not len(known) else day_of(int(bars.days[known[-1]]))
    yield Finding(day=day, kind=Kind.ENDS, measure=float(len(known)), why=why, blocks=False)
