"""
When a trade is looked at next, and that it is the latest of several orders that is looked after.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Intent,
    IntentState,
    Open,
    OrderStatus,
    Sent,
    Taken,
    Trade,
    TradeStatus,
    Unknown,
)
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.execution.step import Cancel, Seen, Step, Submit
from alchemiser.domain.execution.walk import advance
from alchemiser.domain.values import price, shares
from support.builders import CLOSE, START, a_body, a_look, a_trade, after, an_intent, an_order

LAST_SEND, CANCEL_AT = CLOSE - timedelta(minutes=3), CLOSE - timedelta(seconds=90)
GIVE_UP_AT = CLOSE + timedelta(minutes=2)
FIRST = an_intent(
    a_body(),
    state=Closed(order_id="order-1", status=OrderStatus.CANCELED, filled=shares("0"), average=None, closed_at=START),
)
LATEST = a_body(attempt=2, quantity="4")


def second(state: IntentState, *, rung: int = 1, due_at: datetime | None = None) -> Trade:
    latest = an_intent(LATEST, attempt=2, rung=rung, state=state)
    return replace(a_trade(intents=(FIRST, latest)), due_at=due_at)


def resting(since: datetime = START) -> Open:
    return Open(order_id="order-2", submitted_at=since, filled=shares("1"), average=price("99"))


def canceling(asked_at: datetime) -> Canceling:
    return Canceling(order_id="order-2", submitted_at=START, asked_at=asked_at, filled=shares("1"), average=price("99"))


def step(trade: Trade, seen: Seen) -> Step:
    return advance(trade, seen, WalkPolicy())


def latest_of(found: Step) -> Intent:
    assert FIRST == found.trade.intents[0]
    return found.trade.intents[-1]


def test_the_latest_order_is_sent_again() -> None:
    """
    Under its own id, counted once more, from the instant of its first send, and due until that is answered.
    """
    found = step(second(Sent(posts=1, since=START)), a_look(now=after(2)))

    assert Submit(body=LATEST) == found.action
    assert (Sent(posts=2, since=START), after(2)) == (latest_of(found).state, found.trade.due_at)


def test_the_latest_order_is_cancelled() -> None:
    """
    When its rung's time is over, with what it filled so far; the trade stays due until the broker was asked.
    """
    found = step(second(resting()), a_look(now=after(30)))

    expected = replace(canceling(after(30)), submitted_at=START)
    assert (Cancel(order_id="order-2"), expected) == (found.action, latest_of(found).state)
    assert after(30) == found.trade.due_at


@pytest.mark.parametrize(("rung", "rest_s"), [(2, 30), (3, 60)])
def test_the_latest_orders_rung_says_how_long_it_rests(rung: int, rest_s: int) -> None:
    """
    A second before the end of its rest it is only looked at, at the end it is cancelled.
    """
    before, end = (step(second(resting(), rung=rung), a_look(now=after(rest_s - less))) for less in (1, 0))

    assert (None, after(rest_s)) == (before.action, before.trade.due_at)
    assert Cancel(order_id="order-2") == end.action


@pytest.mark.parametrize(
    ("state", "now", "due_at"),
    [
        pytest.param(Sent(posts=1, since=START), LAST_SEND, LAST_SEND + timedelta(seconds=2), id="unanswered"),
        pytest.param(
            Sent(posts=1, since=START), GIVE_UP_AT - timedelta(seconds=1), GIVE_UP_AT, id="unanswered, at the end"
        ),
        pytest.param(Taken(since=START), START, after(2), id="known and not shown"),
        pytest.param(Taken(since=START), GIVE_UP_AT - timedelta(seconds=1), GIVE_UP_AT, id="not shown, at the end"),
        pytest.param(resting(), after(3), after(4), id="resting, on the grid"),
        pytest.param(
            resting(CANCEL_AT - timedelta(seconds=9)),
            CANCEL_AT - timedelta(seconds=1),
            CANCEL_AT,
            id="resting, at last",
        ),
        pytest.param(canceling(after(30)), after(30.5), after(32), id="asked to be cancelled"),
        pytest.param(canceling(after(30)), after(34), after(35), id="until it is asked again"),
        pytest.param(
            canceling(GIVE_UP_AT - timedelta(seconds=2)),
            GIVE_UP_AT - timedelta(seconds=0.5),
            GIVE_UP_AT,
            id="cancelling, at the end",
        ),
    ],
)
def test_next_look(state: IntentState, now: datetime, due_at: datetime) -> None:
    """
    Every two seconds, and never after the instant at which something else is due.
    """
    found = step(second(state, due_at=now), a_look(now=now))

    assert (None, due_at, state) == (found.action, found.trade.due_at, latest_of(found).state)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        pytest.param(Sent(posts=3, since=after(5)), "no answer to 3 sends since 19:45:05 UTC", id="sent"),
        pytest.param(Taken(since=after(5)), f"the broker knows order {LATEST.client_order_id}", id="taken"),
    ],
)
def test_an_order_that_nobody_found_is_unknown_since_it_was_sent(state: Sent | Taken, reason: str) -> None:
    """
    The trade is unresolved, and says which order a person has to look up.
    """
    found = step(second(state), a_look(now=GIVE_UP_AT))

    unknown = latest_of(found).state
    assert isinstance(unknown, Unknown)
    assert (after(5), found.trade.reason) == (unknown.since, unknown.reason)
    assert (TradeStatus.UNRESOLVED, None) == (found.trade.status, found.action)
    assert reason in found.trade.reason


@pytest.mark.parametrize("state", [resting(), canceling(after(30))])
def test_an_order_that_never_became_final_is_left_as_it_is(state: IntentState) -> None:
    """
    Two minutes after the close the trade is unresolved, and names the order at the broker.
    """
    found = step(second(state), a_look(now=GIVE_UP_AT))

    assert (state, TradeStatus.UNRESOLVED, None) == (latest_of(found).state, found.trade.status, found.action)
    assert "order-2" in found.trade.reason


def test_a_cancel_that_was_told_is_not_repeated_at_once() -> None:
    """
    It was told when the look after it is due later than the asking; it was not when it is due at the asking.
    """
    told, untold, undated = (
        step(second(canceling(after(30)), due_at=due_at), a_look(now=after(32)))
        for due_at in (after(30.1), after(30), None)
    )

    assert [None, *[Cancel(order_id="order-2")] * 2] == [told.action, untold.action, undated.action]
    assert after(32) == untold.trade.due_at == undated.trade.due_at


@pytest.mark.parametrize(("now", "is_open"), [(after(2), True), (GIVE_UP_AT, False)])
def test_a_halt_never_sends_again(now: datetime, is_open: bool) -> None:
    """
    With the kill switch on an unanswered order is only looked up, as long as there is time.
    """
    found = step(second(Sent(posts=1, since=START)), a_look(now=now, is_halted=True))

    assert None is found.action
    assert is_open is (found.trade.status is TradeStatus.OPEN)


def test_a_halt_cancels_once() -> None:
    """
    What is being cancelled already is not asked again before its time.
    """
    found = step(second(canceling(after(30)), due_at=after(31)), a_look(now=after(32), is_halted=True))

    assert (None, after(34)) == (found.action, found.trade.due_at)


def test_a_final_trade_and_one_before_its_time_stay_as_they_are() -> None:
    """
    Nothing is looked at, so nothing changes; at its time it is.
    """
    early = second(resting(), due_at=after(10))
    final = replace(early, status=TradeStatus.INCOMPLETE, due_at=None)
    order = an_order(LATEST, OrderStatus.PARTIALLY_FILLED, filled="3")
    looks = [step(one, a_look(order, now=after(now))) for one, now in ((early, 9.9), (final, 60), (early, 10))]

    assert [early, final] == [found.trade for found in looks[:2]]
    assert after(12) == looks[2].trade.due_at
