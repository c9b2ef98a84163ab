"""
What the broker shows, folded into a trade.
"""

from dataclasses import replace
from datetime import timedelta

from alchemiser.domain.execution.observe import next_look, observed
from alchemiser.domain.execution.order import (
    BrokerOrder,
    Canceling,
    Closed,
    Intent,
    Open,
    OrderStatus,
    RejectionCause,
    Trade,
)
from alchemiser.domain.values import price, shares
from support.builders import START, a_body, a_trade, after, an_intent, an_order

BODY = a_body()
GONE = Closed(
    order_id="order-0", status=OrderStatus.CANCELED, filled=shares("1"), average=price("100"), closed_at=START
)


def canceling(filled: str, average: str = "99") -> Intent:
    state = Canceling(
        order_id="order-1", submitted_at=START, asked_at=after(30), filled=shares(filled), average=price(average)
    )
    return an_intent(BODY, state=state)


def seen(trade: Trade, *orders: BrokerOrder) -> Trade:
    return observed(trade, {order.body.client_order_id: order for order in orders})


def test_only_the_latest_order_is_folded_in() -> None:
    """
    What is known of earlier attempts is final, whatever the broker shows of them now.
    """
    first = an_intent(BODY, state=GONE)
    middle = an_intent(a_body(attempt=2), attempt=2, state=replace(GONE, order_id="order-2"))
    latest = an_intent(a_body(attempt=3), attempt=3)
    trade = a_trade(intents=(first, middle, latest))
    order = an_order(latest.body, OrderStatus.PARTIALLY_FILLED, filled="2", average="100.01", submitted_at=after(1))

    found = seen(trade, an_order(BODY, OrderStatus.FILLED, filled="10"), order)

    expected = Open(order_id=order.id, submitted_at=after(1), filled=shares("2"), average=price("100.01"))
    assert (first, middle, replace(latest, state=expected)) == found.intents


def test_a_closed_order_stays_closed() -> None:
    """
    A view of the broker from before the end opens nothing again.
    """
    trade = a_trade(intents=(an_intent(BODY, state=GONE),))

    assert trade == seen(trade, an_order(BODY, OrderStatus.PARTIALLY_FILLED, filled="5"))


def test_fills_during_a_cancel_are_kept() -> None:
    """
    A fill can arrive after the cancel was asked for: quantity and average are taken over, the request stays.
    """
    order = an_order(BODY, OrderStatus.PENDING_CANCEL, filled="4", average="100.02")

    found = seen(a_trade(intents=(canceling("1"),)), order).intents[0].state

    assert canceling("4", "100.02").state == found


def test_a_corrected_average_of_the_same_shares_is_taken_over() -> None:
    """
    The broker's latest word on what the shares cost is the one that counts.
    """
    order = an_order(BODY, OrderStatus.PENDING_CANCEL, filled="4", average="100.02")

    found = seen(a_trade(intents=(canceling("4"),)), order).intents[0].state

    assert canceling("4", "100.02").state == found


def test_an_end_is_told_as_the_broker_told_it() -> None:
    """
    Status, instant, reason and cause of a final order are kept with what it filled.
    """
    order = replace(
        an_order(BODY, OrderStatus.REJECTED, updated_at=after(9)), reason="no", cause=RejectionCause.FRACTIONS
    )

    found = seen(a_trade(intents=(canceling("3"),)), order).intents[0].state

    expected = Closed(
        order_id=order.id,
        status=OrderStatus.REJECTED,
        filled=shares("3"),
        average=price("99"),
        closed_at=after(9),
        reason="no",
        cause=RejectionCause.FRACTIONS,
    )
    assert expected == found


def test_looks_stand_on_one_grid() -> None:
    """
    The next look is after now, on the grid, and never after the last instant.
    """
    two = timedelta(seconds=2)

    assert [after(2), after(2), after(4), after(3)] == [
        next_look(now=after(0), every=two, until=after(60)),
        next_look(now=after(1.9), every=two, until=after(60)),
        next_look(now=after(2), every=two, until=after(60)),
        next_look(now=after(2.5), every=two, until=after(3)),
    ]
