"""
A rebalance plan as a value: one line a symbol, with the snapshot it was made from and a hash of both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Money, Price, Quantity, Symbol


class Action(StrEnum):
    """
    What a plan does with a symbol.
    """

    SELL = "sell"
    BUY = "buy"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """
    What a plan does with one symbol and why; `quantity` is zero for a HOLD, `reason` says why it holds or was reduced.
    """

    symbol: Symbol
    action: Action
    quantity: Quantity
    price: Price
    target_weight: Decimal
    target_value: Money
    current_quantity: Quantity
    current_value: Money
    full_exit: bool
    whole_shares: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How plans are sized.

    Args:
        deployment: the fraction of equity put to work, above 0 and at most 1.
        minimum_trade: smaller differences are held, in dollars.
        minimum_trade_fraction: smaller differences are held, as a fraction of equity.
        cash_buffer: the fraction of equity that buys leave as cash.
    """

    deployment: Decimal
    minimum_trade: Money
    minimum_trade_fraction: Decimal
    cash_buffer: Decimal

    def __post_init__(self) -> None:
        if not 0 < self.deployment <= 1:
            raise ValueError(f"deployment must be above 0 and at most 1, found {self.deployment}")
        if not 0 <= self.cash_buffer < 1:
            raise ValueError(f"cash_buffer must be at least 0 and below 1, found {self.cash_buffer}")
        if self.minimum_trade.value < 0 or not 0 <= self.minimum_trade_fraction < 1:
            raise ValueError("minimum trade must not be negative, its fraction below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    Everything a plan was computed from.
    """

    target: Target
    account: Account
    prices: Mapping[Symbol, Price]
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalancePlan:
    """
    Sells first, then buys, then holds, each by symbol. The hash is the SHA-256 of the snapshot and the lines.
    """

    run_id: str
    session: date
    made_at: datetime
    snapshot: Snapshot
    lines: tuple[PlanLine, ...]
    hash: str

    @property
    def sells(self) -> tuple[PlanLine, ...]:
        """
        Return the lines that sell.
        """
        return tuple(line for line in self.lines if line.action is Action.SELL)

    @property
    def buys(self) -> tuple[PlanLine, ...]:
        """
        Return the lines that buy.
        """
        return tuple(line for line in self.lines if line.action is Action.BUY)

    @property
    def is_empty(self) -> bool:
        """
        Tell whether nothing is to be traded.
        """
        return not self.sells and not self.buys
