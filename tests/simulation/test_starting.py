"""
What a start finds at the broker, and what it does before anything is traded.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.importing import IMPORTED
from alchemiser.application.ports.broker import Broker, BrokerClock
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import report_of
from alchemiser.application.start import Allow, following_session, start
from alchemiser.domain.errors import BrokerUnavailable, LedgerError, OrderRefused
from alchemiser.domain.events import Outcome, WorkflowCompleted
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, TradeStatus
from alchemiser.domain.ledger.book import positions
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import Action
from alchemiser.domain.values import Side, Symbol, price, shares, usd
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from simulation.test_rails import NEVER, a_house
from support.builders import a_body, approved

FIRST, SECOND = date(2026, 7, 31), date(2026, 8, 3)
ACCEPTED = frozenset({Allow.POSITIONS})


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    with a_house(tmp_path, monkeypatch) as ports:
        yield ports


def traded(day: date, ports: Ports, *, allowed: frozenset[Allow] = frozenset()) -> Run:
    """
    Run a session to its end.
    """
    run, _ = start(day, ports, allowed=allowed)
    list(pump(ports))
    return report_of(run.id, ports).run


class Skewed(BrokerClock):
    """
    A broker whose clock differs from ours.
    """

    def __init__(self, ports: Ports, *, ahead_s: float) -> None:
        self._ports = ports
        self._ahead = timedelta(seconds=ahead_s)

    def time(self) -> datetime:
        """
        Return our time and the difference.
        """
        return self._ports.clock.now() + self._ahead


class Changed(FaultyBroker):
    """
    A broker whose account looks otherwise.
    """

    def __init__(self, inner: Broker, look: Callable[[Account], Account]) -> None:
        super().__init__(inner, NEVER)
        self.look = look

    def account(self) -> Account:
        """
        Return the account, changed.
        """
        return self.look(super().account())


@pytest.mark.parametrize("ahead_s", [31, -31])
def test_clocks_far_apart_start_nothing(house: Ports, ahead_s: float) -> None:
    """
    More than 30 seconds between our clock and the broker's: no deadline can be trusted.
    """
    with pytest.raises(OrderRefused, match="clock rail"):
        start(FIRST, replace(house, broker_clock=Skewed(house, ahead_s=ahead_s)))

    assert () == house.broker.orders(since=house.clock.now() - timedelta(days=1))


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(1.9, ""), (-3, "3.0 s ahead of"), (3, "3.0 s behind")], ids=["near", "ahead", "behind"]
)
def test_clocks_a_little_apart_are_told_of(house: Ports, ahead_s: float, words: str) -> None:
    """
    From two seconds on the run says so in its report, and goes on.
    """
    run, _ = start(FIRST, replace(house, broker_clock=Skewed(house, ahead_s=ahead_s)))

    assert bool(words) == any("our clock" in note for note in run.notes)
    assert words in " ".join(run.notes)


def test_a_start_that_comes_too_late_is_recorded_as_skipped(house: Ports) -> None:
    """
    It is refused, and stands in the records with its reason and its one report; the next session goes on.
    """
    house.clock.wait_until(house.calendar.session(FIRST).closes_at - timedelta(minutes=9))

    with pytest.raises(OrderRefused, match="start window"):
        start(FIRST, house)

    (run,) = house.runs.runs()
    again, is_new = start(FIRST, house)
    told = [event for event in house.ledger.events(run.id) if isinstance(event, WorkflowCompleted)]
    assert (Outcome.SKIPPED, True) == (run.outcome, "start window" in run.detail)
    assert (run.id, False) == (again.id, is_new)
    assert [Outcome.SKIPPED] == [event.outcome for event in told]
    assert house.runs.report(run.id) is not None
    assert SECOND == following_session(house)
    assert Outcome.SUCCESS is traded(SECOND, house).outcome


def test_a_refused_start_is_recorded_once_and_stands_in_nobodys_way(house: Ports) -> None:
    """
    The run that was not started has its reason and its report; the same refusal again adds nothing; once the cause
    is mended the same session is traded.
    """
    house.switch.halt("looks odd", at=house.clock.now())
    for _ in range(2):
        with pytest.raises(OrderRefused, match="kill switch"):
            start(FIRST, house)
    refused = house.runs.runs()
    house.switch.lift(at=house.clock.now())

    run = traded(following_session(house), house)

    assert [Outcome.NOT_STARTED] == [one.outcome for one in refused]
    assert "looks odd" in refused[0].detail
    assert house.runs.report(refused[0].id) is not None
    assert (FIRST, Outcome.SUCCESS) == (run.session, run.outcome)
    assert run.id != refused[0].id


class Busy(FaultyBroker):
    """
    A broker that does not say whose account it is at its first looks; counts them.
    """

    def __init__(self, inner: Broker, *, looks: int) -> None:
        super().__init__(inner, NEVER)
        self.silent_looks, self.asked = looks, 0

    def account(self) -> Account:
        """
        Answer once the first looks are over.
        """
        self.asked += 1
        if self.asked <= self.silent_looks:
            raise BrokerUnavailable("429: too many requests")
        return super().account()


@pytest.mark.parametrize("looks", [1, 4])
def test_a_broker_that_is_silent_for_a_while_delays_the_start(house: Ports, looks: int) -> None:
    """
    It is asked again after a pause that doubles, and nobody is told of a run that was not started.
    """
    busy = replace(house, broker=Busy(house.broker, looks=looks))
    asked_at = house.calendar.session(FIRST).closes_at - house.rules.lead

    run = traded(FIRST, busy)

    assert Outcome.SUCCESS is run.outcome
    assert timedelta(seconds=2 * (2**looks - 1)) == run.started_at - asked_at
    assert [run.id] == [one.id for one in house.runs.runs(account=run.account, limit=9)]


def test_a_broker_that_stays_silent_starts_nothing(house: Ports) -> None:
    """
    After five looks the start is recorded as refused, with the broker's words; a later start trades.
    """
    busy = Busy(house.broker, looks=5)

    with pytest.raises(BrokerUnavailable, match="429"):
        start(FIRST, replace(house, broker=busy))

    (recorded,) = house.runs.runs(account=house.rules.account, limit=9)
    assert (5, Outcome.NOT_STARTED, "429: too many requests") == (busy.asked, recorded.outcome, recorded.detail)
    assert Outcome.SUCCESS is traded(FIRST, house).outcome


def test_a_silent_broker_is_no_late_start(house: Ports) -> None:
    """
    At the end of the window for a start the broker's words are recorded, and the session can be started again.
    """
    last = house.calendar.session(FIRST).closes_at - house.rules.latest_start
    house.clock.wait_until(last - timedelta(seconds=3))

    with pytest.raises(BrokerUnavailable, match="429"):
        start(FIRST, replace(house, broker=Busy(house.broker, looks=2)))

    (recorded,) = house.runs.runs(account=house.rules.account, limit=9)
    assert (Outcome.NOT_STARTED, "429: too many requests") == (recorded.outcome, recorded.detail)
    assert house.clock.now() <= last


def test_all_hold_is_a_success(house: Ports) -> None:
    """
    A run that finds everything as it is wanted trades nothing and succeeds.
    """
    traded(FIRST, house)
    rules = replace(house.rules, planning=replace(house.rules.planning, minimum_trade=usd("1000000")))

    run = traded(SECOND, replace(house, rules=rules))

    assert Outcome.SUCCESS is run.outcome
    assert "nothing to trade" in run.detail
    assert () == house.trades.trades(run.id)


def test_an_order_of_an_older_run_is_cancelled_before_the_next(house: Ports) -> None:
    """
    What still rests of a run that failed is cancelled to its end and booked, before the account is looked at.
    """
    failed = failed_in_mid_walk(house)
    rested = [order for order in house.broker.orders(since=failed.started_at) if not order.status.is_terminal]

    run, _ = start(SECOND, house)

    orders = house.broker.orders(since=failed.started_at)
    assert all(order.status.is_terminal for order in orders)
    assert TradeStatus.OPEN not in {trade.status for trade in house.trades.trades(failed.id)}
    booked = positions(house.ledger.entries())
    assert run.opening is not None
    assert booked == {symbol: held.quantity for symbol, held in run.opening.held().items()}
    assert len(rested) <= len(orders)


class Locked(FaultyBroker):
    """
    A broker that takes one order, and then no question any more.
    """

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner, Faults(kill_at=10**9, after=False))
        self.has_order = False

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        Take the order, and say nothing.
        """
        super().submit(order)
        self.has_order = True
        raise BrokerUnavailable("no answer")

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Raise once an order was taken.
        """
        if self.has_order:
            raise BrokerUnavailable("no answer")
        return super().orders(since=since)


def failed_in_mid_walk(ports: Ports) -> Run:
    """
    Run the first session with a broker that goes silent after the first order.
    """
    world = replace(ports, broker=Locked(ports.broker))
    run, _ = start(FIRST, world)
    list(islice(pump(world), 5_000))
    return report_of(run.id, ports).run


def test_an_order_nobody_could_resolve_is_found_after_the_run(house: Ports) -> None:
    """
    One minute after the report the broker answers again: the fills are booked, the report says what was found, the
    books agree, and no timer is left.
    """
    world = Silent(house.broker)
    run, _ = start(FIRST, replace(house, broker=world))
    ports = replace(house, broker=world)
    for _ in islice(pump(ports), 5_000):
        current = house.runs.run(run.id)
        if current is not None and current.outcome is not None:
            world.is_silent = False

    report = report_of(run.id, house)
    assert any("were found after the run had ended" in warning for warning in report.warnings), report.warnings
    assert {TradeStatus.UNRESOLVED} == {trade.status for trade in report.trades}
    held = {position.symbol: position.quantity for position in house.broker.account().positions}
    assert positions(report.fills) == held
    stored = house.runs.report(run.id)
    assert stored is not None
    assert "were found after the run had ended" in stored.text
    assert house.engine.next_due() is None


class Silent(FaultyBroker):
    """
    A broker that takes orders without a word and shows none of them, until it speaks again.
    """

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner, Faults(kill_at=10**9, after=False))
        self.is_silent = True

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        Take the order, and say nothing.
        """
        super().submit(order)
        raise BrokerUnavailable("no answer")

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Show nothing while silent.
        """
        return () if self.is_silent else super().orders(since=since)


def test_looks_for_what_is_unresolved_end_after_half_an_hour(house: Ports) -> None:
    """
    An order that stays unknown is looked up at 1, 5 and 30 minutes, and then at the next start.
    """
    world = Silent(house.broker)
    run, _ = start(FIRST, replace(house, broker=world))
    list(islice(pump(replace(house, broker=world)), 5_000))

    ended = report_of(run.id, house).run
    looks = [event.meta.occurred_at for event in house.ledger.events(run.id) if "LookUp" in type(event).__name__]
    assert ended.finished_at is not None
    assert 3 == len(looks)
    assert timedelta(minutes=30) == house.clock.now() - ended.finished_at

    with pytest.raises(LedgerError):
        start(SECOND, replace(house, broker=Changed(house.broker, lambda account: replace(account, positions=()))))
    assert positions(house.ledger.entries(run_id=run.id))


def test_a_deposit_is_told_and_is_no_error(house: Ports) -> None:
    """
    Cash that no trade explains is stored with the run and told; the run goes on.
    """
    traded(FIRST, house)
    rich = Changed(
        house.broker,
        lambda account: replace(account, cash=account.cash + usd("500"), equity=account.equity + usd("500")),
    )

    run, _ = start(SECOND, replace(house, broker=rich))

    assert usd("500") == run.cash_flow
    assert any("cash changed by +$500.00 beside our trades" in note for note in run.notes), run.notes


def test_a_foreign_order_holds_its_symbol_in_the_plan(house: Ports) -> None:
    """
    A symbol in which somebody else's order rests is not planned for; the others are.
    """
    house.clock.wait_until(house.calendar.session(FIRST).closes_at - timedelta(minutes=20))
    house.broker.submit(approved(replace(a_body("SPY", Side.BUY, "1", "1"), client_order_id="by-hand")))

    run = traded(FIRST, house)

    plan = house.runs.plan(run.id)
    assert plan is not None
    lines = {line.symbol: line for line in plan.lines}
    assert Action.HOLD is lines[Symbol("SPY")].action
    assert "somebody else's order" in lines[Symbol("SPY")].reason
    assert {Symbol("TLT")} == {trade.symbol for trade in house.trades.trades(run.id)}


def test_orders_that_the_records_do_not_know_are_imported_and_have_to_be_accepted(house: Ports) -> None:
    """
    After a restore: what was traded since is stored with its fills, every start is refused until the operator
    accepts, and the next run knows what it holds.
    """
    traded(FIRST, house)
    name = "alc1-TEST0001-20260803-rebalance-1-GLD-B-a1"
    house.clock.wait_until(house.calendar.session(SECOND).opens_at)
    ask = house.quotes.latest((Symbol("GLD"),))[Symbol("GLD")].ask
    limit = str((ask * 101 / 100).quantize(price("0.01").value))
    house.broker.submit(approved(replace(a_body("GLD", Side.BUY, "2", limit), client_order_id=name)))
    third = house.calendar.next(SECOND).day

    for _ in range(2):
        with pytest.raises(LedgerError, match="not in the records; they were imported"):
            start(third, house)
    (imported,) = [run for run in house.runs.runs() if run.code_version == IMPORTED]
    accepted, is_new = start(third, house, allowed=ACCEPTED)

    fills = house.ledger.entries(run_id=imported.id)
    assert [(Symbol("GLD"), shares("2"))] == [(fill.symbol, fill.cumulative) for fill in fills]
    assert is_new
    assert any("accepted" in note for note in accepted.notes)
    list(pump(house))
    assert Outcome.SUCCESS is report_of(accepted.id, house).run.outcome


def test_the_session_of_imported_orders_is_not_traded_again(house: Ports) -> None:
    """
    The ids of that session's run are taken at the broker: the session counts as run.
    """
    traded(FIRST, house)
    name = "alc1-TEST0001-20260803-rebalance-1-GLD-B-a1"
    house.clock.wait_until(house.calendar.session(SECOND).opens_at)
    house.broker.submit(approved(replace(a_body("GLD", Side.BUY, "2", "1"), client_order_id=name)))
    with pytest.raises(LedgerError, match="imported"):
        start(SECOND, house)

    run, is_new = start(SECOND, house, allowed=ACCEPTED)

    assert (IMPORTED, False) == (run.code_version, is_new)


def test_an_order_with_our_prefix_and_no_id_of_ours_stops_the_start(house: Ports) -> None:
    """
    What nobody here can have made is for the operator to look at.
    """
    traded(FIRST, house)
    house.clock.wait_until(house.calendar.session(SECOND).opens_at)
    house.broker.submit(approved(replace(a_body("GLD", Side.BUY, "2", "1"), client_order_id="alc1-surprise")))

    with pytest.raises(LedgerError, match="alc1-surprise"):
        start(SECOND, house)


def test_no_run_starts_beside_another(house: Ports) -> None:
    """
    While a run of the account goes on the next session is refused: its orders may be live.
    """
    start(FIRST, house)

    with pytest.raises(OrderRefused, match="one run at a time"):
        start(SECOND, house)
