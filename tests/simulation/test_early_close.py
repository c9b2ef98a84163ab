"""
The day after Thanksgiving, when the exchange closes at 13:00 in New York: every deadline moves with the close.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.suite import Ports
from alchemiser.application.start import start
from alchemiser.container.houses import open_house
from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.gate import ApprovedOrder, Limits, approve
from alchemiser.domain.execution.order import BrokerOrder, OrderStatus
from alchemiser.domain.execution.policy import deadlines
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Side, Symbol
from alchemiser.infrastructure.calendar import new_york
from support.builders import a_body, a_context, a_trade
from support.houses import environment

EVE = date(2026, 11, 25)
FRIDAY = date(2026, 11, 27)


def at(clock: str) -> datetime:
    """
    Return a time of that Friday in New York.
    """
    hour, minute, second = map(int, clock.split(":"))
    return datetime(2026, 11, 27, hour + 5, minute, second, tzinfo=UTC)


class Elsewhere(Quotes):
    """
    Quotes two percent above the market until the sells' time is over, two percent below from then on: nothing fills.
    """

    def __init__(self, inner: Quotes) -> None:
        self._inner = inner

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        See the port.
        """
        return {symbol: self._moved(quote) for symbol, quote in self._inner.latest(symbols).items()}

    @staticmethod
    def _moved(quote: Quote) -> Quote:
        factor = Decimal("1.02") if quote.at < at("12:51:00") else Decimal("0.98")
        return replace(quote, bid=quote.bid * factor, ask=quote.ask * factor)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """
    An account that never traded.
    """
    for name, value in environment({"OUTBOX__DIRECTORY": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with open_house("test") as house:
        yield house.ports


@pytest.fixture
def ports(fresh: Ports) -> Ports:
    """
    An account that traded the session before.
    """
    start(EVE, fresh)
    list(pump(fresh))
    return fresh


def orders_of_a_day(ports: Ports) -> tuple[BrokerOrder, ...]:
    run, _ = start(FRIDAY, ports)
    list(pump(ports))
    return ports.broker.orders(since=run.started_at)


def test_a_run_starts_a_quarter_of_an_hour_before_the_early_close(ports: Ports) -> None:
    """
    It begins at 12:45, completes, and its last order was sent before 12:57.
    """
    orders = orders_of_a_day(ports)

    (run, _) = ports.runs.runs()
    assert (at("12:45:00"), Outcome.SUCCESS) == (run.started_at, run.outcome)
    assert {Side.SELL, Side.BUY} == {order.body.side for order in orders}
    assert max(order.submitted_at for order in orders) < at("12:57:00")
    assert all(order.status.is_terminal for order in orders)


@pytest.mark.parametrize("clock", ["12:50:01", "13:00:00", "14:00:00"])
def test_a_start_after_ten_minutes_to_the_early_close_is_refused(fresh: Ports, clock: str) -> None:
    """
    What would be early enough on a whole day is too late.
    """
    fresh.clock.wait_until(at(clock))

    with pytest.raises(OrderRefused, match=r"start window rail.*to 17:50 UTC"):
        start(FRIDAY, fresh)


def test_the_latest_start_before_the_early_close_is_taken(fresh: Ports) -> None:
    """
    At 12:50 a run may still begin, and no order of it outlives 12:58:30 by more than a look.
    """
    fresh.clock.wait_until(at("12:50:00"))

    orders = orders_of_a_day(fresh)

    assert orders
    assert max(order.updated_at for order in orders) < at("12:58:32")


def test_what_never_fills_is_cancelled_before_the_early_close(ports: Ports) -> None:
    """
    Sells end at 12:51, buys begin then and end at 12:58:30, although each attempt might rest for an hour.
    """
    patient = replace(ports.rules.walk, rung_rest=timedelta(hours=1), poll=timedelta(seconds=20))
    rules = replace(ports.rules, walk=patient)

    orders = orders_of_a_day(replace(ports, rules=rules, quotes=Elsewhere(ports.quotes)))

    sells = [order for order in orders if order.body.side is Side.SELL]
    buys = [order for order in orders if order.body.side is Side.BUY]
    assert sells
    assert buys
    assert {OrderStatus.CANCELED} == {order.status for order in orders}
    assert all(at("12:51:00") <= order.updated_at < at("12:51:02") for order in sells)
    assert all(at("12:51:00") <= order.submitted_at < at("12:51:10") for order in buys)
    assert all(at("12:58:30") <= order.updated_at < at("12:58:32") for order in buys)


def test_the_gate_closes_with_the_early_close() -> None:
    """
    An order passes until the last second before 12:57, and at 12:57 the window's rail refuses it.
    """
    ends = deadlines(Side.BUY, session=new_york().session(FRIDAY), started_at=at("12:45:00"))
    context = replace(a_context(), opens_at=at("09:30:00"), now=at("12:56:59"), last_send=ends.last_send)

    passed = approve(a_body(), a_trade(), context, Limits())

    assert isinstance(passed, ApprovedOrder)
    with pytest.raises(OrderRefused, match="window rail"):
        approve(a_body(), a_trade(), replace(context, now=at("12:57:00")), Limits())
