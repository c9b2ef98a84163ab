"""
Two tellings of the same bars: a source's own, later; or another source's.

Returns are compared, not prices: whoever knows of one dividend more has other adjusted closes ever since.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np

from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import COLUMNS, Bars, day_of, number_of
from alchemiser.domain.bars.jumps import moves_of

_APART = 0.005
_DRIFT = 0.02
_ALIKE = 0.05
_SAME = 1e-9
_MISSED = 5
# From so many bars on, a later beginning moves no indicator any more.
LONG = 1000


def restated(known: Bars, fresh: Bars) -> date | None:
    """
    Return the first day of which a source now tells something else than is known, or None.

    A day that is known and no longer told counts, and one that is told now and was not known.
    """
    if not len(fresh) or not len(known):
        return None
    first, last = max(known.days[0], fresh.days[0]), min(known.days[-1], fresh.days[-1])
    ours, theirs = _places(known, first, last), _places(fresh, first, last)
    differing = np.setxor1d(known.days[ours], fresh.days[theirs])
    days, mine, others = np.intersect1d(known.days[ours], fresh.days[theirs], return_indices=True)
    is_other = np.zeros(len(days), dtype=np.bool_)
    for name in COLUMNS:
        a, b = getattr(known, name)[ours][mine], getattr(fresh, name)[theirs][others]
        is_other |= ~np.isclose(a, b, rtol=_SAME, atol=0.0, equal_nan=True)
    changed = np.concatenate([differing, days[is_other]])
    return day_of(int(changed.min())) if len(changed) else None


def disagreements(bars: Bars, other: Bars, *, name: str) -> Iterator[Finding]:
    """
    Yield where another source tells of other returns, of later bars, or of a longer history that matters.

    Args:
        name: the other source's.
    """
    yield from _ranges(bars, other, name)
    days, mine, theirs = np.intersect1d(bars.days, other.days, return_indices=True)
    if len(days) < 2:
        why = f"has {len(days)} days in common with {name}, which has bars from {other.first} to {other.last}"
        yield _disagrees(bars.last, 0.0, why)
        return
    with np.errstate(all="ignore"):
        ours, others = bars.adj_closes[mine], other.adj_closes[theirs]
        growth, other_growth = ours[1:] / ours[:-1], others[1:] / others[:-1]
        apart = growth - other_growth
        is_apart = ~(np.abs(apart) <= _APART * np.maximum(1.0, growth))
        drift = float(ours[-1] / ours[0] / (others[-1] / others[0]) - 1)
    for place in map(int, np.flatnonzero(is_apart)):
        why = f"returned {growth[place] - 1:+.2%}, and {other_growth[place] - 1:+.2%} for {name}"
        measure = float(apart[place]) if np.isfinite(apart[place]) else 0.0
        yield _disagrees(day_of(int(days[place + 1])), measure, why)
    if not is_apart.any() and not abs(drift) <= _DRIFT:
        why = f"gained {drift:+.2%} more than for {name} since {day_of(int(days[0]))}, a little at a time"
        yield _disagrees(day_of(int(days[-1])), drift, why)


def confirms(finding: Finding, bars: Bars, other: Bars) -> bool:
    """
    Tell whether another source shows the move that a finding is about.
    """
    if finding.kind not in {Kind.JUMP, Kind.UNCONFIRMED, Kind.SPLIT, Kind.TICK}:
        return False
    ours, theirs = _move(bars, finding.day), _move(other, finding.day)
    return ours is not None and theirs is not None and abs(ours - theirs) <= _ALIKE * abs(ours)


def _ranges(bars: Bars, other: Bars, name: str) -> Iterator[Finding]:
    if other.days[-1] > bars.days[-1]:
        yield _disagrees(bars.last, 0.0, f"ends on {bars.last}, and {name} goes on to {other.last}")
    missed = int(np.searchsorted(other.days, bars.days[0]))
    if len(bars) < LONG and missed > _MISSED:
        yield _disagrees(bars.first, float(missed), f"begins on {bars.first}, and {name} has {missed} bars before")


def _disagrees(day: date, measure: float, why: str) -> Finding:
    return Finding(day=day, kind=Kind.DISAGREES, measure=measure, why=why, blocks=True)


def _move(bars: Bars, day: date) -> float | None:
    place = int(np.searchsorted(bars.days, number_of(day)))
    if place == len(bars) or bars.days[place] != number_of(day) or not place:
        return None
    move = float(moves_of(bars.part(place - 1, place + 1)).closes[1])
    return move if np.isfinite(move) else None


def _places(bars: Bars, first: int, last: int) -> slice:
    begin, end = np.searchsorted(bars.days, [first, last + 1])
    return slice(int(begin), int(end))
