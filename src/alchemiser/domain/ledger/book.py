"""
The ledger: one row for each fill that was seen, and what the rows add up to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from alchemiser.domain.values import Money, Price, Quantity, Side, Symbol

# Ticks have four decimals and quantities nine: every true cost is a multiple of their product.
FINEST_COST = Decimal("1e-13")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """
    Shares that changed hands, known by the order and its cumulative filled quantity after them.

    Args:
        cumulative: the order's filled quantity including these shares; with `order_id` the key of the row.
        quantity: these shares, above zero.
        price: the price of these shares.
        arrival: the middle of the market when the trade began, for slippage.
    """

    order_id: str
    cumulative: Quantity
    run_id: str
    trade_id: str
    client_order_id: str
    session: date
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    arrival: Price
    rung: int
    seen_at: datetime

    def __post_init__(self) -> None:
        if self.quantity.value <= 0 or self.cumulative.value < self.quantity.value:
            raise ValueError(f"{self.order_id}: expected shares above zero, within {self.cumulative} in all")

    @property
    def change(self) -> Quantity:
        """
        Return the change of the position: positive for a buy.
        """
        return self.quantity if self.side is Side.BUY else -self.quantity

    @property
    def cash_change(self) -> Money:
        """
        Return the change of cash: negative for a buy.

        The price of shares that were bought at several is a quotient; its cost is exact in the finest unit
        there is.
        """
        amount = Money((self.price * self.quantity).value.quantize(FINEST_COST))
        return -amount if self.side is Side.BUY else amount

    @property
    def slippage_bps(self) -> Decimal:
        """
        Return what the fill cost against the arrival middle, in basis points; above zero is worse.
        """
        worse = self.price.value - self.arrival.value
        return (worse if self.side is Side.BUY else -worse) / self.arrival.value * 10_000


def positions(entries: Iterable[LedgerEntry]) -> Mapping[Symbol, Quantity]:
    """
    Return what the entries leave held, by symbol, without the symbols that were sold out.
    """
    held: dict[Symbol, Quantity] = {}
    for entry in entries:
        held[entry.symbol] = held.get(entry.symbol, Quantity(Decimal(0))) + entry.change
    return {symbol: quantity for symbol, quantity in sorted(held.items()) if quantity}


def cash_change(entries: Iterable[LedgerEntry]) -> Money:
    """
    Return what the entries did to cash.
    """
    return sum((entry.cash_change for entry in entries), Money(Decimal(0)))
