"""
How numbers decide: comparisons, connectives, selections, inverse volatility; for all sessions at once.

Two numbers closer than `TOLERANCE` of the larger one (of 1, when both are smaller) are equal: see docs/adr/0003. A
score is rounded to 12 decimals before it is ranked, and equal scores rank in source order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from alchemiser.domain.market import Series
from alchemiser.domain.strategy.ast import Comparison, Selection
from alchemiser.domain.strategy.series import Flags, Reading, Truth, either, somewhere

TOLERANCE = 1e-10
SCORE_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """
    The shares a filter or an inverse-volatility weighting gives.

    Args:
        shares: shape (children, T), 0 for what is not held and throughout unknown sessions.
        unknown: sessions without a decision.
        broken: those of them that time does not cure.
    """

    shares: Series
    unknown: Flags | None
    broken: Flags | None


def compared(operator: Comparison, left: Reading, right: Reading) -> Truth:
    """
    Compare two readings; unknown where a side is.
    """
    apart = left.values - right.values
    band = np.maximum(np.maximum(np.abs(left.values), np.abs(right.values)), 1.0)
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
    values = np.round(np.stack([score.values for score in scores]), SCORE_DECIMALS)
    is_left = ~np.isnan(values)
    keys = np.where(is_left, values if select == "top" else -values, -np.inf)
    counted = np.int8 if len(scores) <= np.iinfo(np.int8).max else np.int32
    beaten_by = np.zeros(values.shape, dtype=counted)
    for first in range(len(scores) - 1):
        # A candidate holds its place against every later one that scores no better.
        holds = keys[first] >= keys[first + 1 :]
        beaten_by[first + 1 :] += holds
        beaten_by[first] += len(holds) - np.add.reduce(holds, axis=0, dtype=counted)
    members = is_left & (beaten_by < count)
    broken = None
    for score in scores:
        broken = either(broken, score.broken)
    unknown = ~np.logical_or.reduce(is_left)
    if broken is not None:
        unknown |= broken
    members &= ~unknown
    shares = members / np.maximum(np.add.reduce(members, axis=0, dtype=np.int32), 1)
    return Choice(shares=shares, unknown=somewhere(unknown), broken=broken)


def inverse_volatility(volatilities: Sequence[Reading]) -> Choice:
    """
    Give every child a share in proportion to 1 / volatility.

    Unknown where a volatility is unknown, and where one cannot be told from zero.
    """
    values = np.stack([volatility.values for volatility in volatilities])
    is_flat = np.logical_or.reduce(values <= TOLERANCE)
    unknown = np.logical_or.reduce(np.isnan(values)) | is_flat
    broken = somewhere(is_flat)
    for volatility in volatilities:
        broken = either(broken, volatility.broken)
    # The stack is ours: what is unknown becomes 1 to be divided by, and nothing in the end.
    values[:, unknown] = 1.0
    shares = np.divide(1.0, values, out=values)
    shares /= np.add.reduce(shares, axis=0)
    shares[:, unknown] = 0.0
    return Choice(shares=shares, unknown=somewhere(unknown), broken=broken)


def _broken_operands(truths: Sequence[Truth], known: Flags) -> Flags | None:
    broken = None
    for truth in truths:
        broken = either(broken, truth.broken)
    return None if broken is None else somewhere(broken & ~known)
