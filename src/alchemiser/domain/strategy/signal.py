"""
What a strategy says about one session: exact weights, and the decisions that led to them.

`from_row` is the only place where a float becomes a Decimal weight:

1. cut every weight down to whole millionths;
2. count the millionths the whole row has, rounded;
3. hand out what the cut lost, one millionth each, to the largest remainders; ties go to symbol order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol, Weights

_MILLION = 1_000_000
_MILLIONTH = Decimal("0.000001")
_NOISE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    What a candidate of a filter scored, or how volatile a child is, and the share it got.

    Args:
        candidate: the ticker or the group's name.
        value: the score, six decimals; None when its history is too short.
        share: its share of the parent, six decimals; 0 when it was not selected.
    """

    candidate: str
    value: Decimal | None
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    One thing that was decided on the way to the weights.

    Args:
        node: the canonical text of the condition, filter or weighting.
        path: where it stands, from the strategy's name down: `Nuclear > if > else > filter`.
        kind: what decided.
        outcome: `true` or `false`, or the names that were selected, comma separated.
        left: the left value of a comparison, six decimals.
        right: the right value.
        margin: left minus right.
        scores: every candidate, in source order.
        left_out: candidates whose history is too short for the window.
    """

    node: str
    path: str
    kind: Literal["condition", "filter", "inverse-volatility"]
    outcome: str
    left: Decimal | None = None
    right: Decimal | None = None
    margin: Decimal | None = None
    scores: tuple[Score, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """
    The portfolio a strategy wants after the close of a session.

    Args:
        strategy: its name.
        session: the session whose close is the last bar it has seen.
        weights: fractions above zero by symbol, ascending, six decimals; they sum to 1, or less with cash.
        decisions: in the order they were made.

    Raises:
        ValueError: a weight is not above zero, the sum is above 1, or symbols are not ascending.
    """

    strategy: str
    session: date
    weights: Weights
    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        for symbol, weight in self.weights.items():
            if weight <= 0:
                raise ValueError(f"expected weights above zero, found {weight} for {symbol}")
        if sum(self.weights.values()) > 1:
            raise ValueError(f"expected weights that sum to at most 1, found {sum(self.weights.values())}")
        if list(self.weights) != sorted(self.weights):
            raise ValueError(f"expected symbols in ascending order, found {list(self.weights)}")


def from_row(symbols: Sequence[Symbol], row: Series) -> Weights:
    """
    Return the exact weights of one session.

    Args:
        symbols: the row's names, length N, any order.
        row: float64 weights, shape (N,), none negative or NaN, sum at most 1.

    Returns:
        Weights above zero, ascending by symbol, each a multiple of 0.000001; their sum is the row's sum
        rounded to six decimals.

    Raises:
        ValueError: a weight is NaN or negative, or the sum is above 1.
    """
    parts = sorted(zip(symbols, (float(weight) for weight in row), strict=True))
    if any(not weight >= 0.0 for _, weight in parts):
        raise ValueError(f"expected weights of at least zero, found {parts}")
    whole = math.fsum(weight for _, weight in parts)
    if whole > 1.0 + _NOISE:
        raise ValueError(f"expected weights that sum to at most 1, found {whole}")
    units = [math.floor(weight * _MILLION) for _, weight in parts]
    # Remainders are rounded before they are ranked: float noise must not order weights that are equal.
    lost = [round(weight * _MILLION - unit, 3) for (_, weight), unit in zip(parts, units, strict=True)]
    for index in sorted(range(len(parts)), key=lambda i: -lost[i])[: round(whole * _MILLION) - sum(units)]:
        units[index] += 1
    return {symbol: unit * _MILLIONTH for (symbol, _), unit in zip(parts, units, strict=True) if unit > 0}
