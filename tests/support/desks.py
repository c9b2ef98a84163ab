"""
A desk for tests of executions: a planned run in a real database, a simulated broker, and a clock to move.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from alchemiser.application.execute import TickResult, tick
from alchemiser.application.ports.suite import Ports, Rules
from alchemiser.domain.events import Phase
from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.execution.phase import trades_of
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.values import Side, Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.outbox.files import OutboxFolder
from alchemiser.infrastructure.reports.renderer import TemplateRenderer
from alchemiser.infrastructure.simulation.clock import ManualClock
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.records import SqlLedger, SqlRuns
from alchemiser.infrastructure.sql.switch import SqlSwitch
from alchemiser.infrastructure.sql.trades import SqlTrades
from alchemiser.infrastructure.strategy_files import StrategyFiles
from alchemiser.infrastructure.switch import Switches
from support.builders import DAY, OPEN, RUN, START, a_body, a_plan, a_policy, approved
from support.records import a_run
from support.venues import DrawnQuotes, a_broker, seconds

RULES = Rules(
    profile="test",
    account="TEST0001",
    kind="rebalance",
    first_session=DAY,
    planning=a_policy(),
    walk=WalkPolicy(),
    limits=Limits(),
    lead=timedelta(minutes=15),
    latest_start=timedelta(minutes=10),
)


@contextmanager
def a_desk(
    weights: Mapping[str, str], *, held: Mapping[str, str] | None = None, whole: tuple[str, ...] = (), seed: int = 7
) -> Iterator[Ports]:
    """
    Open a desk at the start of a run whose plan is stored; everything is priced at 100, equity is about 100,000.
    """
    clock = ManualClock(OPEN)
    quotes = DrawnQuotes(clock)
    broker = a_broker(clock, seed=seed, quotes=quotes)
    for symbol, quantity in (held or {}).items():
        bought_by_hand = replace(a_body(symbol, Side.BUY, quantity, "101.00"), client_order_id=f"by-hand-{symbol}")
        broker.submit(approved(bought_by_hand))
        clock.wait_until(clock.now() + seconds(60))
    clock.wait_until(START)
    database = prepare_database("sqlite://")
    calendar = new_york()
    nowhere = Path("nowhere")
    ports = Ports(
        clock=clock,
        calendar=calendar,
        bars=SimulatedMarket(calendar),
        quotes=quotes,
        library=StrategyFiles(nowhere),
        broker=broker,
        broker_clock=broker,
        switch=Switches((SqlSwitch(lambda: database),), fixed={}),
        engine=SqlEngine(database, routes={}),
        runs=SqlRuns(database),
        trades=SqlTrades(database),
        ledger=SqlLedger(database),
        renderer=TemplateRenderer(),
        notifier=OutboxFolder(nowhere),
        rules=RULES,
    )
    prices = dict.fromkeys({*weights, *(held or {})}, "100")
    made = a_plan(weights, broker.account(), prices, policy=a_policy(buffer="0.02"), whole=whole)
    with ports.engine.begin() as transaction:
        transaction.save_run(replace(a_run(), opening=made.snapshot.account))
        transaction.save_plan(made, trades_of(made))
    yield ports
    broker.close()
    database.close()


def executed(ports: Ports, *phases: Phase) -> list[TickResult]:
    """
    Tick phases to their ends, both of them unless told otherwise; return every result.
    """
    results = []
    for phase in phases or tuple(Phase):
        results.append(tick(RUN, phase, ports))
        while (due := results[-1].next_due) is not None:
            ports.clock.wait_until(due)
            results.append(tick(RUN, phase, ports))
    return results


def trade_in(ports: Ports, symbol: str) -> Trade:
    """
    Return the run's one trade in a symbol, as it is stored.
    """
    (found,) = [trade for trade in ports.trades.trades(RUN) if trade.symbol == Symbol(symbol)]
    return found


def holdings(ports: Ports) -> dict[str, Decimal]:
    """
    Return what the broker holds, by symbol.
    """
    return {position.symbol: position.quantity.value for position in ports.broker.account().positions}
