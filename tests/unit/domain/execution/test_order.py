"""
The states of orders and trades, as they begin and as they are written down.
"""

from dataclasses import replace

import pytest

from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Open,
    OrderStatus,
    RejectionCause,
    Sent,
    Taken,
    TradeStatus,
    Unknown,
)
from alchemiser.domain.execution.phase import trades_of
from alchemiser.domain.values import shares
from support.builders import START, a_body, a_plan, a_trade, after, an_account, an_order

NONE = shares("0")


def test_names_in_the_records_stay() -> None:
    """
    What was written by an earlier version is read by this one.
    """
    states = (
        Sent(posts=1, since=START),
        Taken(since=START),
        Open(order_id="1", submitted_at=START, filled=NONE, average=None),
        Canceling(order_id="1", submitted_at=START, asked_at=START, filled=NONE, average=None),
        Closed(order_id="1", status=OrderStatus.FILLED, filled=NONE, average=None, closed_at=START),
        Unknown(since=START, reason="lost"),
    )

    assert "sent taken open canceling closed unknown" == " ".join(state.kind for state in states)
    assert "new partially_filled pending_cancel filled canceled expired rejected" == " ".join(OrderStatus)
    assert "open done incomplete skipped failed unresolved" == " ".join(TradeStatus)
    assert "other buying_power fractions" == " ".join(RejectionCause)


@pytest.mark.parametrize("status", OrderStatus)
def test_nothing_more_happens_to_a_final_order(status: OrderStatus) -> None:
    """
    One that is new, partly filled or being cancelled may still fill.
    """
    final = {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}

    assert (status in final) is status.is_terminal


def test_a_trade_begins_with_nothing_behind_it() -> None:
    """
    Open, never stored, nothing waited for, nothing to say; nor does an order say why it was refused before it was.
    """
    (trade,) = trades_of(a_plan({"SPY": "1"}, an_account(cash="1000"), {"SPY": "100"}))
    closed = Closed(order_id="1", status=OrderStatus.FILLED, filled=NONE, average=None, closed_at=START)

    assert (TradeStatus.OPEN, "", 0, 0) == (trade.status, trade.reason, trade.quote_waits, trade.version)
    assert ((), None, None, None) == (trade.intents, trade.authorised, trade.arrival, trade.due_at)
    assert ["", ""] == [closed.reason, an_order(a_body(), submitted_at=after(1)).reason]


def test_the_same_trade_read_twice_is_equal() -> None:
    """
    How often it was stored says nothing of the trade.
    """
    assert replace(a_trade(), version=1) == replace(a_trade(), version=2)
