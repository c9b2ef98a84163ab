"""
Every rail, through the entry point: a run is started and pumped, and the rail stops what it is there to stop.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import report_of
from alchemiser.application.start import start
from alchemiser.container.houses import open_house
from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import BrokerOrder, OrderBody, OrderStatus, TradeStatus
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Side, Symbol, price, shares, usd
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from support.houses import environment

DAY = date(2026, 7, 31)
SPY = Symbol("SPY")
NEVER = Faults(kill_at=10**9, after=False)
_BOOK = """
[[strategy]]
file = "pair.clj"
allocation = "1"
"""
_PAIR = '(defsymphony "Pair" {} (weight-specified 0.7 (asset "SPY") 0.3 (asset "TLT")))'

Change: TypeAlias = Callable[[Ports], Ports]


@contextmanager
def a_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Ports]:
    """
    Open the test profile's world on a book of two funds.
    """
    (tmp_path / "pair.clj").write_text(_PAIR)
    (tmp_path / "portfolio.toml").write_text(_BOOK)
    places = {
        "OUTBOX__DIRECTORY": str(tmp_path / "outbox"),
        "HALT__FILE": str(tmp_path / "HALT"),
        "STRATEGIES__PORTFOLIO": str(tmp_path / "portfolio.toml"),
    }
    for name, value in environment(places | settings).items():
        monkeypatch.setenv(name, value)
    with open_house("test") as house:
        yield house.ports


class Crowded(FaultyBroker):
    """
    A broker that shows orders which this run did not send.
    """

    def __init__(self, inner: Broker, others: Callable[[], tuple[BrokerOrder, ...]]) -> None:
        super().__init__(inner, NEVER)
        self._others = others

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Return the broker's orders and the others.
        """
        return (*super().orders(since=since), *self._others())


class Turned(FaultyBroker):
    """
    A broker whose account looks otherwise once trades are made.
    """

    def __init__(self, ports: Ports, look: Callable[[Account], Account]) -> None:
        super().__init__(ports.broker, NEVER)
        self._ports = ports
        self._look = look

    def account(self) -> Account:
        """
        Return the account, changed once the run has its plan.
        """
        account = super().account()
        return self._look(account) if _trades(self._ports) else account


def _trades(ports: Ports) -> dict[Symbol, str]:
    runs = ports.runs.runs(limit=1)
    return {trade.symbol: trade.id for trade in ports.trades.trades(runs[0].id)} if runs else {}


def an_other(
    ports: Ports, name: str, side: Side, *, quantity: str = "", status: OrderStatus
) -> tuple[BrokerOrder, ...]:
    """
    Return an order in SPY that was sent ten seconds ago, of the quantity of the run's own unless told otherwise.
    """
    if SPY not in _trades(ports):
        return ()
    own = next(trade for trade in ports.trades.trades(ports.runs.runs(limit=1)[0].id) if trade.symbol == SPY)
    wanted = shares(quantity) if quantity else own.planned
    is_filled = status is OrderStatus.FILLED
    return (
        BrokerOrder(
            id="other",
            body=OrderBody(
                client_order_id=name.format(run=own.run_id), symbol=SPY, side=side, quantity=wanted, limit=price("1")
            ),
            status=status,
            filled=wanted if is_filled else shares("0"),
            filled_average=price("1") if is_filled else None,
            submitted_at=ports.clock.now() - timedelta(seconds=10),
            updated_at=ports.clock.now(),
        ),
    )


def crowded(name: str, side: Side, *, quantity: str = "", status: OrderStatus) -> Change:
    """
    Return what puts another order into the account.
    """
    return lambda ports: replace(
        ports,
        broker=Crowded(ports.broker, lambda: an_other(ports, name, side, quantity=quantity, status=status)),
    )


def turned(look: Callable[[Account], Account]) -> Change:
    """
    Return what changes the account in mid-run.
    """
    return lambda ports: replace(ports, broker=Turned(ports, look))


def limited(**changes: object) -> Change:
    """
    Return what changes a limit that no profile can set so.
    """

    def change(ports: Ports) -> Ports:
        limits = replace(ports.rules.limits, **changes)  # type: ignore[arg-type]  # the names are checked by replace
        return replace(ports, rules=replace(ports.rules, limits=limits))

    return change


def same(ports: Ports) -> Ports:
    """
    Change nothing.
    """
    return ports


OURS = f"{ORDER_PREFIX}{{run}}-SPY-S-a1"


@pytest.mark.parametrize(
    ("rail", "settings", "change"),
    [
        pytest.param("allowlist", {"GATE__ALLOWED": '["TLT"]'}, same, id="allowlist"),
        pytest.param("notional", {"GATE__ORDER_NOTIONAL": "50000"}, same, id="order in dollars"),
        pytest.param("equity", {"GATE__ORDER_FRACTION": "0.5"}, same, id="order of equity"),
        pytest.param("orders per run", {"GATE__ORDERS_PER_RUN": "1"}, same, id="orders per run"),
        pytest.param("turnover", {"GATE__TURNOVER": "0.5"}, same, id="turnover"),
        pytest.param("collar", {}, limited(collar=Decimal("0.000001")), id="collar"),
        pytest.param(
            "account", {}, turned(lambda account: replace(account, id="LIVE0001")), id="answers for another account"
        ),
        pytest.param("account", {}, turned(lambda account: replace(account, blocked="by hand")), id="blocked account"),
        pytest.param(
            "duplicate", {}, crowded("by-hand", Side.BUY, status=OrderStatus.FILLED), id="the same order by hand"
        ),
        pytest.param("side", {}, crowded(OURS, Side.SELL, status=OrderStatus.CANCELED), id="both sides in one run"),
        pytest.param(
            "foreign order", {}, crowded("by-hand", Side.SELL, quantity="1", status=OrderStatus.NEW), id="foreign order"
        ),
    ],
)
def test_rail_refuses_an_order_of_a_run(
    rail: str, settings: dict[str, str], change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is beyond a rail is not sent: its trade fails and names the rail, the run ends partial with its report.
    """
    with a_house(tmp_path, monkeypatch, **settings) as house:
        ports = change(house)
        run, _ = start(DAY, ports)
        assert list(pump(ports))

        report = report_of(run.id, house)
        failed = [trade for trade in report.trades if f"refused by the {rail} rail" in trade.reason]

        assert failed, [(trade.symbol, trade.status, trade.reason) for trade in report.trades]
        assert {TradeStatus.FAILED} == {trade.status for trade in failed}
        assert [] == [fill for fill in report.fills if fill.trade_id in {trade.id for trade in failed}]
        assert Outcome.PARTIAL is report.run.outcome
        assert house.runs.report(run.id) is not None


def test_a_foreign_order_blocks_its_symbol_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The other symbol of the plan is traded as if nothing were.
    """
    with a_house(tmp_path, monkeypatch) as house:
        ports = crowded("by-hand", Side.SELL, quantity="1", status=OrderStatus.NEW)(house)
        run, _ = start(DAY, ports)
        assert list(pump(ports))

        status = {trade.symbol: trade.status for trade in house.trades.trades(run.id)}

        assert {SPY: TradeStatus.FAILED, Symbol("TLT"): TradeStatus.DONE} == status


@pytest.mark.parametrize(
    ("settings", "rail"),
    [
        pytest.param({"GATE__ORDERS_PER_MINUTE": "1"}, "orders per minute", id="orders per minute"),
        pytest.param({"GATE__GROSS_EXPOSURE": "0.5"}, "gross exposure", id="gross exposure"),
    ],
)
def test_rail_holds_an_order_back(
    settings: dict[str, str], rail: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What may pass later waits for its time: never is one order too many at the broker.
    """
    with a_house(tmp_path, monkeypatch, **settings) as house:
        run, _ = start(DAY, house)
        held_back = 0
        for _ in pump(house):
            held_back += any(f"refused by the {rail} rail" in one.reason for one in house.trades.trades(run.id))

        orders = house.broker.orders(since=run.started_at)
        opening = house.runs.run(run.id)
        assert opening is not None
        assert opening.opening is not None
        sent = sorted(order.submitted_at for order in orders)
        gaps = [later - earlier for earlier, later in pairwise(sent)]
        assert held_back
        if rail == "orders per minute":
            assert all(gap >= timedelta(seconds=50) for gap in gaps)
        else:
            bought = sum((fill.price * fill.quantity for fill in house.ledger.entries()), usd("0"))
            assert bought <= opening.opening.equity * Decimal("0.5")


def test_kill_switch_in_mid_run_ends_it_with_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Turned on while orders rest: nothing is sent any more, what rests is cancelled and booked, the run ends.
    """
    with a_house(tmp_path, monkeypatch) as house:
        run, _ = start(DAY, house)
        halted_at = None
        for _ in pump(house):
            if halted_at is None and house.broker.orders(since=run.started_at):
                house.switch.halt("looks odd", at=house.clock.now())
                halted_at = house.clock.now()

        report = report_of(run.id, house)
        orders = house.broker.orders(since=run.started_at)
        assert halted_at is not None
        assert all(order.submitted_at <= halted_at for order in orders)
        assert all(order.status.is_terminal for order in orders)
        assert Outcome.PARTIAL is report.run.outcome
        assert any("kill switch" in warning for warning in report.warnings)
        assert house.runs.report(run.id) is not None


class Braked(FaultyBroker):
    """
    A broker that turns the kill switch on as it takes its first order.
    """

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports.broker, NEVER)
        self._ports = ports

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Look, and let somebody halt after the look.
        """
        found = super().orders(since=since)
        if _trades(self._ports):
            self._ports.switch.halt("between look and send", at=self._ports.clock.now())
        return found


def test_kill_switch_is_read_before_every_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Turned on after the look that decided, before the send: the committed order does not go out.
    """
    with a_house(tmp_path, monkeypatch) as house:
        ports = replace(house, broker=Braked(house))
        run, _ = start(DAY, ports)
        assert list(pump(ports))

        trades = house.trades.trades(run.id)
        assert () == house.broker.orders(since=run.started_at)
        assert all(trade.status is TradeStatus.INCOMPLETE for trade in trades)
        assert all("kill switch" in trade.reason for trade in trades)
        assert any(trade.intents for trade in trades)


@pytest.mark.parametrize(
    ("rail", "look"),
    [
        pytest.param("account", lambda account: replace(account, id="LIVE0001"), id="another account"),
        pytest.param("account", lambda account: replace(account, blocked="trading_blocked"), id="blocked"),
    ],
)
def test_account_that_may_not_trade_starts_no_run(
    rail: str, look: Callable[[Account], Account], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Keys of another account, or an account that the broker blocked: nothing is planned.
    """

    class Other(FaultyBroker):
        def account(self) -> Account:
            return look(super().account())

    with a_house(tmp_path, monkeypatch) as house:
        with pytest.raises(OrderRefused) as refusal:
            start(DAY, replace(house, broker=Other(house.broker, NEVER)))

        assert rail == refusal.value.rail
        assert () == house.broker.orders(since=house.clock.now() - timedelta(days=1))


def test_caps_hold_at_the_broker_when_the_gate_is_blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With a gate that lets every size pass, the second look at the broker's door stops the order by itself.
    """
    with a_house(tmp_path, monkeypatch, GATE__ORDER_NOTIONAL="50000") as house:
        ports = limited(order_notional=usd("1000000"))(house)
        run, _ = start(DAY, ports)
        assert list(pump(ports))

        reasons = {trade.symbol: trade.reason for trade in house.trades.trades(run.id)}
        assert "refused by the notional (at the broker) rail" in reasons[SPY]
        assert {Symbol("TLT")} == {order.body.symbol for order in house.broker.orders(since=run.started_at)}
