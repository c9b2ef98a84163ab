"""
A condition close to its threshold, as it is recorded.
"""

from dataclasses import dataclass
from decimal import Decimal

from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """
    A condition that one symbol's close would have turned over.

    Args:
        node: the condition's canonical text.
        path: where it stands, from the strategy's name down.
        outcome: what it answered, `true` or `false`.
        symbol: whose close moves.
        move_pct: by how much, in percent of the close, four decimals, rounded away from zero.
        close: the close that move leads to, six decimals.
    """

    node: str
    path: str
    outcome: str
    symbol: Symbol
    move_pct: Decimal
    close: Decimal
