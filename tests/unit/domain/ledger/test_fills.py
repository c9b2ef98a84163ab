"""
From what orders show to ledger entries.
"""

from decimal import Decimal

import pytest

from alchemiser.domain.execution.order import Closed, Intent, Open, OrderStatus, Trade
from alchemiser.domain.ledger.book import LedgerEntry, cash_change
from alchemiser.domain.ledger.fills import new_fills
from alchemiser.domain.values import Money, Price, price, shares, usd
from support.builders import DAY, START, a_body, a_trade, an_intent


def working(filled: str, average: str) -> Intent:
    state = Open(
        order_id="order-1",
        submitted_at=START,
        filled=shares(filled),
        average=price(average) if filled != "0" else None,
    )
    return an_intent(a_body(), state=state)


def closed(filled: str, average: Price) -> Intent:
    state = Closed(
        order_id="order-1", status=OrderStatus.CANCELED, filled=shares(filled), average=average, closed_at=START
    )
    return an_intent(a_body(), state=state)


def trade(*intents: Intent) -> Trade:
    return a_trade(intents=intents)


def test_first_fill_is_an_entry() -> None:
    """
    An entry carries the order, its cumulative quantity, the price and the arrival.
    """
    entries = new_fills(trade(working("0", "0")), trade(working("4", "100.05")), session=DAY, seen_at=START)

    assert [("order-1", shares("4"), shares("4"), price("100.05"), price("100"))] == [
        (entry.order_id, entry.cumulative, entry.quantity, entry.price, entry.arrival) for entry in entries
    ]


def test_price_of_further_shares_follows_from_the_averages() -> None:
    """
    Four shares at 100.05 and an average of 100.08 over ten make six at 100.10.
    """
    entries = new_fills(trade(working("4", "100.05")), trade(closed("10", price("100.08"))), session=DAY, seen_at=START)

    assert [(shares("10"), shares("6"), price("100.10"))] == [
        (entry.cumulative, entry.quantity, entry.price) for entry in entries
    ]


def test_nothing_new_makes_no_entry() -> None:
    """
    Seeing the same again adds nothing.
    """
    seen = trade(working("4", "100.05"))

    assert () == new_fills(seen, seen, session=DAY, seen_at=START)


def test_order_of_a_new_attempt_starts_from_zero() -> None:
    """
    An order that filled before it was first looked at is an entry in full.
    """
    entries = new_fills(trade(), trade(closed("10", price("100.05"))), session=DAY, seen_at=START)

    assert [shares("10")] == [entry.quantity for entry in entries]


@pytest.mark.parametrize("thirds", [("1", "1", "1"), ("0.333333333", "2.000000001", "0.666666667")])
def test_cost_is_exact_although_averages_are_not(thirds: tuple[str, ...]) -> None:
    """
    Three parts at three prices, seen one by one through rounded averages, cost what they cost.
    """
    prices = ("100.01", "99.9973", "100.02")
    cost, quantity, seen = Decimal(0), Decimal(0), trade(working("0", "0"))
    entries: list[LedgerEntry] = []
    for part, paid in zip(thirds, prices, strict=True):
        cost += Decimal(part) * Decimal(paid)
        quantity += Decimal(part)
        now = trade(closed(str(quantity), Price(cost / quantity)))
        entries += new_fills(seen, now, session=DAY, seen_at=START)
        seen = now

    assert Money(-cost) == cash_change(entries)
    assert usd("0") < Money(cost)


def test_parts_seen_at_once_cost_the_same() -> None:
    """
    One look over three prices books their exact cost too.
    """
    cost = Decimal("100.01") + Decimal("100.02") + Decimal("100.04")

    entries = new_fills(trade(), trade(closed("3", Price(cost / 3))), session=DAY, seen_at=START)

    assert Money(-cost) == cash_change(entries)
