"""
When a strategy is brought back to its target, and what it holds until then.

The state is the last accepted target and the session it was accepted on; everything else follows from closes.

1. without an accepted target it is due;
2. by a frequency: due on the first session of every period, or the first one after it that is run;
3. by a corridor: due when what it would hold are other symbols, or a weight has drifted by more than the width;
4. otherwise it holds what the market made of the accepted target.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

import numpy as np

from alchemiser.domain.strategy.ast import Corridor, Frequency, Periodic, Rebalance
from alchemiser.domain.strategy.signal import from_row
from alchemiser.domain.values import Symbol, Weights

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """
    The target a strategy was last brought to, and the session that was traded on.
    """

    session: date
    weights: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """
    A target that is held on to, and what the strategy would want instead were it due.
    """

    accepted: Accepted
    wanted: Weights


def drifted(weights: Weights, growth: Mapping[Symbol, float]) -> Weights:
    """
    Return what weights become when every holding grows and cash does not.

    Args:
        weights: fractions above zero by symbol; what they leave of 1 is cash.
        growth: of every held symbol, its last close over the one it was accepted at, above zero.

    Returns:
        As `from_row`: six decimals, their sum rounded once.

    Raises:
        ValueError: a symbol's growth is missing, not finite, or not above zero.
    """
    symbols = sorted(weights)
    wrong = [symbol for symbol in symbols if not 0.0 < growth.get(symbol, 0.0) < float("inf")]
    if wrong:
        raise ValueError(f"expected a growth above zero of every holding, found none of {', '.join(wrong)}")
    values = np.array([float(weights[symbol]) * growth[symbol] for symbol in symbols])
    cash = float(1 - sum(weights.values(), _NOTHING))
    return from_row(symbols, values / (values.sum() + cash)) if symbols else {}


def is_due(rule: Rebalance, target: Weights, now: Weights, *, session: date, accepted: Accepted | None) -> bool:
    """
    Tell whether a strategy is brought to its target on a session.

    Args:
        rule: the strategy's.
        target: what it wants.
        now: what the market made of the accepted target.
        session: the one that is traded on.
        accepted: its state; None before its first session.

    Raises:
        ValueError: the session is not after the accepted one.
    """
    if accepted is None:
        return True
    if session <= accepted.session:
        raise ValueError(f"expected a session after {accepted.session}, found {session}")
    match rule:
        case Periodic(frequency=frequency):
            return period_of(session, frequency) != period_of(accepted.session, frequency)
        case Corridor(width=width):
            return set(target) != set(accepted.weights) or furthest(target, now) > width
        case _:
            assert_never(rule)


def period_of(day: date, frequency: Frequency) -> tuple[int, ...]:
    """
    Return the period a day is in; weeks begin on Monday. All days are in one period of `none`.
    """
    match frequency:
        case Frequency.DAILY:
            return (day.toordinal(),)
        case Frequency.WEEKLY:
            return day.isocalendar()[:2]
        case Frequency.MONTHLY:
            return (day.year, day.month)
        case Frequency.QUARTERLY:
            return (day.year, (day.month - 1) // 3)
        case Frequency.YEARLY:
            return (day.year,)
        case Frequency.NONE:
            return ()
        case _:
            assert_never(frequency)


def furthest(target: Weights, now: Weights) -> Decimal:
    """
    Return the largest absolute deviation of a weight from its target, that of cash included.
    """
    apart = [abs(target.get(symbol, _NOTHING) - now.get(symbol, _NOTHING)) for symbol in {*target, *now}]
    cash = abs(sum(target.values(), _NOTHING) - sum(now.values(), _NOTHING))
    return max([*apart, cash])
