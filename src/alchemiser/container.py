"""
The only module that knows every adapter: which one stands behind which port, by profile, in the order of the path.

Builders import their adapter when it is first needed, so a command pays only for what it uses.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from alchemiser.application.checkup import Setup, Study
from alchemiser.application.halting import Brake
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.messaging import Engine, Notifier
from alchemiser.application.ports.records import Ledger, Runs, Trades
from alchemiser.application.ports.reports import ReportRenderer
from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from alchemiser.domain.strategy.symphony import Symphony
    from alchemiser.infrastructure.bars.files import BarsFile
    from alchemiser.infrastructure.settings.load import Settings
    from alchemiser.infrastructure.simulation.market import SimulatedMarket
    from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes
    from alchemiser.infrastructure.sql.engine import Database


def _calendar() -> Calendar:
    from alchemiser.infrastructure.calendar import new_york

    return new_york()


def _clock(calendar: Calendar, settings: "Settings") -> Clock:
    from alchemiser.infrastructure.simulation.clock import ManualClock

    # It begins before the first session opens; records and timers move it on.
    return ManualClock(calendar.session(settings.rules.first_session).opens_at - timedelta(hours=1))


def _market(calendar: Calendar, settings: "Settings") -> "SimulatedMarket":
    from alchemiser.infrastructure.simulation.market import SimulatedMarket

    return SimulatedMarket(calendar, seed=settings.tables.market.seed)


def _library(settings: "Settings") -> StrategyLibrary:
    return strategy_library(settings.tables.strategies.portfolio)


def _quotes(market: "SimulatedMarket", clock: Clock) -> "SimulatedQuotes":
    from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes

    return SimulatedQuotes(market, clock)


def _broker(calendar: Calendar, clock: Clock, quotes: "SimulatedQuotes", settings: "Settings") -> Broker:
    from alchemiser.domain.values import Money
    from alchemiser.infrastructure.simulation.assets import asset_of
    from alchemiser.infrastructure.simulation.broker import SimulatedBroker, Venue

    tables = settings.tables
    venue = Venue(calendar=calendar, quote_at=quotes.quote_at, asset_of=asset_of, seed=tables.market.seed)
    broker = SimulatedBroker(
        str(tables.broker.path),
        clock=clock,
        venue=venue,
        account_id=tables.account.id,
        cash=Money(tables.account.cash),
    )
    return _guarded(broker, clock, settings)


def _guarded(broker: Broker, clock: Clock, settings: "Settings") -> Broker:
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
    return GuardedBroker(broker, caps, clock=clock)


def _switch(database: "Callable[[], Database | None]", settings: "Settings") -> KillSwitch:
    from alchemiser.infrastructure.sql.switch import SqlSwitch
    from alchemiser.infrastructure.switch import VARIABLE, Switches, SwitchFile, from_setting, from_variable

    fixed = {
        f"unset the variable {VARIABLE}": from_variable(os.environ),
        "set it to false": from_setting(is_halted=settings.tables.gate.halted),
    }
    return Switches((SwitchFile(settings.tables.halt.file), SqlSwitch(database)), fixed=fixed)


def _database(settings: "Settings") -> "Database":
    from alchemiser.infrastructure.sql.migrate import prepare_database

    return prepare_database(settings.tables.records.url)


def _stored(settings: "Settings") -> "Database":
    from alchemiser.infrastructure.sql.migrate import read_database

    return read_database(settings.tables.records.url)


def _engine(database: "Database", settings: "Settings") -> Engine:
    from alchemiser.application.workflow import LISTENERS
    from alchemiser.infrastructure.sql.messages import SqlEngine

    return SqlEngine(database, routes=LISTENERS, lease_s=settings.tables.engine.lease_seconds)


def _runs(database: "Database") -> Runs:
    from alchemiser.infrastructure.sql.records import SqlRuns

    return SqlRuns(database)


def _trades(database: "Database") -> Trades:
    from alchemiser.infrastructure.sql.trades import SqlTrades

    return SqlTrades(database)


def _ledger(database: "Database") -> Ledger:
    from alchemiser.infrastructure.sql.records import SqlLedger

    return SqlLedger(database)


def _renderer() -> ReportRenderer:
    from alchemiser.infrastructure.reports.renderer import TemplateRenderer

    return TemplateRenderer()


def _notifier(settings: "Settings") -> Notifier:
    from alchemiser.infrastructure.outbox.files import OutboxFolder

    return OutboxFolder(settings.tables.outbox.directory)


class Container(containers.DeclarativeContainer):
    """
    One world: settings in, ports out.
    """

    settings: "providers.Dependency[Settings]" = providers.Dependency()
    calendar = providers.Singleton(_calendar)
    clock = providers.Singleton(_clock, calendar, settings)
    library = providers.Singleton(_library, settings)
    market = providers.Singleton(_market, calendar, settings)
    quotes = providers.Singleton(_quotes, market, clock)
    broker = providers.Singleton(_broker, calendar, clock, quotes, settings)
    database = providers.Singleton(_database, settings)
    switch = providers.Singleton(_switch, database.provider, settings)
    engine = providers.Singleton(_engine, database, settings)
    runs = providers.Singleton(_runs, database)
    trades = providers.Singleton(_trades, database)
    ledger = providers.Singleton(_ledger, database)
    renderer = providers.Singleton(_renderer)
    notifier = providers.Singleton(_notifier, settings)
    archive = providers.Factory(Archive, runs=runs, trades=trades, ledger=ledger)
    ports = providers.Factory(
        Ports,
        clock=clock,
        calendar=calendar,
        bars=market,
        quotes=quotes,
        library=library,
        broker=broker,
        switch=switch,
        engine=engine,
        runs=runs,
        trades=trades,
        ledger=ledger,
        renderer=renderer,
        notifier=notifier,
        rules=settings.provided.rules,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """
    An opened profile: its ports, and where its records lie.
    """

    ports: Ports
    database: str


@contextmanager
def open_house(profile: str, *, session: date | None = None) -> Iterator[House]:
    """
    Open a profile for working in it; its database is made when there is none.

    Args:
        session: the day that will be asked for, when it is known.

    Raises:
        ConfigurationError: the profile or the portfolio is wrong, or the day is no session; nothing was made.
        RecordsError: the database cannot be used.
    """
    with _open(_settings(profile), session=session) as house:
        yield house


@contextmanager
def open_sketch(profile: str, *, session: date | None = None) -> Iterator[House]:
    """
    Open a profile for looking at what a run would do; what is not on disk yet is kept in memory, and forgotten.

    Args:
        session: the day that will be asked for, when it is known.

    Raises:
        ConfigurationError: the profile or the portfolio is wrong, or the day is no session.
        RecordsError: the database cannot be used.
    """
    from alchemiser.infrastructure.settings.sketch import leaving_no_file
    from alchemiser.infrastructure.sql.engine import file_of

    settings = _settings(profile)
    sketched = leaving_no_file(settings, records=file_of(settings.tables.records.url))
    with _open(sketched, session=session) as house:
        yield house


@contextmanager
def _open(settings: "Settings", *, session: date | None) -> Iterator[House]:
    from alchemiser.infrastructure.logs import logging_to
    from alchemiser.infrastructure.sql.lock import alone_on

    container = Container(settings=settings)
    # What can be checked without the records is, before any file is made: bad input leaves nothing behind.
    container.library().book()
    if session is not None:
        container.calendar().session(session)
    container.broker()
    logs = settings.tables.logs
    with alone_on(settings.tables.records.url):
        database = container.database()
        try:
            with logging_to(logs.path, level=logs.level, clock=container.clock()):
                yield House(ports=_with_faults(container.ports(), settings), database=settings.tables.records.url)
        finally:
            database.close()


@contextmanager
def open_brake(profile: str) -> Iterator[Brake]:
    """
    Open what stops all trading, beside whatever trades now; works when the records cannot be used.

    Raises:
        ConfigurationError: the profile is wrong.
    """
    from alchemiser.infrastructure.sql.migrate import open_again

    settings = _settings(profile)
    container = Container(settings=settings)
    opened: list[Database | None] = []

    def database() -> "Database | None":
        if not opened:
            opened.append(open_again(settings.tables.records.url))
        return opened[0]

    def archive() -> Archive:
        records = database()
        if records is None:
            raise ConfigurationError(f"nothing was recorded yet in {settings.tables.records.url}")
        return Archive(runs=_runs(records), trades=_trades(records), ledger=_ledger(records))

    try:
        yield Brake(
            switch=_switch(database, settings),
            broker=container.broker(),
            clock=container.clock(),
            archive=archive,
            poll=settings.rules.walk.poll,
        )
    finally:
        for one in opened:
            if one is not None:
                one.close()


@contextmanager
def open_archive(profile: str) -> Iterator[Archive]:
    """
    Open a profile's records for reading only.

    Raises:
        ConfigurationError: the profile is wrong, or nothing was recorded yet.
        RecordsError: the database cannot be used.
    """
    settings = _settings(profile)
    container = Container(settings=settings)
    container.database.override(providers.Singleton(_stored, settings))
    database = container.database()
    try:
        archive: Archive = container.archive()
        yield archive
    finally:
        database.close()


def open_study(profile: str) -> Study:
    """
    Open what a profile evaluates, without its records.

    Raises:
        ConfigurationError: the profile is wrong.
    """
    settings = _settings(profile)
    container = Container(settings=settings)
    setup = Setup(
        profile=settings.profile,
        file=str(settings.file),
        replaced=tuple(sorted(settings.replaced.values())),
        values=json.dumps(settings.redacted()),
    )
    return Study(
        setup=setup,
        rules=settings.rules,
        calendar=container.calendar(),
        library=container.library(),
        bars=container.market(),
    )


def bars_file(*paths: Path) -> "BarsFile":
    """
    Read bars from one file or from several, which together hold each bar once.

    Raises:
        DataError: it cannot be read or believed.
    """
    from alchemiser.infrastructure.bars.files import read_bars

    return read_bars(*paths)


def strategy_library(portfolio: Path) -> StrategyLibrary:
    """
    Return the library around a portfolio file.
    """
    from alchemiser.infrastructure.strategy_files import StrategyFiles

    return StrategyFiles(portfolio.parent, portfolio=portfolio.name)


def read_symphony(path: Path) -> "Symphony":
    """
    Compile the strategy in a file: `.clj`, Composer's JSON, EDN, or JSON around such a text.

    Raises:
        ConfigurationError: there is no such file.
        StrategyError: its text is wrong.
    """
    from alchemiser.infrastructure.strategy_files import read_symphony as read

    return read(path)


def read_text(path: Path) -> str:
    """
    Return the text of a strategy file.

    Raises:
        ConfigurationError: there is no such file.
        StrategyError: it is too large, or no text.
    """
    from alchemiser.infrastructure.strategy_files import read_text as read

    return read(path)


def write_text(path: Path, text: str) -> None:
    """
    Write a strategy file whole or not at all.

    Raises:
        ConfigurationError: it cannot be written.
    """
    from alchemiser.infrastructure.strategy_files import write_text as write

    write(path, text)


def study_library(portfolio: Path) -> StrategyLibrary:
    """
    Return the library around a portfolio file for commands that only look; it keeps compiled strategies for next time.

    Runs that trade take `strategy_library`: they compile what they trade from its text.
    """
    from alchemiser.infrastructure.compiled.files import CompiledFiles, cache_folder
    from alchemiser.infrastructure.strategy_files import StrategyFiles

    folder = cache_folder(os.environ)
    kept = CompiledFiles(folder) if folder is not None else None
    return StrategyFiles(portfolio.parent, portfolio=portfolio.name, kept=kept)


def encode(value: object) -> str:
    """
    Return a domain value as canonical JSON.
    """
    from alchemiser.infrastructure.codec import encode as encode_value

    return encode_value(value)


def _settings(profile: str) -> "Settings":
    from alchemiser.infrastructure.settings.load import load_settings

    return load_settings(profile, environment=os.environ)


def _with_faults(ports: Ports, settings: "Settings") -> Ports:
    faults = settings.tables.faults
    if faults.kill_at is None:
        return ports
    from alchemiser.infrastructure.simulation.faults import Faults, with_faults

    return with_faults(ports, Faults(kill_at=faults.kill_at, after=faults.kill_after))
