"""
What ledger entries add up to.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from alchemiser.domain.ledger.book import cash_change, positions
from alchemiser.domain.values import Side, Symbol, price, shares, usd
from support.records import a_fill


def test_positions_are_what_was_bought_less_what_was_sold() -> None:
    """
    Symbols that were sold out are gone.
    """
    entries = [a_fill(), a_fill(symbol="TLT"), a_fill(symbol="TLT", side=Side.SELL), a_fill("2", "2", attempt=2)]

    assert {Symbol("SPY"): shares("7")} == positions(entries)


def test_cash_falls_with_buys_and_rises_with_sells() -> None:
    """
    Each entry moves its shares times its price.
    """
    bought, sold = a_fill(), replace(a_fill(symbol="TLT", side=Side.SELL), price=price("50"))

    assert usd("-500.50") == bought.cash_change
    assert usd("-250.50") == cash_change([bought, sold])


@pytest.mark.parametrize(("side", "slippage_bps"), [(Side.BUY, Decimal(10)), (Side.SELL, Decimal(-10))])
def test_slippage_is_cost_against_arrival(side: Side, slippage_bps: Decimal) -> None:
    """
    Above the arrival middle a buy costs and a sell gains.
    """
    entry = replace(a_fill(side=side), price=price("100.10"), arrival=price("100"))

    assert slippage_bps == entry.slippage_bps


@pytest.mark.parametrize(("cumulative", "quantity"), [("5", "0"), ("5", "-1"), ("4", "5")])
def test_impossible_entries_are_refused(cumulative: str, quantity: str) -> None:
    """
    An entry has shares, and no more than its order filled in all.
    """
    with pytest.raises(ValueError, match="expected shares above zero"):
        a_fill(cumulative, quantity)
