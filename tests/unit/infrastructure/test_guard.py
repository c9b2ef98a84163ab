"""
The caps at the broker's door, whatever the gate let pass.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from alchemiser.domain.errors import BrokerUnavailable, OrderRefused, OrderRejected
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.domain.values import Side, usd
from alchemiser.infrastructure.guard import Caps, GuardedBroker
from alchemiser.infrastructure.simulation.broker import SimulatedBroker
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import START, a_body, approved
from support.venues import a_broker, seconds

CAPS = Caps(
    order_notional=usd("1000000"),
    order_fraction=Decimal("1.1"),
    orders_per_run=500,
    orders_per_minute=120,
    turnover=Decimal("1.1"),
    gross_exposure=Decimal("1.0"),
)


def guarded(caps: Caps, inner: SimulatedBroker, clock: ManualClock) -> GuardedBroker:
    return GuardedBroker(inner, caps, clock=clock)


def told_by(broker: GuardedBroker, order: ApprovedOrder) -> str:
    """
    Return the rail that kept an order from going out, empty when it went.
    """
    try:
        broker.submit(order)
    except OrderRefused as refusal:
        return refusal.rail
    return ""


@pytest.mark.parametrize(
    ("cap", "caps"),
    [
        pytest.param("notional", replace(CAPS, order_notional=usd("999"))),
        pytest.param("equity", replace(CAPS, order_fraction=Decimal("0.009"))),
        pytest.param("orders per run", replace(CAPS, orders_per_run=2)),
        pytest.param("orders per minute", replace(CAPS, orders_per_minute=2)),
        pytest.param("turnover", replace(CAPS, turnover=Decimal("0.025"))),
        pytest.param("gross exposure", replace(CAPS, gross_exposure=Decimal("0.025"))),
    ],
)
def test_what_is_beyond_a_cap_does_not_go_out(cap: str, caps: Caps) -> None:
    """
    The third order of a thousand dollars, or the first, is refused by name and leaves nothing at the broker.
    """
    clock = ManualClock(START)
    inner = a_broker(clock)
    broker = guarded(caps, inner, clock)
    orders = [approved(a_body(limit="100", attempt=attempt)) for attempt in (1, 2, 3)]

    answers = [told_by(broker, order) for order in orders]

    refused = [rail for rail in answers if rail]
    assert f"{cap} (at the broker)" == refused[0]
    assert 3 - len(refused) == len(inner.orders(since=START))


def test_sells_count_for_themselves() -> None:
    """
    What is sold does not use up what may be bought on a day.
    """
    clock = ManualClock(START)
    inner = a_broker(clock)
    broker = guarded(replace(CAPS, turnover=Decimal("0.015")), inner, clock)
    broker.submit(approved(a_body(limit="101")))
    clock.wait_until(START + seconds(60))

    broker.submit(approved(a_body("SPY", Side.SELL, "10", "99", attempt=2)))

    assert 2 == len(inner.orders(since=START))


def test_what_was_cancelled_no_longer_counts() -> None:
    """
    Before an order is refused the broker's books are read again.
    """
    clock = ManualClock(START)
    inner = a_broker(clock)
    broker = guarded(replace(CAPS, turnover=Decimal("0.015")), inner, clock)
    first = broker.submit(approved(a_body(limit="90")))
    broker.cancel(first.id)
    clock.wait_until(START + seconds(2))

    broker.submit(approved(a_body(limit="90", attempt=2)))

    assert 2 == len(inner.orders(since=START))


class Hoarse(SimulatedBroker):
    """
    A broker that raises instead of answering.
    """

    answer: Exception

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        Raise.
        """
        del order
        raise self.answer


@pytest.mark.parametrize(
    ("answer", "is_counted"),
    [
        pytest.param(BrokerUnavailable("timeout"), True, id="no answer"),
        pytest.param(OrderRejected(code="403", reason="no"), False, id="definitely refused"),
    ],
)
def test_an_order_without_an_answer_counts(answer: Exception, is_counted: bool) -> None:
    """
    What may be at the broker counts against the caps, what it definitely refused does not.
    """
    clock = ManualClock(START)
    inner = a_broker(clock)
    hoarse = Hoarse.__new__(Hoarse)
    hoarse.__dict__.update(inner.__dict__)
    hoarse.answer = answer
    broker = guarded(replace(CAPS, orders_per_run=1), hoarse, clock)
    with pytest.raises(type(answer)):
        broker.submit(approved(a_body()))

    with pytest.raises((OrderRefused, type(answer))) as second:
        broker.submit(approved(a_body(attempt=2)))

    assert is_counted is isinstance(second.value, OrderRefused)


def test_the_same_id_again_is_not_counted_twice() -> None:
    """
    A send that is repeated under its id is held against the other orders only.
    """
    clock = ManualClock(START)
    inner = a_broker(clock)
    broker = guarded(replace(CAPS, orders_per_run=1), inner, clock)
    broker.submit(approved(a_body()))

    with pytest.raises(OrderRejected, match="unique"):
        broker.submit(approved(a_body()))
