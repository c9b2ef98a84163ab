"""
What the account is at an instant: cash, buying power, positions, and what may be traded how.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alchemiser.domain.values import Money, Quantity, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    Shares held; `available` is what open sell orders have not reserved.
    """

    symbol: Symbol
    quantity: Quantity
    available: Quantity

    def __post_init__(self) -> None:
        if self.quantity.value < 0:
            raise ValueError(f"{self.symbol}: short positions are not traded, found {self.quantity}")
        if not 0 <= self.available.value <= self.quantity.value:
            raise ValueError(f"{self.symbol}: available {self.available} of {self.quantity} held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    One snapshot of the broker's account; `blocked` names why it may not trade, empty when it may.
    """

    id: str
    at: datetime
    equity: Money
    cash: Money
    buying_power: Money
    positions: tuple[Position, ...]
    blocked: str = ""

    def held(self) -> Mapping[Symbol, Position]:
        """
        Return the positions by symbol.
        """
        return {position.symbol: position for position in self.positions}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """
    What the broker allows in a symbol; `barred` says why it is not to be traded now all the same, empty when it may.
    """

    symbol: Symbol
    is_tradable: bool
    is_fractionable: bool
    barred: str = ""
