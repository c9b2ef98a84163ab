"""
The merged target: every strategy's weights times its allocation, added up by symbol, with each one's contribution kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """
    What one strategy asks for in one symbol, as a fraction of the account.
    """

    strategy: str
    symbol: Symbol
    weight: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    The portfolio wanted after a session; what `weights` leave of 1 is cash. Contributions add up to it exactly.
    """

    session: date
    weights: Mapping[Symbol, Decimal]
    contributions: tuple[Contribution, ...]

    def __post_init__(self) -> None:
        totals: dict[Symbol, Decimal] = {}
        for contribution in self.contributions:
            totals[contribution.symbol] = totals.get(contribution.symbol, Decimal(0)) + contribution.weight
        if totals != dict(self.weights):
            raise ValueError("expected contributions that add up to the weights")
        if any(weight < 0 for weight in self.weights.values()):
            raise ValueError("expected no negative weight in a target")
        if sum(self.weights.values(), Decimal(0)) > 1:
            raise ValueError(f"expected weights that sum to at most 1, found {sum(self.weights.values())}")


def merge(votes: Sequence[tuple[Decimal, Signal]]) -> Target:
    """
    Merge the signals of one session, each with its allocation; the order of the votes does not matter.

    Products and sums are exact: an allocation of up to twelve decimals times a weight of six has eighteen, and
    what adds up to at most 1 keeps them within the 28 digits of decimal arithmetic.

    Raises:
        ValueError: no votes, signals of different sessions, a strategy twice, or allocations that do not sum to 1.
    """
    if not votes:
        raise ValueError("expected at least one signal to merge")
    sessions = {signal.session for _, signal in votes}
    if len(sessions) != 1:
        raise ValueError(f"expected signals of one session, found {sorted(map(str, sessions))}")
    names = [signal.strategy for _, signal in votes]
    if len(set(names)) != len(names):
        raise ValueError(f"expected each strategy once, found {sorted(names)}")
    total = sum((allocation for allocation, _ in votes), Decimal(0))
    if total != 1 or any(allocation <= 0 for allocation, _ in votes):
        raise ValueError(f"expected allocations above zero that sum to exactly 1, found a sum of {total}")
    contributions = tuple(
        Contribution(strategy=signal.strategy, symbol=symbol, weight=allocation * weight)
        for allocation, signal in sorted(votes, key=lambda vote: vote[1].strategy)
        for symbol, weight in sorted(signal.weights.items())
        if weight
    )
    weights: dict[Symbol, Decimal] = {}
    for contribution in contributions:
        weights[contribution.symbol] = weights.get(contribution.symbol, Decimal(0)) + contribution.weight
    return Target(session=sessions.pop(), weights=dict(sorted(weights.items())), contributions=contributions)
