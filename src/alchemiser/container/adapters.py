"""
One builder for each port: which adapter stands behind it, by profile, in the order of the path.

Builders import their adapter when it is first needed, so a command pays only for what it uses.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from alchemiser.application.ports.audit import AuditChain, Witness
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.deliveries import Redelivery
from alchemiser.application.ports.market import BarStore, Calendar
from alchemiser.application.ports.messaging import Notifier
from alchemiser.application.ports.records import Ledger, Runs, Trades
from alchemiser.application.ports.reports import ReportRenderer
from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.ports.suite import Archive
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock, Rest
from alchemiser.container.sources import alpaca_keys, data_ports, system_clock
from alchemiser.files import blobs_of, strategy_library

if TYPE_CHECKING:
    from alchemiser.application.ports.data import ExchangeHours
    from alchemiser.infrastructure.settings.load import Settings
    from alchemiser.infrastructure.simulation.broker import SimulatedBroker
    from alchemiser.infrastructure.simulation.clock import ManualClock, SharedClock
    from alchemiser.infrastructure.simulation.market import SimulatedMarket
    from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes
    from alchemiser.infrastructure.sql.engine import Database
    from alchemiser.infrastructure.sql.messages import SqlEngine

_NAP_S, _MOMENT_S = 1.0, 0.01


def clock(calendar: Calendar, settings: "Settings", engine: Callable[[], "SqlEngine"]) -> "ManualClock | SharedClock":
    """
    Return the profile's time: this process's own, or one that several processes share.
    """
    from alchemiser.infrastructure.clock import nap
    from alchemiser.infrastructure.simulation.clock import ManualClock, SharedClock

    # It begins before the first session opens; records and timers move it on.
    start = calendar.session(settings.rules.first_session).opens_at - timedelta(hours=1)
    path = settings.tables.clock.path
    if path is None:
        return ManualClock(start)
    return SharedClock(path, start=start, bound=lambda now: engine().bound(now), nap=lambda: nap(_MOMENT_S))


def rest(clock: "ManualClock | SharedClock", settings: "Settings") -> Rest:
    """
    Return what passes the time while nothing is due.
    """
    from alchemiser.infrastructure.clock import MovedRest

    return MovedRest(clock.move, nap_s=_NAP_S if settings.tables.clock.path is None else _MOMENT_S)


def bars(calendar: Calendar, clock: Clock, market: "SimulatedMarket", settings: "Settings") -> BarStore:
    """
    Return the daily bars: the seeded market's, or those of the lake, which fetches what it lacks.
    """
    if settings.tables.bars.store == "market":
        return market
    from alchemiser.application.on_demand import OnDemandBars
    from alchemiser.infrastructure.lake.store import LakeBars

    # Runs that trade read every file and check its hash: nothing is kept.
    ports = data_ports(settings, settings.tables.lake.url, calendar, clock)
    return OnDemandBars(LakeBars(blobs_of(settings.tables.lake.url)), ports)


def library(settings: "Settings") -> StrategyLibrary:
    """
    Return the strategies of the profile's portfolio.
    """
    return strategy_library(settings.tables.strategies.portfolio)


def quotes(market: "SimulatedMarket", clock: Clock) -> "SimulatedQuotes":
    """
    Return the seeded market's quotes.
    """
    from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes

    return SimulatedQuotes(market, clock)


def venue(calendar: Calendar, clock: Clock, quotes: "SimulatedQuotes", settings: "Settings") -> "SimulatedBroker":
    """
    Return the simulated broker as it is, without the second look at what it is sent.
    """
    from alchemiser.domain.values import Money
    from alchemiser.infrastructure.simulation.assets import asset_of
    from alchemiser.infrastructure.simulation.broker import SimulatedBroker, Venue

    tables = settings.tables
    venue = Venue(calendar=calendar, quote_at=quotes.quote_at, asset_of=asset_of, seed=tables.market.seed)
    return SimulatedBroker(
        str(tables.broker.path),
        clock=clock,
        venue=venue,
        account_id=tables.account.id,
        cash=Money(tables.account.cash),
    )


def broker(venue: Broker, clock: Clock, settings: "Settings") -> Broker:
    """
    Return the broker behind the caps that are checked a second time.
    """
    from alchemiser.domain.values import Money
    from alchemiser.infrastructure.guard import Caps, GuardedBroker

    gate = settings.tables.gate
    caps = Caps(
        order_notional=Money(gate.order_notional),
        order_fraction=gate.order_fraction,
        orders_per_run=gate.orders_per_run,
        orders_per_minute=gate.orders_per_minute,
        turnover=gate.turnover,
        gross_exposure=gate.gross_exposure,
    )
    return GuardedBroker(venue, caps, clock=clock)


def switch(database: "Callable[[], Database | None]", settings: "Settings") -> KillSwitch:
    """
    Return the kill switch: file, records, setting and variable in one.
    """
    from alchemiser.infrastructure.sql.switch import SqlSwitch
    from alchemiser.infrastructure.switch import VARIABLE, Switches, SwitchFile, from_setting, from_variable

    fixed = {
        f"unset the variable {VARIABLE}": from_variable(os.environ),
        "set it to false": from_setting(is_halted=settings.tables.gate.halted),
    }
    return Switches((SwitchFile(settings.tables.halt.file), SqlSwitch(database)), fixed=fixed)


def database(settings: "Settings") -> "Database":
    """
    Open the records; they are made when there are none, and brought up to date.
    """
    from alchemiser.infrastructure.sql.migrate import prepare_database

    return prepare_database(settings.tables.records.url)


def stored_database(settings: "Settings") -> "Database":
    """
    Open the records for reading only.
    """
    from alchemiser.infrastructure.sql.migrate import read_database

    return read_database(settings.tables.records.url)


def engine(database: "Database", settings: "Settings", owner: str) -> "SqlEngine":
    """
    Return the engine that carries messages; `owner` is whose leases are ours.
    """
    from alchemiser.application.workflow import LISTENERS
    from alchemiser.infrastructure.sql.messages import SqlEngine

    tables = settings.tables
    return SqlEngine(
        database, routes=LISTENERS, owner=owner, lease_s=tables.engine.lease_seconds, account=tables.account.id
    )


def deliveries(database: "Database", settings: "Settings") -> Redelivery:
    """
    Return what looks after messages that were lost or overdue.
    """
    from alchemiser.application.workflow import LISTENERS
    from alchemiser.infrastructure.sql.deliveries import SqlDeliveries

    return SqlDeliveries(database, routes=LISTENERS, account=settings.tables.account.id)


def chain(database: "Database") -> AuditChain:
    """
    Return the audit chain of the records.
    """
    from alchemiser.infrastructure.sql.audit import SqlAuditChain

    return SqlAuditChain(database)


def witness(settings: "Settings") -> Witness:
    """
    Return the file of heads beside the reports.
    """
    from alchemiser.infrastructure.outbox.heads import HeadsFile

    return HeadsFile(settings.tables.outbox.directory)


def runs(database: "Database") -> Runs:
    """
    Return the runs in a database.
    """
    from alchemiser.infrastructure.sql.records import SqlRuns

    return SqlRuns(database)


def trades(database: "Database") -> Trades:
    """
    Return the trades in a database.
    """
    from alchemiser.infrastructure.sql.trades import SqlTrades

    return SqlTrades(database)


def ledger(database: "Database") -> Ledger:
    """
    Return the ledger in a database.
    """
    from alchemiser.infrastructure.sql.records import SqlLedger

    return SqlLedger(database)


def archive(database: "Database") -> Archive:
    """
    Return what was recorded in a database, for reading.
    """
    return Archive(runs=runs(database), trades=trades(database), ledger=ledger(database))


def renderer() -> ReportRenderer:
    """
    Return what puts reports into words.
    """
    from alchemiser.infrastructure.reports.renderer import TemplateRenderer

    return TemplateRenderer()


def letter_box(settings: "Settings") -> Notifier:
    """
    Return what delivers reports.
    """
    from alchemiser.infrastructure.outbox.files import OutboxFolder

    return OutboxFolder(settings.tables.outbox.directory)


def hours(settings: "Settings") -> "ExchangeHours | None":
    """
    Return the broker's calendar and clock, None where the profile trusts our own.
    """
    if settings.tables.schedule.hours == "own":
        return None
    from alchemiser.infrastructure.alpaca.calendar import alpaca_hours

    key, secret = alpaca_keys()
    return alpaca_hours(key, secret, url=settings.tables.alpaca.trading_url, clock=system_clock())
