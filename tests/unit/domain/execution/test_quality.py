"""
What execution cost.
"""

from datetime import timedelta
from decimal import Decimal

from alchemiser.domain.execution.order import Closed, Intent, Open, OrderStatus, Trade
from alchemiser.domain.execution.quality import Quality, quality
from alchemiser.domain.values import Side, price, shares, usd
from support.builders import START, a_body, a_trade, after, an_intent


def attempt(number: int, *, part: str, average: str, closed_s: float, side: Side = Side.BUY) -> Intent:
    state = Closed(
        order_id=f"order-{number}",
        status=OrderStatus.FILLED,
        filled=shares(part),
        average=price(average) if part != "0" else None,
        closed_at=after(closed_s),
    )
    return an_intent(a_body(side=side, attempt=number), attempt=number, rung=number - 1, state=state)


def test_quality_of_a_walked_buy() -> None:
    """
    Cost is measured against the middle at the first attempt, over all fills.
    """
    intents = (
        attempt(1, part="4", average="100.05", closed_s=31),
        attempt(2, part="0", average="0", closed_s=62),
        attempt(3, part="6", average="100.10", closed_s=75),
    )

    found = quality(a_trade(intents=intents))

    assert (
        Quality(
            filled=shares("10"),
            average=price("100.08"),
            slippage_bps=Decimal(8),
            slippage=usd("0.80"),
            spread_bps=Decimal(20),
            rung=2,
            attempts=3,
            time_to_fill=timedelta(seconds=75),
        )
        == found
    )


def test_a_sell_above_the_middle_has_negative_cost() -> None:
    """
    Selling ten cents above arrival saved ten basis points.
    """
    trade: Trade = a_trade(
        side=Side.SELL, intents=(attempt(1, part="10", average="100.10", closed_s=1, side=Side.SELL),)
    )

    found = quality(trade)

    assert found is not None
    assert (Decimal(-10), usd("-1.00")) == (found.slippage_bps, found.slippage)


def test_nothing_filled_has_no_quality() -> None:
    """
    There is no cost where nothing was traded.
    """
    assert quality(a_trade(intents=(attempt(1, part="0", average="0", closed_s=30),))) is None


def test_working_order_has_no_time_to_fill_yet() -> None:
    """
    The time is known when the last order that filled is closed.
    """
    state = Open(order_id="o", submitted_at=START, filled=shares("1"), average=price("100.05"))

    found = quality(a_trade(intents=(an_intent(a_body(), state=state),)))

    assert found is not None
    assert found.time_to_fill is None
