"""
Two tellings of the same bars: a source's own, later; or another source's.

Returns are compared, not prices: whoever knows of one dividend more has other adjusted closes ever since.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np

from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import COLUMNS, Bars, Days, day_of, number_of
from alchemiser.domain.bars.jumps import moves_of

_APART = 0.005
_DRIFT = 0.02
_ALIKE = 0.05
_SAME = 1e-9


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
    Yield where another source tells of other returns.

    Args:
        name: the other source's.
    """
    days, mine, theirs = np.intersect1d(bars.days, other.days, return_indices=True)
    with np.errstate(all="ignore"):
        ours, others = bars.adj_closes[mine], other.adj_closes[theirs]
        growth, other_growth = ours[1:] / ours[:-1], others[1:] / others[:-1]
        apart = growth - other_growth
    for place in np.flatnonzero(~(np.abs(apart) <= _APART * np.maximum(1.0, growth))):
        why = f"returned {growth[place] - 1:+.2%}, and {other_growth[place] - 1:+.2%} for {name}"
        measure = float(apart[place]) if np.isfinite(apart[place]) else 0.0
        day = day_of(int(days[place + 1]))
        yield Finding(day=day, kind=Kind.DISAGREES, measure=measure, why=why, blocks=True)
    if len(days) < 2:
        return
    drift = float(ours[-1] / ours[0] / (others[-1] / others[0]) - 1)
    is_close = np.all(np.abs(apart) <= _APART * np.maximum(1.0, growth))
    if is_close and abs(drift) > _DRIFT:
        why = f"gained {drift:+.2%} more than for {name} since {day_of(int(days[0]))}, a little at a time"
        yield Finding(day=day_of(int(days[-1])), kind=Kind.DISAGREES, measure=drift, why=why, blocks=True)
    last = _behind(bars, other, days)
    if last is not None:
        why = f"ends on {bars.last}, and {name} goes on to {last}"
        yield Finding(day=bars.last, kind=Kind.DISAGREES, measure=0.0, why=why, blocks=True)


def confirms(finding: Finding, bars: Bars, other: Bars) -> bool:
    """
    Tell whether another source shows the move that a finding is about.
    """
    if finding.kind not in {Kind.JUMP, Kind.UNCONFIRMED, Kind.SPLIT, Kind.TICK}:
        return False
    for of in (_move(bars, finding.day), _move(other, finding.day)):
        if of is None:
            return False
    ours, theirs = _move(bars, finding.day), _move(other, finding.day)
    return ours is not None and theirs is not None and abs(ours - theirs) <= _ALIKE * abs(ours)


def _move(bars: Bars, day: date) -> float | None:
    place = int(np.searchsorted(bars.days, number_of(day)))
    if place == len(bars) or bars.days[place] != number_of(day) or not place:
        return None
    move = float(moves_of(bars.part(place - 1, place + 1)).closes[1])
    return move if np.isfinite(move) else None


def _behind(bars: Bars, other: Bars, days: Days) -> date | None:
    return other.last if len(days) and other.days[-1] > bars.days[-1] else None


def _places(bars: Bars, first: int, last: int) -> slice:
    begin, end = np.searchsorted(bars.days, [first, last + 1])
    return slice(int(begin), int(end))
