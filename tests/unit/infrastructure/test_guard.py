"""
The caps at the broker's door, whatever the gate let pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import BrokerUnavailable, DuplicateClientOrderId, OrderRefused, OrderRejected
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, OrderStatus
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.values import Side, Symbol, usd
from alchemiser.infrastructure.guard import Caps, GuardedBroker
from alchemiser.infrastructure.simulation.broker import SimulatedBroker
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import START, a_body, after, an_account, an_asset, an_order, approved
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
        pytest.param(DuplicateClientOrderId(code="40010001", reason="unique"), True, id="known already"),
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


class Told(Broker):
    """
    A broker that shows what it is told to show, and takes every order.
    """

    def __init__(self, *orders: BrokerOrder, cash: str = "100000") -> None:
        self._orders = orders
        self._account = an_account(cash=cash, equity="100000")
        self.taken: list[str] = []
        self.reads = 0

    def account(self) -> Account:
        """
        See the port.
        """
        self.reads += 1
        return self._account

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        See the port.
        """
        return {symbol: an_asset(symbol) for symbol in symbols}

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        self.taken.append(order.body.client_order_id)
        return an_order(order.body)

    def cancel(self, order_id: str) -> None:
        """
        See the port.
        """
        self.taken.append(f"not {order_id}")

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        return tuple(order for order in self._orders if order.submitted_at >= since)


def at_the_door(caps: Caps, *orders: BrokerOrder, cash: str = "100000", side: Side = Side.BUY, at: float = 0) -> str:
    """
    Return the cap that keeps an order of ten at a hundred from going out beside others, empty when none does.
    """
    order = approved(a_body(side=side, limit="100", attempt=9))
    rail = told_by(GuardedBroker(Told(*orders, cash=cash), caps, clock=ManualClock(after(at))), order)
    return rail.removesuffix(" (at the broker)")


TWO = (an_order(a_body(limit="100")), an_order(a_body("TLT", limit="100")))
PART = an_order(a_body(limit="100", attempt=2), OrderStatus.CANCELED, filled="4", average="90")
HALF = an_order(a_body(limit="100"), OrderStatus.PARTIALLY_FILLED, filled="5", average="90")
HAND = an_order(replace(a_body(limit="100"), client_order_id="by-hand"))
SOLD = an_order(a_body(side=Side.SELL, limit="100"))
ANOTHER_RUN = an_order(replace(a_body(limit="100"), client_order_id="alc1-TEST0001-20260731-rebalance-2-SPY-B-a1"))


@pytest.mark.parametrize(
    ("cap", "within", "beyond"),
    [
        pytest.param(
            "notional",
            (replace(CAPS, order_notional=usd("1000")), ()),
            (replace(CAPS, order_notional=usd("999.99")), ()),
            id="dollars",
        ),
        pytest.param(
            "equity",
            (replace(CAPS, order_fraction=Decimal("0.01")), ()),
            (replace(CAPS, order_fraction=Decimal("0.009999")), ()),
            id="of equity",
        ),
        pytest.param(
            "orders per run",
            (replace(CAPS, orders_per_run=3), TWO),
            (replace(CAPS, orders_per_run=2), TWO),
            id="of a run",
        ),
        pytest.param(
            "orders per run",
            (replace(CAPS, orders_per_run=1), (HAND, ANOTHER_RUN)),
            (replace(CAPS, orders_per_run=1), (SOLD,)),
            id="of this run only",
        ),
        pytest.param(
            "orders per minute",
            (replace(CAPS, orders_per_minute=2), (HAND, ANOTHER_RUN)),
            (replace(CAPS, orders_per_minute=1), (HAND, ANOTHER_RUN)),
            id="of ours in a minute",
        ),
        pytest.param(
            "turnover",
            (replace(CAPS, turnover=Decimal("0.03")), TWO),
            (replace(CAPS, turnover=Decimal("0.029999")), TWO),
            id="bought on a day",
        ),
        pytest.param(
            "turnover",
            (replace(CAPS, turnover=Decimal("0.01360")), (PART, HAND, SOLD)),
            (replace(CAPS, turnover=Decimal("0.01359")), (PART, HAND, SOLD)),
            id="what a cancelled order filled",
        ),
        pytest.param(
            "turnover",
            (replace(CAPS, turnover=Decimal("0.01950")), (HALF,)),
            (replace(CAPS, turnover=Decimal("0.01949")), (HALF,)),
            id="what was filled and what rests",
        ),
        pytest.param(
            "gross exposure",
            (replace(CAPS, gross_exposure=Decimal("0.03")), (*TWO, SOLD, PART)),
            (replace(CAPS, gross_exposure=Decimal("0.029999")), (*TWO, SOLD, PART)),
            id="what buys may add",
        ),
        pytest.param(
            "gross exposure",
            (replace(CAPS, gross_exposure=Decimal("0.02500")), (HALF, HAND)),
            (replace(CAPS, gross_exposure=Decimal("0.02499")), (HALF, HAND)),
            id="whoever's buys",
        ),
    ],
)
def test_the_edge_of_a_cap_is_inside(
    cap: str, within: tuple[Caps, tuple[BrokerOrder, ...]], beyond: tuple[Caps, tuple[BrokerOrder, ...]]
) -> None:
    """
    What is exactly allowed beside what the broker shows goes out, the next step beyond it does not.
    """
    assert ["", cap] == [at_the_door(caps, *orders) for caps, orders in (within, beyond)]


def test_what_is_held_counts_as_exposure_of_buys_only() -> None:
    """
    Equity that is not cash is held; a sell is never kept back by what is held.
    """
    caps = replace(CAPS, gross_exposure=Decimal("0.51"))

    assert ["", "gross exposure", ""] == [
        at_the_door(caps, cash="50000"),
        at_the_door(caps, cash="49999.99"),
        at_the_door(caps, cash="0", side=Side.SELL),
    ]


@pytest.mark.parametrize(("age_s", "cap"), [(49.9, "orders per minute"), (50, "")])
def test_a_minute_ends_before_the_gates_does(age_s: float, cap: str) -> None:
    """
    Fifty seconds: clocks of two machines differ, and the gate's own minute is the one to be met.
    """
    assert cap == at_the_door(replace(CAPS, orders_per_minute=1), ANOTHER_RUN, at=age_s)


@pytest.mark.parametrize(("hours", "cap"), [(16, "orders per run"), (16.01, "")])
def test_a_day_is_as_long_as_a_trading_day_with_its_edges(hours: float, cap: str) -> None:
    """
    An order of the same id's run counts for sixteen hours.
    """
    assert cap == at_the_door(replace(CAPS, orders_per_run=1), SOLD, at=hours * 3600)


@pytest.mark.parametrize(("hours", "is_counted"), [(15.99, True), (16, False)])
def test_an_order_that_is_not_shown_counts_for_a_day(hours: float, is_counted: bool) -> None:
    """
    What was sent and is not seen at the broker is remembered as long as what is.
    """
    clock, inner = ManualClock(START), Told()
    broker = GuardedBroker(inner, replace(CAPS, orders_per_run=1), clock=clock)
    broker.submit(approved(a_body()))
    clock.wait_until(after(hours * 3600))

    rail = told_by(broker, approved(a_body(attempt=2)))

    assert is_counted is bool(rail)
    assert (1 if is_counted else 2) == len(inner.taken)


def test_the_books_are_read_again_after_twenty_seconds() -> None:
    """
    Until then what was sent meanwhile is counted, and the broker is not asked.
    """
    clock, inner = ManualClock(START), Told()
    broker = GuardedBroker(inner, CAPS, clock=clock)
    reads = []
    for attempt, seconds_ in enumerate((0, 0, 20, 20.5, 40), start=1):
        clock.wait_until(after(seconds_))
        broker.submit(approved(a_body(attempt=attempt)))
        reads.append(inner.reads)

    assert [1, 1, 1, 2, 2] == reads


class Wound(Clock):
    """
    A clock that is wound by hand, backwards too.
    """

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """
        See the port.
        """
        return self.at

    def wait_until(self, instant: datetime) -> None:
        """
        See the port.
        """
        self.at = instant


def test_the_books_are_read_again_when_the_clock_went_back() -> None:
    """
    How old they are is not known then.
    """
    clock, inner = Wound(), Told()
    broker = GuardedBroker(inner, CAPS, clock=clock)
    broker.submit(approved(a_body()))
    clock.at = after(-1)

    broker.submit(approved(a_body(attempt=2)))

    assert 2 == inner.reads


def test_everything_else_passes_through() -> None:
    """
    Account, assets, orders and cancels are the broker's own.
    """
    inner = Told(*TWO)
    broker = GuardedBroker(inner, CAPS, clock=ManualClock(START))

    broker.cancel("order-1")

    assert ["not order-1"] == inner.taken
    assert inner.account() == broker.account()
    assert inner.assets([Symbol("SPY")]) == broker.assets([Symbol("SPY")])
    assert (TWO, ()) == (broker.orders(since=START), broker.orders(since=after(1)))


def test_a_refusal_at_the_door_says_what_was_found() -> None:
    """
    The cap, what it allows, what was found and the order's id.
    """
    broker = GuardedBroker(Told(*TWO), replace(CAPS, orders_per_run=2), clock=ManualClock(START))
    order = approved(a_body(limit="100", attempt=9))

    with pytest.raises(OrderRefused) as refusal:
        broker.submit(order)

    expected = "refused by the orders per run (at the broker) rail: 3, allowed is 2"
    assert f"{order.body.client_order_id}: {expected}" == str(refusal.value)
