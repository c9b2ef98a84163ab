"""
One step of a trade at a time.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Intent,
    IntentState,
    Open,
    OrderStatus,
    RejectionCause,
    Sent,
    Taken,
    Trade,
    TradeStatus,
    Unknown,
)
from alchemiser.domain.execution.policy import WalkPolicy, deadlines
from alchemiser.domain.execution.step import Cancel, Seen, Step, Submit
from alchemiser.domain.execution.walk import advance
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Side, price, shares
from support.builders import CLOSE, START, a_body, a_look, a_quote, a_session, a_trade, after, an_intent, an_order

BODY = a_body()
SELLS_END = deadlines(Side.SELL, session=a_session(), started_at=START)
LAST_SEND = CLOSE.replace(hour=19, minute=57)
CANCEL_AT = CLOSE.replace(hour=19, minute=58, second=30)


def step(trade: Trade, seen: Seen) -> Step:
    return advance(trade, seen, WalkPolicy())


def closed(
    status: OrderStatus = OrderStatus.CANCELED,
    *,
    attempt: int = 1,
    rung: int = 0,
    part: str = "0",
    reason: str = "",
    cause: RejectionCause = RejectionCause.OTHER,
) -> Intent:
    body = a_body(attempt=attempt)
    state = Closed(
        order_id=f"order-{attempt}",
        status=status,
        filled=shares(part),
        average=price("100.05") if part != "0" else None,
        closed_at=START,
        reason=reason,
        cause=cause,
    )
    return an_intent(body, attempt=attempt, rung=rung, state=state)


def resting(*, filled_: str = "0") -> Intent:
    state = Open(
        order_id="order-1",
        submitted_at=START,
        filled=shares(filled_),
        average=price("100.05") if filled_ != "0" else None,
    )
    return an_intent(BODY, state=state)


def canceling(*, asked_at: datetime) -> Intent:
    state = Canceling(order_id="order-1", submitted_at=START, asked_at=asked_at, filled=shares("0"), average=None)
    return an_intent(BODY, state=state)


def test_first_attempt_rests_at_three_quarters_of_the_spread() -> None:
    """
    The first order is for all that is authorised, under the trade's first id, and claimed as sent once.
    """
    found = step(a_trade(), a_look())

    assert Submit(body=BODY) == found.action
    assert Sent(posts=1, since=START) == found.trade.intents[0].state
    assert (price("100.00"), START) == (found.trade.arrival, found.trade.due_at)


@pytest.mark.parametrize(
    ("rested", "limit"),
    [
        pytest.param(0, "100.05", id="75 %"),
        pytest.param(1, "100.07", id="85 %"),
        pytest.param(2, "100.09", id="95 %"),
        pytest.param(3, "100.60", id="half a percent above the ask"),
        pytest.param(4, "100.60", id="again"),
    ],
)
def test_rungs_of_a_buy(rested: int, limit: str) -> None:
    """
    Each attempt that rested moves the next one a rung on; the last rung is repeated.
    """
    trade = a_trade(intents=tuple(closed(attempt=number, rung=number - 1) for number in range(1, rested + 1)))

    found = step(trade, a_look())

    assert isinstance(found.action, Submit)
    assert price(limit) == found.action.body.limit
    assert min(rested, 3) == found.trade.intents[-1].rung


@pytest.mark.parametrize(("rested", "limit"), [(0, "99.95"), (1, "99.93"), (2, "99.91"), (3, "99.41")])
def test_rungs_of_a_sell(rested: int, limit: str) -> None:
    """
    A sell walks down from the ask and rounds up, toward passive.
    """
    intents = tuple(closed(attempt=number, rung=number - 1) for number in range(1, rested + 1))

    found = step(a_trade(side=Side.SELL, intents=intents), a_look())

    assert isinstance(found.action, Submit)
    assert price(limit) == found.action.body.limit


def test_what_is_left_is_tried_next() -> None:
    """
    After a partial fill the next order asks for the rest under the next id.
    """
    found = step(a_trade(intents=(closed(part="3.5"),)), a_look())

    assert isinstance(found.action, Submit)
    assert (shares("6.5"), f"alc1-{found.trade.id}-a2") == (
        found.action.body.quantity,
        found.action.body.client_order_id,
    )


def test_filled_trade_is_done() -> None:
    """
    When the broker shows all shares filled, the trade ends.
    """
    order = an_order(BODY, OrderStatus.FILLED, filled="10")

    found = step(a_trade(intents=(resting(),)), a_look(order, now=after(2)))

    assert (TradeStatus.DONE, None, None) == (found.trade.status, found.trade.due_at, found.action)


def test_a_trade_is_looked_at_when_it_is_due() -> None:
    """
    Before its time nothing changes, whatever the broker shows.
    """
    trade = a_trade(intents=(resting(),), due_at=after(2))

    assert Step(trade=trade) == step(trade, a_look(an_order(BODY, OrderStatus.FILLED, filled="10"), now=after(1)))


def test_resting_order_is_looked_at_every_two_seconds() -> None:
    """
    Looks stand on a grid from the order's own instant, also after a late one.
    """
    trade = a_trade(intents=(resting(),))

    dues = [step(trade, a_look(an_order(BODY), now=after(at))).trade.due_at for at in (0, 2, 6.5, 29)]

    assert [after(2), after(4), after(8), after(30)] == dues


def test_partial_fills_are_folded_in() -> None:
    """
    A working order's cumulative fill and average are kept, and it rests on.
    """
    order = an_order(BODY, OrderStatus.PARTIALLY_FILLED, filled="4", average="100.02")

    found = step(a_trade(intents=(resting(filled_="1"),)), a_look(order, now=after(2)))

    state = found.trade.intents[0].state
    assert Open(order_id=order.id, submitted_at=START, filled=shares("4"), average=price("100.02")) == state


def test_fills_never_shrink() -> None:
    """
    An older view of the broker takes nothing back.
    """
    found = step(a_trade(intents=(resting(filled_="4"),)), a_look(an_order(BODY), now=after(2)))

    assert shares("4") == filled(found.trade)


def test_rung_ends_with_a_cancel() -> None:
    """
    After thirty seconds the order is asked to be cancelled, and stays the live one.
    """
    found = step(a_trade(intents=(resting(),)), a_look(an_order(BODY), now=after(30)))

    assert Cancel(order_id=f"order-{BODY.client_order_id}") == found.action
    assert isinstance(found.trade.intents[0].state, Canceling)
    assert after(30) == found.trade.due_at


def test_marketable_order_rests_for_a_minute() -> None:
    """
    The last rung has sixty seconds.
    """
    trade = a_trade(intents=(replace(resting(), rung=3),))

    actions = [step(trade, a_look(an_order(BODY), now=after(at))).action for at in (59, 60)]

    assert actions[0] is None
    assert isinstance(actions[1], Cancel)


def test_no_next_order_before_the_old_one_is_terminal() -> None:
    """
    While a cancel is pending nothing is submitted, however long it takes.
    """
    trade = replace(a_trade(intents=(canceling(asked_at=after(30)),)), due_at=after(32))
    pending = an_order(BODY, OrderStatus.PENDING_CANCEL)

    actions = [step(trade, a_look(pending, now=after(at))).action for at in (32, 34, 35, 90, 300)]

    assert not any(isinstance(action, Submit) for action in actions)


def test_unconfirmed_cancel_is_asked_again_after_five_seconds() -> None:
    """
    Between the two it is only looked at.
    """
    trade = replace(a_trade(intents=(canceling(asked_at=after(30)),)), due_at=after(32))

    found = [step(trade, a_look(an_order(BODY), now=after(at))) for at in (32, 34, 35)]

    assert [None, None, Cancel(order_id="order-1")] == [each.action for each in found]
    assert [after(34), after(35), after(35)] == [each.trade.due_at for each in found]


def test_cancel_that_was_committed_but_perhaps_not_sent_is_repeated() -> None:
    """
    A crash between the commit and the request loses no cancel.
    """
    committed = step(a_trade(intents=(resting(),)), a_look(an_order(BODY), now=after(30))).trade

    found = step(committed, a_look(an_order(BODY), now=after(30)))

    assert isinstance(found.action, Cancel)


def test_confirmed_cancel_goes_on_with_the_next_rung() -> None:
    """
    The look that sees the terminal order also makes the next attempt, with the rest.
    """
    trade = replace(a_trade(intents=(canceling(asked_at=after(30)),)), due_at=after(32))
    order = an_order(BODY, OrderStatus.CANCELED, filled="2")

    found = step(trade, a_look(order, now=after(32)))

    assert isinstance(found.action, Submit)
    assert (shares("8"), price("100.07")) == (found.action.body.quantity, found.action.body.limit)


def test_fill_that_beat_the_cancel_ends_the_trade() -> None:
    """
    A cancel that came too late leaves nothing to try.
    """
    trade = replace(a_trade(intents=(canceling(asked_at=after(30)),)), due_at=after(32))

    found = step(trade, a_look(an_order(BODY, OrderStatus.FILLED, filled="10"), now=after(32)))

    assert (TradeStatus.DONE, None) == (found.trade.status, found.action)


def test_unanswered_order_is_sent_again_under_its_id() -> None:
    """
    An order that is not found is sent again: the same id, the same body, never a new one.
    """
    trade = a_trade(intents=(an_intent(BODY),))

    found = step(trade, a_look(now=after(4)))

    assert Submit(body=BODY) == found.action
    assert Sent(posts=2, since=START) == found.trade.intents[0].state


def test_unanswered_order_that_is_found_is_open() -> None:
    """
    What the broker shows settles the question.
    """
    found = step(a_trade(intents=(an_intent(BODY),)), a_look(an_order(BODY), now=after(4)))

    assert found.action is None
    assert isinstance(found.trade.intents[0].state, Open)


@pytest.mark.parametrize(
    ("side", "now"),
    [
        pytest.param(Side.SELL, after(540), id="sells leave the buys time"),
        pytest.param(Side.BUY, CLOSE.replace(minute=2), id="buys until after the close"),
    ],
)
def test_unanswered_for_too_long_is_unresolved(side: Side, now: datetime) -> None:
    """
    In the end nobody knows: the trade makes no further attempt, and the operator is asked to look.
    """
    ends = deadlines(side, session=a_session(), started_at=START)
    sent = Sent(posts=3, since=now - timedelta(seconds=200))
    trade = a_trade(side=side, intents=(an_intent(a_body(side=side), state=sent),))

    before, then = (step(trade, a_look(now=at, deadlines=ends)) for at in (now - timedelta(seconds=1), now))

    assert (TradeStatus.OPEN, None, now) == (before.trade.status, before.action, before.trade.due_at)
    assert (TradeStatus.UNRESOLVED, None) == (then.trade.status, then.action)
    assert isinstance(then.trade.intents[0].state, Unknown)


@pytest.mark.parametrize(
    ("side", "now"), [pytest.param(Side.SELL, after(360), id="sell"), pytest.param(Side.BUY, LAST_SEND, id="buy")]
)
def test_unanswered_order_is_not_sent_again_after_the_last_instant(side: Side, now: datetime) -> None:
    """
    From its phase's last sending on an order is only looked up, every two seconds.
    """
    ends = deadlines(side, session=a_session(), started_at=START)
    trade = a_trade(side=side, intents=(an_intent(a_body(side=side)),))

    found = step(trade, a_look(now=now, deadlines=ends))

    assert (TradeStatus.OPEN, None) == (found.trade.status, found.action)
    assert now + timedelta(seconds=2) == found.trade.due_at


@pytest.mark.parametrize("state", [Sent(posts=3, since=START), Taken(since=START)], ids=lambda state: state.kind)
def test_order_that_is_found_after_its_phase_is_cancelled_and_booked(state: IntentState) -> None:
    """
    An order that shows only after the sells' time is cancelled at once; its fills count.
    """
    body = a_body(side=Side.SELL)
    trade = a_trade(side=Side.SELL, intents=(an_intent(body, state=state),))

    found = step(trade, a_look(an_order(body), now=after(380), deadlines=SELLS_END))
    gone = an_order(body, OrderStatus.CANCELED, filled="2")
    over = step(replace(found.trade, due_at=after(382)), a_look(gone, now=after(382), deadlines=SELLS_END))

    assert Cancel(order_id=f"order-{body.client_order_id}") == found.action
    assert (TradeStatus.INCOMPLETE, "deadline", shares("2")) == (
        over.trade.status,
        over.trade.reason,
        filled(over.trade),
    )


def test_order_that_is_known_to_exist_is_looked_up_only() -> None:
    """
    A duplicate is never sent again nor given up while the session lasts.
    """
    trade = a_trade(side=Side.SELL, intents=(an_intent(a_body(side=Side.SELL), state=Taken(since=START)),))

    found = [step(trade, a_look(now=after(at), deadlines=SELLS_END)) for at in (2, 300, 600, 1019)]

    assert {(TradeStatus.OPEN, None)} == {(each.trade.status, each.action) for each in found}
    assert [after(4), after(302), after(602), after(1020)] == [each.trade.due_at for each in found]


def test_order_that_is_known_and_never_shown_is_unresolved_after_the_close() -> None:
    """
    Two minutes after the close nothing of it is live, and a person looks up what it did.
    """
    found = step(a_trade(intents=(an_intent(BODY, state=Taken(since=START)),)), a_look(now=CLOSE.replace(minute=2)))

    assert (TradeStatus.UNRESOLVED, None) == (found.trade.status, found.action)
    assert BODY.client_order_id in found.trade.reason


def test_foreign_body_under_our_id_stops_the_trade() -> None:
    """
    An order that is not the one committed is for a person to look at.
    """
    other = an_order(a_body(quantity="11"))

    found = step(a_trade(intents=(an_intent(BODY),)), a_look(other, now=after(2)))

    assert (TradeStatus.UNRESOLVED, None) == (found.trade.status, found.action)
    assert "not the one that was committed" in found.trade.reason


@pytest.mark.parametrize(
    ("now", "halted", "reason"),
    [
        pytest.param(LAST_SEND, False, "deadline", id="deadline"),
        pytest.param(START, True, "kill switch", id="kill switch"),
    ],
)
def test_no_order_after_the_end(now: datetime, halted: bool, reason: str) -> None:
    """
    At the deadline, or with the kill switch on, the trade ends with what it has.
    """
    found = step(a_trade(), a_look(now=now, is_halted=halted))

    assert (TradeStatus.INCOMPLETE, reason, None) == (found.trade.status, found.trade.reason, found.action)


def test_kill_switch_cancels_what_rests() -> None:
    """
    With the kill switch on, a resting order is cancelled at the next look.
    """
    found = step(a_trade(intents=(resting(),)), a_look(an_order(BODY), now=after(2), is_halted=True))

    assert isinstance(found.action, Cancel)


def test_end_of_the_phase_cancels_what_rests() -> None:
    """
    A fresh order does not outlive the phase.
    """
    young = an_order(BODY, submitted_at=CANCEL_AT.replace(second=20))

    found = step(a_trade(intents=(resting(),)), a_look(young, now=CANCEL_AT))

    assert isinstance(found.action, Cancel)


@pytest.mark.parametrize(
    "intent", [pytest.param(resting(), id="open"), pytest.param(canceling(asked_at=CANCEL_AT), id="canceling")]
)
def test_after_the_close_nothing_stays_open(intent: Intent) -> None:
    """
    An order that never became terminal leaves its trade unresolved two minutes after the close.
    """
    found = step(a_trade(intents=(intent,)), a_look(now=CLOSE.replace(minute=2)))

    assert (TradeStatus.UNRESOLVED, None) == (found.trade.status, found.action)


def test_eight_attempts_are_enough() -> None:
    """
    The ninth is not made.
    """
    intents = tuple(closed(attempt=number, part="1") for number in range(1, 9))

    found = step(a_trade(intents=intents), a_look())

    assert (TradeStatus.INCOMPLETE, "not filled in 8 attempts") == (found.trade.status, found.trade.reason)


@pytest.mark.parametrize(
    ("quote", "problem"),
    [
        pytest.param(a_quote(bid="107", ask="0"), "no market", id="no ask"),
        pytest.param(a_quote(bid="0", ask="100"), "no market", id="no bid"),
        pytest.param(a_quote(bid="100.2", ask="100.1"), "no market", id="crossed"),
        pytest.param(a_quote(bid="NaN", ask="100.1"), "no market", id="not a number"),
        pytest.param(a_quote(at=after(-16)), "16 s old", id="old"),
        pytest.param(a_quote(bid="97", ask="103"), "spread is 6.00%", id="wide"),
        pytest.param(a_quote(bid="105.1", ask="105.2"), "5.15% away from the plan's 100", id="far from the plan"),
    ],
)
def test_unusable_quotes_are_waited_for(quote: Quote, problem: str) -> None:
    """
    No price is invented: two seconds later is looked again, five times, then the trade ends and says why.
    """
    waiting = [step(a_trade(), a_look(quote=quote)).trade]
    while waiting[-1].status is TradeStatus.OPEN:
        trade = replace(waiting[-1], due_at=START)
        waiting.append(step(trade, a_look(quote=quote)).trade)

    assert [1, 2, 3, 4, 5, 0] == [trade.quote_waits for trade in waiting]
    assert after(2) == waiting[0].due_at
    assert waiting[-1].status is TradeStatus.INCOMPLETE
    assert problem in waiting[-1].reason


def test_usable_quote_ends_the_waiting() -> None:
    """
    Waits are counted in a row only.
    """
    found = step(replace(a_trade(), quote_waits=4), a_look())

    assert 0 == found.trade.quote_waits


def test_limit_stays_inside_the_collar() -> None:
    """
    The marketable limit is capped at the plan's price plus five percent.
    """
    intents = tuple(closed(attempt=number, rung=number - 1) for number in range(1, 4))

    found = step(a_trade(intents=intents), a_look(quote=a_quote(bid="104.80", ask="104.90")))

    assert isinstance(found.action, Submit)
    assert price("105.00") == found.action.body.limit


def test_sell_asks_for_what_is_available() -> None:
    """
    Shares that are gone or reserved are not sold.
    """
    found = step(a_trade(side=Side.SELL), a_look(available="7.5"))

    assert isinstance(found.action, Submit)
    assert shares("7.5") == found.action.body.quantity


def test_full_exit_sells_the_available_quantity_to_the_last_digit() -> None:
    """
    Also where there are no fractions, and however little it is worth.
    """
    trade = a_trade(side=Side.SELL, planned="0.000000007", full_exit=True, whole=True)

    found = step(trade, a_look(available="0.000000007"))

    assert isinstance(found.action, Submit)
    assert shares("0.000000007") == found.action.body.quantity


def test_buy_asks_for_what_can_be_paid() -> None:
    """
    The quantity shrinks to the money there is, rounded down.
    """
    found = step(a_trade(whole=True), a_look(spendable="900"))

    assert isinstance(found.action, Submit)
    assert shares("8") == found.action.body.quantity


@pytest.mark.parametrize(
    ("trade", "seen", "status", "reason"),
    [
        pytest.param(
            a_trade(planned="0.009"), a_look(), TradeStatus.SKIPPED, "min_notional", id="planned less than a dollar"
        ),
        pytest.param(
            a_trade(intents=(closed(part="9.995"),)), a_look(), TradeStatus.DONE, "dust is left", id="dust is left"
        ),
        pytest.param(
            a_trade(planned="0.9", whole=True),
            a_look(),
            TradeStatus.SKIPPED,
            "rounds to zero shares",
            id="no fractions",
        ),
        pytest.param(a_trade(), a_look(spendable="0.5"), TradeStatus.SKIPPED, "too little buying power", id="no money"),
        pytest.param(
            a_trade(intents=(closed(part="5"),)),
            a_look(spendable="0.5"),
            TradeStatus.INCOMPLETE,
            "too little buying power",
            id="no money for the rest",
        ),
        pytest.param(
            a_trade(side=Side.SELL),
            a_look(available="0"),
            TradeStatus.SKIPPED,
            "too few shares are available",
            id="sold",
        ),
    ],
)
def test_too_small_orders_are_not_sent(trade: Trade, seen: Seen, status: TradeStatus, reason: str) -> None:
    """
    Less than a dollar, less than a share or nothing to trade with ends the trade with the reason.
    """
    found = step(trade, seen)

    assert (status, reason, None) == (found.trade.status, found.trade.reason, found.action)


def test_lasting_rejection_fails_the_trade() -> None:
    """
    A definite refusal is not tried again under another id.
    """
    found = step(a_trade(intents=(closed(OrderStatus.REJECTED, reason="wash trade"),)), a_look())

    assert (TradeStatus.FAILED, "wash trade") == (found.trade.status, found.trade.reason)


@pytest.mark.parametrize("reason", ["insufficient buying power", "SPY is not fractionable", "qty must be integer"])
def test_rejection_is_mended_by_its_cause_not_by_its_words(reason: str) -> None:
    """
    What the broker's adapter did not recognise is not tried again, whatever it sounds like.
    """
    found = step(a_trade(intents=(closed(OrderStatus.REJECTED, reason=reason),)), a_look())

    assert (TradeStatus.FAILED, reason) == (found.trade.status, found.trade.reason)


@pytest.mark.parametrize(
    ("posts", "waited_s", "status"),
    [
        pytest.param(2, 239, TradeStatus.OPEN, id="not yet"),
        pytest.param(2, 240, TradeStatus.UNRESOLVED, id="long enough"),
        pytest.param(1, 600, TradeStatus.OPEN, id="sent once: it is sent again first"),
    ],
)
def test_order_without_an_answer_is_given_up_after_four_minutes(posts: int, waited_s: int, status: TradeStatus) -> None:
    """
    Looked up and sent again under its id, and still neither shown nor refused: unresolved, and no new id.
    """
    trade = a_trade(intents=(an_intent(BODY, state=Sent(posts=posts, since=START)),))

    found = step(trade, a_look(now=after(waited_s)))

    assert status is found.trade.status
    assert [BODY] == [intent.body for intent in found.trade.intents]


def test_refused_fractions_are_tried_whole_on_the_same_rung() -> None:
    """
    An asset that turns out to be sold in whole shares is tried once more, rounded down.
    """
    refusal = closed(OrderStatus.REJECTED, cause=RejectionCause.FRACTIONS)

    found = step(a_trade(planned="10.7", intents=(refusal,)), a_look())

    assert isinstance(found.action, Submit)
    assert (shares("10"), 0) == (found.action.body.quantity, found.trade.intents[-1].rung)


def test_refused_buying_power_is_tried_once_more() -> None:
    """
    It asks for 95 %, on the same rung; the second refusal for want of money ends the trade.
    """
    refusals = [closed(OrderStatus.REJECTED, attempt=number, cause=RejectionCause.BUYING_POWER) for number in (1, 2)]

    first, second = (step(a_trade(intents=tuple(refusals[:count])), a_look()) for count in (1, 2))

    assert isinstance(first.action, Submit)
    assert (shares("9.5"), 0) == (first.action.body.quantity, first.trade.intents[-1].rung)
    assert TradeStatus.FAILED is second.trade.status


@pytest.mark.parametrize(
    ("part", "status", "reason"),
    [
        pytest.param("9.5", TradeStatus.INCOMPLETE, "too little buying power", id="all of it"),
        pytest.param("4", TradeStatus.OPEN, "", id="some of it"),
    ],
)
def test_what_was_refused_for_money_stays_reduced(part: str, status: TradeStatus, reason: str) -> None:
    """
    After the smaller order filled the rest is not asked for again; what it left open is.
    """
    refusal = closed(OrderStatus.REJECTED, cause=RejectionCause.BUYING_POWER)
    trade = a_trade(intents=(refusal, closed(attempt=2, part=part)))

    found = step(trade, a_look())

    assert (status, reason) == (found.trade.status, found.trade.reason)
    assert found.action is None or shares("5.5") == found.trade.intents[-1].body.quantity


def test_one_share_that_cannot_be_paid_is_skipped() -> None:
    """
    Where there is no smaller order to try, the trade ends for want of money.
    """
    refusal = replace(closed(OrderStatus.REJECTED, cause=RejectionCause.BUYING_POWER), body=a_body(quantity="1"))

    found = step(a_trade(planned="1", whole=True, intents=(refusal,)), a_look())

    assert (TradeStatus.SKIPPED, "too little buying power") == (found.trade.status, found.trade.reason)


def test_trade_without_authority_waits_and_ends() -> None:
    """
    Nothing is sent before the phase allowed a quantity, and the deadline ends the waiting.
    """
    waiting, over = (step(a_trade(authorised=None), a_look(now=now)) for now in (START, LAST_SEND))

    assert (None, after(2)) == (waiting.action, waiting.trade.due_at)
    assert TradeStatus.INCOMPLETE is over.trade.status


def test_unknown_order_ends_its_trade() -> None:
    """
    A trade whose order nobody could resolve makes no further attempt.
    """
    found = step(a_trade(intents=(an_intent(BODY, state=Unknown(since=START, reason="lost")),)), a_look())

    assert (TradeStatus.UNRESOLVED, "lost") == (found.trade.status, found.trade.reason)
