"""
What a trade's execution cost: slippage against the market as it stood when the first attempt was priced.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from alchemiser.domain.execution.fills import filled, filled_by
from alchemiser.domain.execution.order import Closed, Trade
from alchemiser.domain.values import Money, Price, Quantity, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """
    How a trade that filled at least in part was executed.

    Args:
        filled: shares, above zero.
        average: their average price.
        slippage_bps: cost against the arrival middle, in basis points of it; above zero is worse.
        slippage: the same in dollars.
        spread_bps: the spread when the first attempt was priced, in basis points of the middle.
        rung: the highest rung that filled.
        attempts: orders that were sent.
        time_to_fill: from the first attempt to the end of the last order that filled; None while it rests.
    """

    filled: Quantity
    average: Price
    slippage_bps: Decimal
    slippage: Money
    spread_bps: Decimal
    rung: int
    attempts: int
    time_to_fill: timedelta | None


def quality(trade: Trade) -> Quality | None:
    """
    Measure a trade's execution; None when nothing filled.
    """
    shares = filled(trade)
    if not shares or trade.arrival is None:
        return None
    parts = [(intent, *filled_by(intent)) for intent in trade.intents]
    filling = [(intent, part, average) for intent, part, average in parts if part and average is not None]
    cost = sum((average * part for _, part, average in filling), Money(Decimal(0)))
    average = Price(cost.value / shares.value)
    worse = average.value - trade.arrival.value
    signed = worse if trade.side is Side.BUY else -worse
    first = trade.intents[0]
    middle = (first.bid.value + first.ask.value) / 2
    last = filling[-1][0].state
    return Quality(
        filled=shares,
        average=average,
        slippage_bps=signed / trade.arrival.value * 10_000,
        slippage=Money(signed * shares.value),
        spread_bps=(first.ask.value - first.bid.value) / middle * 10_000,
        rung=max(intent.rung for intent, _, _ in filling),
        attempts=len(trade.intents),
        time_to_fill=last.closed_at - first.created_at if isinstance(last, Closed) else None,
    )
