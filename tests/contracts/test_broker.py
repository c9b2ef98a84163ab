"""
What every broker owes.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.application.ports.broker import Broker
from alchemiser.domain.errors import DuplicateClientOrderId, InsufficientBuyingPower, OrderRejected
from alchemiser.domain.execution.order import BrokerOrder, OrderStatus
from alchemiser.domain.portfolio.account import Position
from alchemiser.domain.values import Money, Side, Symbol, shares, usd
from alchemiser.infrastructure.guard import Caps, GuardedBroker
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import CLOSE, OPEN, SPY, START, a_body, an_asset, approved
from support.venues import Reopened, a_broker, seconds

CROSSING, ASIDE = "100.50", "50.00"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


class BrokerContract:
    """
    Brokers in which SPY and TLT stand at 99.90 to 100.10, with 100,000 dollars and nothing held.
    """

    def filled(self, broker: Broker, clock: ManualClock, quantity: str = "10") -> BrokerOrder:
        """
        Buy SPY across the spread and wait until it filled.
        """
        broker.submit(approved(a_body(quantity=quantity, limit=CROSSING)))
        clock.wait_until(clock.now() + seconds(20))
        return broker.orders(since=START)[0]

    def test_new_account_holds_cash_only(self, broker: Broker) -> None:
        """
        Cash, equity and buying power are what the account was opened with.
        """
        account = broker.account()

        assert (usd("100000"),) * 3 == (account.cash, account.equity, account.buying_power)
        assert () == account.positions

    def test_unknown_assets_are_absent(self, broker: Broker) -> None:
        """
        A symbol that does not exist is left out.
        """
        known = broker.assets([SPY, Symbol("NONE")])

        assert {SPY: an_asset()} == known

    def test_accepted_order_is_shown_as_it_was_sent(self, broker: Broker) -> None:
        """
        The answer to a send and the list of orders show the same body, working, nothing filled.
        """
        body = a_body(quantity="1.5", limit=ASIDE)

        answer = broker.submit(approved(body))

        assert (answer,) == broker.orders(since=START)
        assert (body, OrderStatus.NEW, shares("0"), None) == (
            answer.body,
            answer.status,
            answer.filled,
            answer.filled_average,
        )

    def test_crossing_order_fills_within_its_limit(self, broker: Broker, clock: ManualClock) -> None:
        """
        A buy above the ask fills whole, at the ask and not at its limit.
        """
        order = self.filled(broker, clock)

        assert (OrderStatus.FILLED, shares("10")) == (order.status, order.filled)
        assert order.filled_average is not None
        assert Decimal("100.10") == order.filled_average.value

    def test_fill_moves_cash_and_position_exactly(self, broker: Broker, clock: ManualClock) -> None:
        """
        Cash falls by the shares times their price; the shares are held and available.
        """
        self.filled(broker, clock, "0.123456789")

        account = broker.account()

        assert usd("100000") - Money(Decimal("100.10") * Decimal("0.123456789")) == account.cash
        quantity = shares("0.123456789")
        assert (Position(symbol=SPY, quantity=quantity, available=quantity),) == account.positions

    def test_equity_counts_positions_at_the_middle(self, broker: Broker, clock: ManualClock) -> None:
        """
        Ten shares bought at 100.10 are worth 100.00 each.
        """
        self.filled(broker, clock)

        assert usd("99999.00") == broker.account().equity

    def test_equity_stands_still_after_the_close(self, broker: Broker, clock: ManualClock) -> None:
        """
        Outside the market's hours positions count at the last close.
        """
        self.filled(broker, clock)
        clock.wait_until(CLOSE + seconds(3600 * 30))

        assert usd("99999.00") == broker.account().equity

    def test_client_id_is_unique_for_ever(self, broker: Broker, clock: ManualClock) -> None:
        """
        The same id is refused while the order works and after it was cancelled.
        """
        body = a_body(limit=ASIDE)
        order = broker.submit(approved(body))
        with pytest.raises(DuplicateClientOrderId):
            broker.submit(approved(body))
        broker.cancel(order.id)
        clock.wait_until(clock.now() + seconds(5))

        with pytest.raises(DuplicateClientOrderId):
            broker.submit(approved(body))

    def test_rejected_id_stays_free(self, broker: Broker) -> None:
        """
        An order that was refused leaves no trace.
        """
        with pytest.raises(InsufficientBuyingPower):
            broker.submit(approved(a_body(quantity="3000")))

        assert () == broker.orders(since=START)
        assert OrderStatus.NEW is broker.submit(approved(a_body(limit=ASIDE))).status

    def test_open_buys_reserve_buying_power(self, broker: Broker) -> None:
        """
        A resting buy takes its limit times quantity from buying power, not from cash.
        """
        broker.submit(approved(a_body(quantity="1900", limit=ASIDE)))

        account = broker.account()

        assert (usd("100000"), usd("5000.00")) == (account.cash, account.buying_power)
        with pytest.raises(InsufficientBuyingPower, match="insufficient buying power"):
            broker.submit(approved(a_body("TLT", quantity="101", limit=ASIDE)))

    def test_open_sells_reserve_shares(self, broker: Broker, clock: ManualClock) -> None:
        """
        A resting sell makes its shares unavailable to another one.
        """
        self.filled(broker, clock)
        broker.submit(approved(a_body(side=Side.SELL, quantity="6", limit="150.00")))

        assert shares("4") == broker.account().positions[0].available
        with pytest.raises(OrderRejected, match="insufficient qty available"):
            broker.submit(approved(a_body(side=Side.SELL, quantity="4.1", limit="150.00", attempt=2)))

    def test_sold_out_position_is_gone(self, broker: Broker, clock: ManualClock) -> None:
        """
        Selling exactly what is available leaves zero shares.
        """
        self.filled(broker, clock, "0.123456789")
        broker.submit(approved(a_body(side=Side.SELL, quantity="0.123456789", limit="99.00")))
        clock.wait_until(clock.now() + seconds(20))

        assert () == broker.account().positions

    def test_cancel_ends_a_resting_order(self, broker: Broker, clock: ManualClock) -> None:
        """
        After a cancel the order becomes terminal and gives back what it reserved.
        """
        order = broker.submit(approved(a_body(quantity="1900", limit=ASIDE)))
        broker.cancel(order.id)
        clock.wait_until(clock.now() + seconds(5))

        assert OrderStatus.CANCELED is broker.orders(since=START)[0].status
        assert usd("100000") == broker.account().buying_power

    def test_cancel_of_a_finished_order_is_no_error(self, broker: Broker, clock: ManualClock) -> None:
        """
        A cancel that comes too late changes nothing, and so does one for an order nobody knows.
        """
        order = self.filled(broker, clock)

        broker.cancel(order.id)
        broker.cancel("nobody-knows")

        assert (order,) == broker.orders(since=START)

    def test_day_order_expires_at_the_close(self, broker: Broker, clock: ManualClock) -> None:
        """
        What rests at the close of its session is expired then.
        """
        broker.submit(approved(a_body(limit=ASIDE)))
        clock.wait_until(CLOSE)

        order = broker.orders(since=START)[0]

        assert (OrderStatus.EXPIRED, CLOSE) == (order.status, order.updated_at)

    def test_orders_are_listed_from_an_instant_oldest_first(self, broker: Broker, clock: ManualClock) -> None:
        """
        The instant itself is included, and order is that of sending.
        """
        broker.submit(approved(a_body(limit=ASIDE)))
        clock.wait_until(START + seconds(10))
        broker.submit(approved(a_body("TLT", limit=ASIDE)))
        broker.submit(approved(a_body(limit=ASIDE, attempt=2)))

        symbols = [[order.body.symbol for order in broker.orders(since=since)] for since in (START, clock.now())]

        assert [["SPY", "TLT", "SPY"], ["TLT", "SPY"]] == symbols

    @pytest.mark.parametrize(
        ("symbol", "quantity", "limit", "message"),
        [
            pytest.param("NONE", "1", "100", "could not find asset", id="unknown"),
            pytest.param("HALT", "1", "100", "is not tradable", id="not tradable"),
            pytest.param("KMLM", "1.5", "100", "is not fractionable", id="fraction of a whole-share fund"),
            pytest.param("SPY", "1", "100.001", "sub-penny", id="sub-penny"),
            pytest.param("SPY", "0.001", "100", "minimal amount of order", id="less than a dollar"),
            pytest.param("SPY", "1.0000000001", "100", "9 decimals", id="too fine"),
        ],
    )
    def test_impossible_orders_are_rejected(
        self, broker: Broker, symbol: str, quantity: str, limit: str, message: str
    ) -> None:
        """
        What the exchange does not take is definitely refused, with the reason.
        """
        with pytest.raises(OrderRejected, match=message):
            broker.submit(approved(a_body(symbol, quantity=quantity, limit=limit)))

    def test_wash_trade_is_rejected(self, broker: Broker, clock: ManualClock) -> None:
        """
        A buy is refused while a sell of the same symbol works.
        """
        self.filled(broker, clock)
        broker.submit(approved(a_body(side=Side.SELL, limit="150.00")))

        with pytest.raises(OrderRejected, match="wash trade"):
            broker.submit(approved(a_body(limit=ASIDE, attempt=2)))

    @pytest.mark.parametrize(
        "instant", [pytest.param(CLOSE, id="at the close"), pytest.param(CLOSE + seconds(86_400), id="Saturday")]
    )
    def test_closed_market_takes_no_order(self, broker: Broker, clock: ManualClock, instant: datetime) -> None:
        """
        Outside the session an order is refused, never kept for the next one.
        """
        clock.wait_until(instant)

        with pytest.raises(OrderRejected, match="the market is closed"):
            broker.submit(approved(a_body(limit=ASIDE)))


class TestSimulatedBrokerInMemory(BrokerContract):
    """
    The simulated broker, in memory.
    """

    @pytest.fixture
    def broker(self, clock: ManualClock) -> Iterator[Broker]:
        broker = a_broker(clock)
        yield broker
        broker.close()


class TestSimulatedBrokerReopened(BrokerContract):
    """
    The simulated broker, opened from its file for each call.
    """

    @pytest.fixture
    def broker(self, clock: ManualClock, tmp_path: Path) -> Broker:
        return Reopened(clock, tmp_path / "broker.sqlite3")


class TestGuardedBroker(BrokerContract):
    """
    The simulated broker behind caps that nothing here reaches.
    """

    @pytest.fixture
    def broker(self, clock: ManualClock) -> Iterator[Broker]:
        broker = a_broker(clock)
        caps = Caps(
            order_notional=usd("1000000"),
            order_fraction=Decimal(10),
            orders_per_run=500,
            orders_per_minute=120,
            turnover=Decimal(10),
            gross_exposure=Decimal(10),
        )
        yield GuardedBroker(broker, caps, clock=clock)
        broker.close()


def test_the_broker_s_clock_is_the_one_it_matches_by() -> None:
    """
    The simulated broker tells the time of its market.
    """
    clock = ManualClock(START)
    broker = a_broker(clock)

    assert START == broker.time()
    broker.close()


def test_a_session_earlier_than_the_opening_takes_no_order() -> None:
    """
    Before the opening bell the simulated market is closed too.
    """
    clock = ManualClock(OPEN - seconds(1))
    broker = a_broker(clock)

    with pytest.raises(OrderRejected, match="the market is closed: it trades from 13:30 to 20:00 UTC"):
        broker.submit(approved(a_body(limit=ASIDE)))
    broker.close()
