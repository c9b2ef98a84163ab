"""
What the broker's answers make of a trade.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from alchemiser.domain.execution.answers import (
    Accepted,
    CancelTaken,
    Duplicate,
    NoAnswer,
    Rejected,
    held_back,
    record,
    refused,
    withheld,
)
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    IntentState,
    Open,
    OrderStatus,
    RejectionCause,
    Sent,
    Taken,
    Trade,
    TradeStatus,
)
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.values import shares
from support.builders import START, a_body, a_trade, after, an_intent, an_order

BODY = a_body()
POLICY = WalkPolicy()


def sent(posts: int = 1) -> Trade:
    return a_trade(intents=(an_intent(BODY, state=Sent(posts=posts, since=START)),))


def asked() -> Trade:
    state = Canceling(order_id="order-1", submitted_at=START, asked_at=after(30), filled=shares("0"), average=None)
    return replace(a_trade(intents=(an_intent(BODY, state=state),)), due_at=after(30))


def test_accepted_order_rests() -> None:
    """
    It is open at the broker, and looked at two seconds later.
    """
    found = record(sent(), Accepted(order=an_order(BODY)), at=after(0.2), policy=POLICY)

    assert isinstance(found.intents[0].state, Open)
    assert after(2) == found.due_at


def test_order_that_is_terminal_at_once_is_looked_at_at_once() -> None:
    """
    What is left is tried without waiting.
    """
    rejected = an_order(BODY, OrderStatus.REJECTED)

    found = record(sent(), Accepted(order=rejected), at=after(0.2), policy=POLICY)

    assert isinstance(found.intents[0].state, Closed)
    assert after(0.2) == found.due_at


@pytest.mark.parametrize("posts", [1, 2])
def test_duplicate_is_an_order_at_the_broker(posts: int) -> None:
    """
    The order exists, whoever sent it: a look two seconds later may show it.
    """
    found = record(sent(posts), Duplicate(), at=START, policy=POLICY)

    assert Taken(since=START) == found.intents[0].state
    assert after(2) == found.due_at


def test_late_duplicate_takes_nothing_back() -> None:
    """
    An order that was seen meanwhile stays as it was seen.
    """
    found = record(asked(), Duplicate(), at=after(31), policy=POLICY)

    assert asked().intents == found.intents


def test_refusal_of_the_only_send_is_definite() -> None:
    """
    Nothing of it is at the broker.
    """
    found = record(sent(), Rejected(reason="403: no"), at=START, policy=POLICY)

    state = found.intents[0].state
    assert isinstance(state, Closed)
    assert ("", OrderStatus.REJECTED, shares("0"), "403: no") == (
        state.order_id,
        state.status,
        state.filled,
        state.reason,
    )


def test_refusal_of_a_second_send_proves_nothing() -> None:
    """
    The first send may be what holds the shares: the order stays unanswered.
    """
    found = record(sent(2), Rejected(reason="insufficient qty"), at=START, policy=POLICY)

    assert Sent(posts=2, since=START) == found.intents[0].state
    assert after(4) == found.due_at


@pytest.mark.parametrize(("posts", "pause_s"), [(1, 2), (2, 4), (3, 8), (4, 8), (60, 8)])
def test_silence_is_waited_out_longer_each_time(posts: int, pause_s: int) -> None:
    """
    The pause doubles up to eight seconds.
    """
    found = record(sent(posts), NoAnswer(), at=START, policy=POLICY)

    assert after(pause_s) == found.due_at


@pytest.mark.parametrize("answer", [CancelTaken(), NoAnswer()])
def test_cancel_is_followed_by_a_look(answer: CancelTaken | NoAnswer) -> None:
    """
    Whatever the answer, only a later status ends the order.
    """
    found = record(asked(), answer, at=after(30.3), policy=POLICY)

    assert (asked().intents, after(32)) == (found.intents, found.due_at)


def test_slow_answer_does_not_move_the_next_look_into_the_past() -> None:
    """
    An answer that took a minute is followed by a look at once.
    """
    found = record(asked(), CancelTaken(), at=after(90), policy=POLICY)

    assert after(90) == found.due_at


def test_first_send_that_the_gate_refuses_fails_the_trade() -> None:
    """
    The attempt is kept, as one that was never taken, with the gate's reason.
    """
    found = refused(sent(), "collar", at=START, policy=POLICY)

    assert (TradeStatus.FAILED, "collar", None) == (found.status, found.reason, found.due_at)
    assert isinstance(found.intents[0].state, Closed)


def test_repeated_send_that_the_gate_refuses_is_only_looked_up() -> None:
    """
    The order may be at the broker already, so nothing is concluded.
    """
    found = refused(sent(3), "kill switch", at=START, policy=POLICY)

    assert (TradeStatus.OPEN, after(2)) == (found.status, found.due_at)
    assert Sent(posts=2, since=START) == found.intents[0].state


def test_first_send_that_is_withheld_ends_the_trade_incomplete() -> None:
    """
    What the kill switch or the deadline kept from going out was never at the broker.
    """
    found = withheld(sent(), "kill switch: enough", at=after(1), policy=POLICY)

    assert (TradeStatus.INCOMPLETE, "kill switch: enough") == (found.status, found.reason)
    assert isinstance(found.intents[0].state, Closed)


def test_repeated_send_that_is_withheld_is_only_looked_up() -> None:
    """
    The first send may be at the broker: the trade stays open, as if the second had not been begun.
    """
    found = withheld(sent(posts=2), "deadline", at=after(1), policy=POLICY)

    assert (TradeStatus.OPEN, Sent(posts=1, since=START), after(3)) == (
        found.status,
        found.intents[0].state,
        found.due_at,
    )


def test_order_that_is_held_back_waits_as_it_was() -> None:
    """
    No intent is made; the next look is two seconds later, and the trade says what it waits for.
    """
    found = held_back(sent(), "one too many", at=after(1), policy=POLICY)

    assert (TradeStatus.OPEN, "one too many", (), after(3)) == (found.status, found.reason, found.intents, found.due_at)


def second(posts: int = 1) -> Trade:
    gone = Closed(order_id="order-1", status=OrderStatus.CANCELED, filled=shares("0"), average=None, closed_at=after(1))
    latest = an_intent(a_body(attempt=2), attempt=2, rung=1, state=Sent(posts=posts, since=after(5)))
    return a_trade(intents=(an_intent(BODY, state=gone), latest), due_at=after(5))


def refusal(reason: str, cause: RejectionCause = RejectionCause.OTHER) -> Closed:
    return Closed(
        order_id="",
        status=OrderStatus.REJECTED,
        filled=shares("0"),
        average=None,
        closed_at=after(6),
        reason=reason,
        cause=cause,
    )


@pytest.mark.parametrize(
    ("told", "state", "due_s"),
    [
        pytest.param(
            lambda trade: record(trade, Duplicate(), at=after(6), policy=POLICY),
            Taken(since=after(5)),
            8,
            id="duplicate",
        ),
        pytest.param(
            lambda trade: record(
                trade, Rejected(reason="no", cause=RejectionCause.FRACTIONS), at=after(6), policy=POLICY
            ),
            refusal("no", RejectionCause.FRACTIONS),
            6,
            id="rejected",
        ),
        pytest.param(
            lambda trade: record(trade, NoAnswer(), at=after(6), policy=POLICY),
            Sent(posts=1, since=after(5)),
            8,
            id="no answer",
        ),
        pytest.param(
            lambda trade: refused(trade, "collar", at=after(6), policy=POLICY), refusal("collar"), None, id="refused"
        ),
        pytest.param(
            lambda trade: withheld(trade, "deadline", at=after(6), policy=POLICY),
            refusal("deadline"),
            None,
            id="withheld",
        ),
    ],
)
def test_an_answer_is_to_the_latest_order(
    told: Callable[[Trade], Trade], state: IntentState, due_s: int | None
) -> None:
    """
    An earlier attempt stays as it ended, and the trade is due from the instant of the answer.
    """
    found = told(second())

    assert (second().intents[0], state) == (found.intents[0], found.intents[1].state)
    assert (None if due_s is None else after(due_s)) == found.due_at


def test_only_the_latest_order_is_held_back() -> None:
    """
    The earlier attempt stays; of a repeated send the attempt stays too, as often sent as before.
    """
    once, twice = (held_back(second(posts), "one too many", at=after(6), policy=POLICY) for posts in (1, 2))

    assert second().intents[:1] == once.intents
    assert second(1).intents == twice.intents
    assert [(TradeStatus.OPEN, "one too many", after(8))] * 2 == [
        (one.status, one.reason, one.due_at) for one in (once, twice)
    ]


def test_late_rejection_takes_nothing_back() -> None:
    """
    An order that was seen at the broker meanwhile stays as it was seen.
    """
    found = record(asked(), Rejected(reason="no"), at=after(31), policy=POLICY)

    assert (asked().intents, after(32)) == (found.intents, found.due_at)


def test_answer_that_ends_the_trade_leaves_nothing_due() -> None:
    """
    An order under our id that is not the one committed is for a person to look at.
    """
    other = replace(an_order(a_body(quantity="11")), id="order-9")

    found = record(sent(), Accepted(order=other), at=after(1), policy=POLICY)

    assert (TradeStatus.UNRESOLVED, None) == (found.status, found.due_at)
    assert "order-9" in found.reason


def test_marketable_order_is_first_looked_at_on_its_own_grid() -> None:
    """
    An order taken late in its rest is looked at when the rest is over, at the latest.
    """
    resting = [an_order(BODY, submitted_at=START) for _ in range(2)]
    inside, crossing = (
        record(a_trade(intents=(an_intent(BODY, rung=rung),)), Accepted(order=order), at=after(29.5), policy=POLICY)
        for rung, order in zip((2, 3), resting, strict=True)
    )

    assert (after(30), after(30)) == (inside.due_at, crossing.due_at)
    late = record(
        a_trade(intents=(an_intent(BODY, rung=3),)), Accepted(order=resting[0]), at=after(59.5), policy=POLICY
    )
    assert after(60) == late.due_at
