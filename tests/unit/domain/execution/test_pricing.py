"""
Which quotes are traded on, and where a limit stands.
"""

from decimal import Decimal

import pytest

from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.execution.pricing import limit_price, market_problem, quote_problem, rest
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Side, price
from support.builders import START, a_quote, a_trade, after

POLICY = WalkPolicy()


def problem(quote: Quote | None) -> str:
    return quote_problem(quote, a_trade(plan_price="100"), now=START, policy=POLICY)


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param(a_quote(), id="fresh and narrow"),
        pytest.param(a_quote(at=after(-15)), id="15 s old"),
        pytest.param(a_quote(bid="97.50", ask="102.50"), id="5 % wide"),
        pytest.param(a_quote(bid="105", ask="105"), id="5 % above the plan"),
        pytest.param(a_quote(bid="95", ask="95"), id="5 % below the plan"),
    ],
)
def test_quote_is_traded_on(quote: Quote) -> None:
    """
    A quote exactly at a limit is inside it.
    """
    assert "" == problem(quote)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        pytest.param(None, "no quote", id="none"),
        pytest.param(a_quote(at=after(-15.001)), "quote is 15 s old", id="old"),
        pytest.param(a_quote(bid="97.49", ask="102.51"), "spread is 5.02% of the middle", id="wide"),
        pytest.param(a_quote(bid="105.01", ask="105.01"), "5.01% away from the plan's 100", id="above the plan"),
        pytest.param(a_quote(bid="94.99", ask="94.99"), "5.01% away from the plan's 100", id="below the plan"),
        pytest.param(a_quote(bid="0", ask="100"), "are no market", id="no bid"),
        pytest.param(a_quote(bid="0", ask="0"), "are no market", id="nothing"),
        pytest.param(a_quote(bid="107", ask="0"), "are no market", id="no ask"),
        pytest.param(a_quote(bid="100.01", ask="100"), "are no market", id="crossed"),
        pytest.param(a_quote(bid="-1", ask="100"), "are no market", id="below zero"),
        pytest.param(a_quote(bid="100", ask="Infinity"), "are no market", id="endless ask"),
        pytest.param(a_quote(bid="NaN", ask="100"), "are no market", id="no number"),
    ],
)
def test_quote_is_not_traded_on(quote: Quote | None, found: str) -> None:
    """
    Beyond a limit the reason says what is wrong.
    """
    assert found in problem(quote)


def test_a_market_is_judged_without_a_plan() -> None:
    """
    Where there is no plan's price, a quote is a market or the reason says why not, and nothing else.
    """
    found = [market_problem(quote, now=START, policy=POLICY) for quote in (a_quote(bid="200", ask="200"), None)]

    assert ["", "no quote"] == found


def test_a_cheap_share_has_a_market() -> None:
    """
    A bid below a dollar is a bid.
    """
    quote = a_quote(bid="0.50", ask="0.51")

    assert "" == quote_problem(quote, a_trade(plan_price="0.5"), now=START, policy=POLICY)


@pytest.mark.parametrize(
    ("side", "bid", "ask", "limit"),
    [
        pytest.param(Side.BUY, "104.80", "104.90", "105.00", id="a buy never above"),
        pytest.param(Side.SELL, "95.10", "95.20", "95.00", id="a sell never below"),
    ],
)
def test_no_limit_leaves_the_collar(side: Side, bid: str, ask: str, limit: str) -> None:
    """
    The last rung would cross it, and stops at five percent from the plan's price.
    """
    found = limit_price(a_quote(bid=bid, ask=ask), side, rung=3, plan_price=price("100"), policy=POLICY)

    assert price(limit) == found


@pytest.mark.parametrize(
    ("rung", "side", "limit"),
    [
        pytest.param(0, Side.BUY, "90.30", id="75 %, down to the tick"),
        pytest.param(0, Side.SELL, "90.11", id="75 %, up to the tick"),
        pytest.param(2, Side.BUY, "90.38", id="95 %, down"),
        pytest.param(2, Side.SELL, "90.03", id="95 %, up"),
    ],
)
def test_a_limit_is_rounded_toward_passive(rung: int, side: Side, limit: str) -> None:
    """
    Forty-one cents of spread, of which the rung takes its part.
    """
    quote = a_quote(bid="90.00", ask="90.41")

    assert price(limit) == limit_price(quote, side, rung=rung, plan_price=price("90"), policy=POLICY)


@pytest.mark.parametrize(("rung", "seconds"), [(0, 30), (1, 30), (2, 30), (3, 60)])
def test_the_last_rung_rests_longer(rung: int, seconds: int) -> None:
    """
    Half a minute inside the spread, a minute beyond it.
    """
    assert after(seconds) == START + rest(rung, POLICY)


@pytest.mark.parametrize(("rung", "limit"), [(0, "100.75"), (1, "100.85"), (2, "100.95"), (3, "101.50")])
def test_each_rung_is_a_part_of_the_spread(rung: int, limit: str) -> None:
    """
    Of a dollar of spread to the cent; the last crosses by half a percent.
    """
    quote = a_quote(bid="100", ask="101")

    assert price(limit) == limit_price(quote, Side.BUY, rung=rung, plan_price=price("100"), policy=POLICY)


def test_the_rungs_are_fractions_of_the_spread() -> None:
    """
    A policy of one rung in the middle asks for the middle, then crosses.
    """
    policy = WalkPolicy(rungs=(Decimal("0.5"),))
    limits = [limit_price(a_quote(), Side.BUY, rung=rung, plan_price=price("100"), policy=policy) for rung in (0, 1)]

    assert [price("100.00"), price("100.60")] == limits
