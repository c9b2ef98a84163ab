"""
The orders there are beside the one that is looked at.
"""

from dataclasses import replace

from alchemiser.domain.execution.order import Closed, OrderStatus, Sent
from alchemiser.domain.execution.traffic import Placed, placed, promised
from alchemiser.domain.values import Side, price, shares, usd
from support.builders import RUN, START, a_body, a_trade, after, an_intent, an_order

BODY = a_body()


def test_what_the_broker_shows_counts_as_shown() -> None:
    """
    A working order rests with what it has not filled; a final one rests with nothing and keeps what it spent.
    """
    part = an_order(BODY, OrderStatus.PARTIALLY_FILLED, filled="4", average="100", submitted_at=after(3))
    gone = an_order(a_body("TLT"), OrderStatus.CANCELED, filled="4", average="100")

    live, dead = placed([part, gone], [])

    assert (True, shares("4"), usd("400"), usd("600.30"), after(3)) == (
        live.is_live,
        live.filled,
        live.spent,
        live.resting,
        live.at,
    )
    assert (False, shares("4"), usd("400"), usd("0")) == (dead.is_live, dead.filled, dead.spent, dead.resting)


def test_an_order_without_a_fill_spent_nothing() -> None:
    """
    Nothing is made up for an average price that is not there.
    """
    (found,) = placed([an_order(BODY)], [])

    assert (shares("0"), usd("0"), usd("1000.50")) == (found.filled, found.spent, found.resting)


def test_an_intent_that_is_not_shown_is_placed() -> None:
    """
    What was sent and is not seen may trade, but for one that is closed; one that is shown counts once.
    """
    closed = Closed(
        order_id="order-1",
        status=OrderStatus.CANCELED,
        filled=shares("2"),
        average=price("99"),
        closed_at=after(9),
    )
    first = an_intent(BODY, state=closed, at=after(1))
    second = an_intent(a_body(attempt=2), attempt=2, state=Sent(posts=1, since=after(5)), at=after(5))
    shown = an_intent(a_body(attempt=3), attempt=3)

    found = placed([an_order(shown.body)], [a_trade(intents=(first, second, shown))])

    assert [shown.body, first.body, second.body] == [one.body for one in found]
    assert [True, False, True] == [one.is_live for one in found]
    assert [usd("0"), usd("198"), usd("0")] == [one.spent for one in found]
    assert [START, after(1), after(5)] == [one.at for one in found]


def test_a_promised_order_may_trade_all_of_its_quantity() -> None:
    """
    It has filled nothing yet, and was sent at the instant it was promised.
    """
    expected = Placed(body=BODY, at=after(7), is_live=True, filled=shares("0"), spent=usd("0"))

    assert expected == promised(BODY, at=after(7))
    assert usd("1000.50") == expected.resting


def test_an_order_is_of_the_run_that_its_id_names() -> None:
    """
    Another run's order is ours and not of this run; anyone else's is neither.
    """
    other = RUN.replace("rebalance-1", "rebalance-11")
    ids = [BODY.client_order_id, BODY.client_order_id.replace(RUN, other), "by-hand"]
    orders = [an_order(replace(a_body(side=Side.SELL), client_order_id=name)) for name in ids]

    found = placed(orders, [])

    assert [True, True, False] == [one.is_ours for one in found]
    assert [True, False, False] == [one.is_of(RUN) for one in found]
