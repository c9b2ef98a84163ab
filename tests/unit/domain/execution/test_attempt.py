"""
What the next attempt of a trade asks for, to the cent and the share.
"""

from dataclasses import replace

import pytest

from alchemiser.domain.execution.order import Closed, Intent, OrderStatus, RejectionCause, Trade, TradeStatus
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.execution.step import Seen, Step, Submit
from alchemiser.domain.execution.walk import advance
from alchemiser.domain.values import Side, price, shares
from support.builders import CLOSE, START, a_body, a_look, a_quote, a_trade, after, an_intent

AT_A_HUNDRED = a_quote(bid="100", ask="100")
LAST_SEND = CLOSE.replace(hour=19, minute=57)


def step(trade: Trade, seen: Seen) -> Step:
    return advance(trade, seen, WalkPolicy())


def ended_as(
    status: OrderStatus,
    *,
    attempt: int = 1,
    part: str = "0",
    reason: str = "",
    cause: RejectionCause = RejectionCause.OTHER,
) -> Intent:
    state = Closed(
        order_id=f"order-{attempt}",
        status=status,
        filled=shares(part),
        average=price("100") if part != "0" else None,
        closed_at=START,
        reason=reason,
        cause=cause,
    )
    return an_intent(a_body(attempt=attempt), attempt=attempt, state=state)


def test_attempts_are_numbered_and_say_what_they_were_priced_on() -> None:
    """
    The intent carries its number, its instant and its quote; the trade keeps the market it arrived at.
    """
    trade = replace(
        a_trade(intents=(ended_as(OrderStatus.CANCELED, part="3.5"),)), arrival=price("99"), reason="one too many"
    )
    quote = a_quote(bid="100.10", ask="100.30", at=after(40))

    found = step(trade, a_look(now=after(40), quote=quote)).trade

    latest = found.intents[-1]
    assert (2, 1, a_body(attempt=2).client_order_id) == (latest.attempt, latest.rung, latest.body.client_order_id)
    assert (price("100.10"), price("100.30"), after(40)) == (latest.bid, latest.ask, latest.created_at)
    assert (trade.id, "SPY", Side.BUY) == (latest.trade_id, latest.body.symbol, latest.body.side)
    assert (price("99"), "", after(40)) == (found.arrival, found.reason, found.due_at)


def test_a_trade_that_is_filled_ends_without_a_reason() -> None:
    """
    There is nothing to say of what went as planned.
    """
    found = step(a_trade(intents=(ended_as(OrderStatus.FILLED, part="10"),)), a_look())

    assert (TradeStatus.DONE, "", None) == (found.trade.status, found.trade.reason, found.trade.due_at)


def test_a_rejection_after_an_order_that_rested_fails_the_trade() -> None:
    """
    The latest order decides, and a broker that gives no reason is quoted as giving none.
    """
    rested, refusal = ended_as(OrderStatus.CANCELED), ended_as(OrderStatus.REJECTED, attempt=2)

    found = step(a_trade(intents=(rested, refusal)), a_look())

    assert (TradeStatus.FAILED, "rejected by the broker without a reason") == (found.trade.status, found.trade.reason)


def test_two_different_rejections_are_mended_one_after_the_other() -> None:
    """
    Whole shares first, then fewer of them; each is mended once.
    """
    fractions = ended_as(OrderStatus.REJECTED, cause=RejectionCause.FRACTIONS)
    money = ended_as(OrderStatus.REJECTED, attempt=2, cause=RejectionCause.BUYING_POWER)
    again = ended_as(OrderStatus.REJECTED, attempt=2, cause=RejectionCause.FRACTIONS, reason="still no fractions")

    both, twice = (step(a_trade(planned="10.7", intents=(fractions, later)), a_look()) for later in (money, again))

    assert isinstance(both.action, Submit)
    assert shares("9") == both.action.body.quantity
    assert (TradeStatus.FAILED, "still no fractions") == (twice.trade.status, twice.trade.reason)


def test_a_full_exit_without_fractions_sells_the_whole_shares() -> None:
    """
    Where the broker takes no fractions the exit is no longer to the last digit.
    """
    refusal = ended_as(OrderStatus.REJECTED, cause=RejectionCause.FRACTIONS)

    found = step(a_trade(side=Side.SELL, planned="10.7", full_exit=True, intents=(refusal,)), a_look(available="10.7"))

    assert isinstance(found.action, Submit)
    assert shares("10") == found.action.body.quantity


@pytest.mark.parametrize("planned", ["10", "0.000000007"])
def test_a_full_exit_of_nothing_sends_nothing(planned: str) -> None:
    """
    Shares that are gone are not sold, however few they were.
    """
    found = step(a_trade(side=Side.SELL, planned=planned, full_exit=True), a_look(available="0"))

    assert (TradeStatus.SKIPPED, "too few shares are available", None) == (
        found.trade.status,
        found.trade.reason,
        found.action,
    )


def test_an_order_of_exactly_a_dollar_is_sent() -> None:
    """
    The smallest order the broker takes.
    """
    found = step(a_trade(planned="0.01"), a_look(quote=AT_A_HUNDRED))

    assert isinstance(found.action, Submit)
    assert shares("0.01") == found.action.body.quantity


@pytest.mark.parametrize("spendable", ["0.99", "0", "-5"])
def test_a_dollar_of_shares_without_a_dollar_is_not_sent(spendable: str) -> None:
    """
    It is the money that is missing, not the size: so the trade says; nothing is bought for nothing.
    """
    found = step(a_trade(planned="0.01"), a_look(quote=AT_A_HUNDRED, spendable=spendable))

    assert (TradeStatus.SKIPPED, "too little buying power", None) == (
        found.trade.status,
        found.trade.reason,
        found.action,
    )


def test_one_whole_share_is_sent() -> None:
    """
    Down to the last share that is left and can be paid.
    """
    found = step(a_trade(planned="1", whole=True), a_look(quote=AT_A_HUNDRED, spendable="100"))

    assert isinstance(found.action, Submit)
    assert shares("1") == found.action.body.quantity


def test_a_fraction_that_is_left_of_whole_shares_is_dust_or_a_rest() -> None:
    """
    Less than a share where there are no fractions leaves the trade incomplete, less than a dollar is done.
    """
    part = ended_as(OrderStatus.CANCELED, part="9")
    rest, dust = (step(a_trade(planned=planned, whole=True, intents=(part,)), a_look()) for planned in ("9.5", "9.001"))

    assert (TradeStatus.INCOMPLETE, "rounds to zero shares") == (rest.trade.status, rest.trade.reason)
    assert (TradeStatus.DONE, "dust is left") == (dust.trade.status, dust.trade.reason)


def test_waiting_for_a_quote_ends_with_the_sending() -> None:
    """
    The next look is never after the last instant for sending; the trade counts what it waited.
    """
    late = a_trade(due_at=None)
    quote = a_quote(bid="0", ask="0")

    early = step(late, a_look(quote=quote)).trade
    last = step(late, a_look(quote=quote, now=LAST_SEND.replace(minute=56, second=59))).trade

    assert (after(2), 1) == (early.due_at, early.quote_waits)
    assert (LAST_SEND, 1) == (last.due_at, last.quote_waits)


def test_the_eighth_attempt_is_made() -> None:
    """
    After seven that rested the last rung is tried once more.
    """
    rested = tuple(ended_as(OrderStatus.CANCELED, attempt=number) for number in range(1, 8))

    found = step(a_trade(intents=rested), a_look())

    assert isinstance(found.action, Submit)
    assert (8, 3) == (found.trade.intents[-1].attempt, found.trade.intents[-1].rung)


@pytest.mark.parametrize(("held_for", "reason"), [("", "deadline"), ("gross exposure", "deadline; gross exposure")])
def test_the_deadline_says_what_was_waited_for(held_for: str, reason: str) -> None:
    """
    A trade that a rail held back until the end names the rail.
    """
    found = step(replace(a_trade(), reason=held_for), a_look(now=LAST_SEND))

    assert (TradeStatus.INCOMPLETE, reason) == (found.trade.status, found.trade.reason)


def test_what_was_bought_after_a_refusal_counts_against_the_reduced_quantity() -> None:
    """
    Of ten shares nine and a half may be bought; what a later order filled is taken off, what an earlier one did is not.
    """
    earlier = ended_as(OrderStatus.CANCELED, part="2")
    refusal = ended_as(OrderStatus.REJECTED, attempt=2, cause=RejectionCause.BUYING_POWER)
    later = ended_as(OrderStatus.CANCELED, attempt=3, part="1")
    trade = a_trade(planned="12", intents=(earlier, refusal, later))

    found = step(trade, a_look())

    assert isinstance(found.action, Submit)
    assert shares("8.5") == found.action.body.quantity
