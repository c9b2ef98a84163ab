"""
How numbers decide: comparisons, connectives, selections, inverse volatility; for all sessions at once.

Two numbers closer than `TOLERANCE` of the larger one (of 1, when both are smaller) are equal: see docs/adr/0003. A
score is rounded to 12 decimals before it is ranked, and equal scores rank in source order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.market import Series
from alchemiser.domain.strategy.ast import Comparison, Selection
from alchemiser.domain.strategy.series import Flags, Reading, Truth, either, somewhere

TOLERANCE = 1e-10
SCORE_DECIMALS = 12

_LOWEST = float(np.finfo(np.float64).min)

# Up to so many are picked out by keeping the best of what was seen.
_FEW = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """
    The shares a filter or an inverse-volatility weighting gives.

    Args:
        members: who is held, shape (children, T); nobody on unknown sessions.
        portions: what each of them gets, shape (T,) or (children, T).
        unknown: sessions without a decision.
        broken: those of them that time does not cure.
    """

    members: Flags
    portions: Series
    unknown: Flags | None
    broken: Flags | None

    @property
    def shares(self) -> Series:
        """
        What every child gets, shape (children, T).
        """
        shares: Series = np.where(self.members, self.portions, 0.0)
        return shares


def compared(operator: Comparison, left: Reading, right: Reading) -> Truth:
    """
    Compare two readings; unknown where a side is.
    """
    apart = left.values - right.values
    band = np.abs(left.values)
    if right.constant is None:
        np.maximum(band, np.abs(right.values), out=band)
    np.maximum(band, 1.0 if right.constant is None else max(abs(right.constant), 1.0), out=band)
    band *= TOLERANCE
    broken = either(left.broken, right.broken)
    match operator:
        case ">":
            return Truth(true=apart > band, false=apart <= band, broken=broken)
        case "<=":
            return Truth(true=apart <= band, false=apart > band, broken=broken)
        case "<":
            return Truth(true=apart < -band, false=apart >= -band, broken=broken)
        case ">=":
            return Truth(true=apart >= -band, false=apart < -band, broken=broken)
        case "=":
            distance = np.abs(apart)
            return Truth(true=distance <= band, false=distance > band, broken=broken)
        case _:
            assert_never(operator)


def all_of(truths: Sequence[Truth]) -> Truth:
    """
    Return where every condition is true; false already where one is.
    """
    true = np.logical_and.reduce([truth.true for truth in truths])
    false = np.logical_or.reduce([truth.false for truth in truths])
    return Truth(true=true, false=false, broken=_broken_operands(truths, true | false))


def any_of(truths: Sequence[Truth]) -> Truth:
    """
    Return where a condition is true; false only where all are.
    """
    true = np.logical_or.reduce([truth.true for truth in truths])
    false = np.logical_and.reduce([truth.false for truth in truths])
    return Truth(true=true, false=false, broken=_broken_operands(truths, true | false))


def negated(truth: Truth) -> Truth:
    """
    Return where a condition is false.
    """
    return Truth(true=truth.false, false=truth.true, broken=truth.broken)


def selected(select: Selection, count: int, scores: Sequence[Reading]) -> Choice:
    """
    Give the `count` best candidates equal shares; candidates of a short history are left out.

    Unknown where a score is broken, and where no candidate is left.
    """
    scale = 10.0**SCORE_DECIMALS
    # The best has the largest key; one that is left out has none, and reaches no bar.
    keys = np.array([score.values for score in scores])
    keys *= scale if select == "top" else -scale
    np.rint(keys, out=keys)
    bar = np.fmax(_bar(keys, count), _LOWEST)
    members: Flags = keys >= bar
    held = _counted(members)
    crowded = np.flatnonzero(held > count)
    if len(crowded):
        members[:, crowded] = _first_of_equals(keys[:, crowded], bar[crowded], count)
        held[crowded] = count
    broken = None
    for score in scores:
        broken = either(broken, score.broken)
    unknown: Flags = held == 0
    if broken is not None:
        unknown |= broken
        members &= ~unknown
    return Choice(members=members, portions=1.0 / np.maximum(held, 1), unknown=somewhere(unknown), broken=broken)


def inverse_volatility(volatilities: Sequence[Reading]) -> Choice:
    """
    Give every child a share in proportion to 1 / volatility.

    Unknown where a volatility is unknown, and where one cannot be told from zero.
    """
    values = np.array([volatility.values for volatility in volatilities])
    is_flat = np.logical_or.reduce(values <= TOLERANCE)
    unknown = np.logical_or.reduce(np.isnan(values)) | is_flat
    broken = somewhere(is_flat)
    for volatility in volatilities:
        broken = either(broken, volatility.broken)
    # The stack is ours: what is unknown becomes 1 to be divided by, and nothing in the end.
    values[:, unknown] = 1.0
    shares = np.divide(1.0, values, out=values)
    shares /= np.add.reduce(shares, axis=0)
    members = np.broadcast_to(~unknown, shares.shape)
    return Choice(members=members, portions=shares, unknown=somewhere(unknown), broken=broken)


def _bar(keys: Series, count: int) -> Series | float:
    # The key of the last one that is taken; NaN, or too low a number, where there are not so many.
    if count >= len(keys):
        return _LOWEST
    if count > _FEW:
        bar: Series = np.partition(np.fmax(keys, -np.inf), len(keys) - count, axis=0)[len(keys) - count]
        return bar
    best: list[Series] = []
    for key in keys:
        beaten = key
        for place, held in enumerate(best):
            # Where one of the two is left out, the other is the larger, and the smaller is left out.
            best[place] = np.fmax(held, beaten)
            if place + 1 < count:
                beaten = np.minimum(held, beaten)
        if len(best) < count:
            best.append(beaten)
    return best[-1]


def _counted(members: Flags) -> NDArray[np.signedinteger[Any]]:
    counted = np.int8 if len(members) <= np.iinfo(np.int8).max else np.int32
    held: NDArray[np.signedinteger[Any]] = np.add.reduce(members.view(np.int8), axis=0, dtype=counted)
    return held


def _first_of_equals(keys: Series, bar: Series, count: int) -> Flags:
    # Sessions on which more than `count` reach the bar: those above it, then those on it in source order.
    above, equal = keys > bar, keys == bar
    room = count - np.add.reduce(above, axis=0)
    members: Flags = above | (equal & (np.add.accumulate(equal, axis=0, dtype=np.int64) <= room))
    return members


def _broken_operands(truths: Sequence[Truth], known: Flags) -> Flags | None:
    broken = None
    for truth in truths:
        broken = either(broken, truth.broken)
    return None if broken is None else somewhere(broken & ~known)
