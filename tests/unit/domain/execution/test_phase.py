"""
What each trade of a phase may trade.
"""

from datetime import timedelta

import pytest

from alchemiser.domain.execution.order import Trade, TradeStatus
from alchemiser.domain.execution.phase import authorise_buys, authorise_sells, trades_of
from alchemiser.domain.execution.policy import Deadlines, WalkPolicy, deadlines
from alchemiser.domain.values import Side, shares
from support.builders import CLOSE, START, a_plan, a_position, a_session, a_trade, after, an_account

POLICY = WalkPolicy()


def allowed(trades: tuple[Trade, ...]) -> list[tuple[str, TradeStatus, str]]:
    return [(str(trade.authorised), trade.status, trade.reason) for trade in trades]


def test_each_line_that_trades_is_one_trade() -> None:
    """
    Sells come first; holds make none; nothing is authorised yet.
    """
    account = an_account(a_position("TLT", "5"), a_position("BIL", "4"), cash="100", equity="1000")
    made = a_plan({"SPY": "0.6", "BIL": "0.4"}, account, {"SPY": "100", "TLT": "100", "BIL": "100"})

    trades = trades_of(made)

    assert [("TLT", Side.SELL, True), ("SPY", Side.BUY, False)] == [
        (trade.symbol, trade.side, trade.full_exit) for trade in trades
    ]
    assert [None, None] == [trade.authorised for trade in trades]


def test_sells_are_allowed_what_is_available() -> None:
    """
    Never more than planned, never more than may be sold; none at all skips the trade.
    """
    sells = [a_trade(name, Side.SELL, "10", authorised=None, due_at=None) for name in ("AAA", "BBB", "CCC")]
    account = an_account(a_position("AAA", "12"), a_position("BBB", "12", available="7.5"))

    found = authorise_sells(sells, account, now=START)

    assert [
        ("10", TradeStatus.OPEN, ""),
        ("7.5", TradeStatus.OPEN, ""),
        ("0", TradeStatus.SKIPPED, "too few shares are available"),
    ] == allowed(found)
    assert [START, START, None] == [trade.due_at for trade in found]


def test_buys_are_allowed_as_planned_when_the_money_is_there() -> None:
    """
    With half a percent to spare nothing shrinks.
    """
    buys = [a_trade(authorised=None), a_trade("TLT", authorised=None)]

    found = authorise_buys(buys, an_account(cash="2011"), policy=POLICY, now=START)

    assert [("10", TradeStatus.OPEN, "")] * 2 == allowed(found)


def test_buys_shrink_by_one_factor() -> None:
    """
    With half the money, each buy is allowed half, less the reserve, rounded down.
    """
    buys = [a_trade(authorised=None), a_trade("TLT", planned="30", authorised=None, whole=True)]

    found = authorise_buys(buys, an_account(cash="2000"), policy=POLICY, now=START)

    assert [("4.975000000", TradeStatus.OPEN, ""), ("14", TradeStatus.OPEN, "")] == allowed(found)


def test_buying_power_bounds_the_buys_too() -> None:
    """
    The smaller of cash and buying power counts.
    """
    found = authorise_buys(
        [a_trade(authorised=None)], an_account(cash="2000", buying_power="500"), policy=POLICY, now=START
    )

    assert [("4.975000000", TradeStatus.OPEN, "")] == allowed(found)


@pytest.mark.parametrize(
    ("cash", "whole", "reason"),
    [
        pytest.param("0", False, "too little money after the sells", id="no money"),
        pytest.param("-5", False, "too little money after the sells", id="debts"),
        pytest.param("99", True, "too little money after the sells", id="not one share"),
        pytest.param("0.90", False, "min_notional", id="less than a dollar"),
    ],
)
def test_buys_without_money_are_skipped(cash: str, whole: bool, reason: str) -> None:
    """
    A buy that would shrink to nothing ends with the reason.
    """
    found = authorise_buys(
        [a_trade(authorised=None, whole=whole)], an_account(cash=cash, equity="1000"), policy=POLICY, now=START
    )

    assert [("0", TradeStatus.SKIPPED, reason)] == allowed(found)


def test_authority_is_given_once() -> None:
    """
    Trades that were authorised, or have ended, stay as they are.
    """
    trades = [a_trade(authorised="3"), a_trade("TLT", status=TradeStatus.FAILED, authorised=None)]
    account = an_account(cash="100000")

    assert tuple(trades) == authorise_buys(trades, account, policy=POLICY, now=after(60))
    assert tuple(trades) == authorise_sells(trades, account, now=after(60))


def test_sells_have_half_the_time() -> None:
    """
    From 15 minutes before the close, sells end after six minutes and buys three minutes before the close.
    """
    sells, buys = (deadlines(side, session=a_session(), started_at=START) for side in (Side.SELL, Side.BUY))

    assert (after(360), after(360)) == (sells.last_send, sells.cancel_at)
    assert (after(720), after(810)) == (buys.last_send, buys.cancel_at)
    assert (after(540), buys.give_up_at) == (sells.look_until, buys.look_until)
    assert CLOSE + timedelta(minutes=2) == sells.give_up_at == buys.give_up_at


def test_late_start_leaves_no_time_for_sells() -> None:
    """
    A run that starts after the last sending has its deadline behind it.
    """
    late = deadlines(Side.SELL, session=a_session(), started_at=CLOSE - timedelta(minutes=1))

    assert after(720) == late.last_send


@pytest.mark.parametrize("order", [(2, 1, 3, 4), (1, 3, 2, 4), (1, 2, 4, 3), (1, 2, 2, 2)])
def test_deadlines_stand_in_order(order: tuple[int, int, int, int]) -> None:
    """
    Deadlines in another order are a mistake of the caller.
    """
    instants = list(map(after, order))

    with pytest.raises(ValueError, match="expected deadlines in order"):
        Deadlines(last_send=instants[0], cancel_at=instants[1], look_until=instants[2], give_up_at=instants[3])


def test_shares_of_a_short_budget_never_exceed_it() -> None:
    """
    Thirds of a budget are rounded down to nine decimals.
    """
    buys = [a_trade(name, planned="1", authorised=None) for name in ("AAA", "BBB", "CCC")]

    found = authorise_buys(buys, an_account(cash="100"), policy=POLICY, now=START)

    assert {shares("0.331666666")} == {trade.authorised for trade in found}


def test_a_share_of_the_money_worth_exactly_a_dollar_is_allowed() -> None:
    """
    It is the smallest order the broker takes.
    """
    found = authorise_buys(
        [a_trade(planned="0.02", authorised=None)], an_account(cash="1.0050251257"), policy=POLICY, now=START
    )

    assert [("0.010000000", TradeStatus.OPEN, "")] == allowed(found)
