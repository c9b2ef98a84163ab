"""
The only module that knows every adapter: which one stands behind which port, by profile, in the order of the path.

Builders import their adapter when it is first needed, so a command pays only for what it uses.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from alchemiser.application.checkup import Premises, Setup, Study
from alchemiser.application.data import DataPorts
from alchemiser.application.halting import Brake
from alchemiser.application.ports.audit import AuditChain, Witness
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.deliveries import Deliveries, Redelivery
from alchemiser.application.ports.market import BarStore, Calendar, DatedBars
from alchemiser.application.ports.messaging import Notifier
from alchemiser.application.ports.records import Ledger, Runs, Trades
from alchemiser.application.ports.reports import ReportRenderer
from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.ports.suite import Archive, Ports, Rules
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock, Rest
from alchemiser.application.witnessing import WitnessingNotifier
from alchemiser.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alchemiser.application.ports.data import BarSource, ExchangeHours, LakeLog
    from alchemiser.domain.bars.history import Bars
    from alchemiser.domain.strategy.symphony import Symphony
    from alchemiser.infrastructure.lake.blobs import Blobs
    from alchemiser.infrastructure.settings.load import Settings
    from alchemiser.infrastructure.simulation.broker import SimulatedBroker
    from alchemiser.infrastructure.simulation.clock import ManualClock, SharedClock
    from alchemiser.infrastructure.simulation.market import SimulatedMarket
    from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes
    from alchemiser.infrastructure.sources.files import FileSource
    from alchemiser.infrastructure.sql.engine import Database
    from alchemiser.infrastructure.sql.messages import SqlEngine

EMBEDDED = "embedded"
_NAP_S, _MOMENT_S = 1.0, 0.01


def _calendar() -> Calendar:
    from alchemiser.infrastructure.calendar import new_york

    return new_york()


def _clock(calendar: Calendar, settings: "Settings", engine: Callable[[], "SqlEngine"]) -> "ManualClock | SharedClock":
    from alchemiser.infrastructure.clock import nap
    from alchemiser.infrastructure.simulation.clock import ManualClock, SharedClock

    # It begins before the first session opens; records and timers move it on.
    start = calendar.session(settings.rules.first_session).opens_at - timedelta(hours=1)
    path = settings.tables.clock.path
    if path is None:
        return ManualClock(start)
    return SharedClock(path, start=start, bound=lambda now: engine().bound(now), nap=lambda: nap(_MOMENT_S))


def _rest(clock: "ManualClock | SharedClock", settings: "Settings") -> Rest:
    from alchemiser.infrastructure.clock import MovedRest

    return MovedRest(clock.move, nap_s=_NAP_S if settings.tables.clock.path is None else _MOMENT_S)


def _market(calendar: Calendar, settings: "Settings") -> "SimulatedMarket":
    from alchemiser.infrastructure.simulation.market import SimulatedMarket

    return SimulatedMarket(calendar, seed=settings.tables.market.seed)


def _bars(calendar: Calendar, clock: Clock, market: "SimulatedMarket", settings: "Settings") -> BarStore:
    if settings.tables.bars.store == "market":
        return market
    from alchemiser.application.on_demand import OnDemandBars
    from alchemiser.infrastructure.lake.store import LakeBars

    # Runs that trade read every file and check its hash: nothing is kept.
    ports = _data_ports(settings, settings.tables.lake.url, calendar, clock)
    return OnDemandBars(LakeBars(_blobs(settings.tables.lake.url)), ports)


def _library(settings: "Settings") -> StrategyLibrary:
    return strategy_library(settings.tables.strategies.portfolio)


def _quotes(market: "SimulatedMarket", clock: Clock) -> "SimulatedQuotes":
    from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes

    return SimulatedQuotes(market, clock)


def _venue(calendar: Calendar, clock: Clock, quotes: "SimulatedQuotes", settings: "Settings") -> "SimulatedBroker":
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


def _broker(venue: Broker, clock: Clock, settings: "Settings") -> Broker:
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


def _engine(database: "Database", settings: "Settings", owner: str) -> "SqlEngine":
    from alchemiser.application.workflow import LISTENERS
    from alchemiser.infrastructure.sql.messages import SqlEngine

    tables = settings.tables
    return SqlEngine(
        database, routes=LISTENERS, owner=owner, lease_s=tables.engine.lease_seconds, account=tables.account.id
    )


def _deliveries(database: "Database", settings: "Settings") -> Redelivery:
    from alchemiser.application.workflow import LISTENERS
    from alchemiser.infrastructure.sql.deliveries import SqlDeliveries

    return SqlDeliveries(database, routes=LISTENERS, account=settings.tables.account.id)


def _chain(database: "Database") -> AuditChain:
    from alchemiser.infrastructure.sql.audit import SqlAuditChain

    return SqlAuditChain(database)


def _witness(settings: "Settings") -> Witness:
    from alchemiser.infrastructure.outbox.heads import HeadsFile

    return HeadsFile(settings.tables.outbox.directory)


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


def _letter_box(settings: "Settings") -> Notifier:
    from alchemiser.infrastructure.outbox.files import OutboxFolder

    return OutboxFolder(settings.tables.outbox.directory)


def _hours(settings: "Settings") -> "ExchangeHours | None":
    if settings.tables.schedule.hours == "own":
        return None
    from alchemiser.infrastructure.alpaca.calendar import alpaca_hours

    key, secret = _alpaca_keys()
    return alpaca_hours(key, secret, url=settings.tables.alpaca.trading_url, clock=_system_clock())


class Container(containers.DeclarativeContainer):
    """
    One world: settings in, ports out.
    """

    settings: "providers.Dependency[Settings]" = providers.Dependency()
    calendar = providers.Singleton(_calendar)
    database = providers.Singleton(_database, settings)
    owner = providers.Object(EMBEDDED)
    engine = providers.Singleton(_engine, database, settings, owner)
    clock = providers.Singleton(_clock, calendar, settings, engine.provider)
    rest = providers.Singleton(_rest, clock, settings)
    library = providers.Singleton(_library, settings)
    market = providers.Singleton(_market, calendar, settings)
    bars = providers.Singleton(_bars, calendar, clock, market, settings)
    quotes = providers.Singleton(_quotes, market, clock)
    venue = providers.Singleton(_venue, calendar, clock, quotes, settings)
    broker = providers.Singleton(_broker, venue, clock, settings)
    switch = providers.Singleton(_switch, database.provider, settings)
    runs = providers.Singleton(_runs, database)
    trades = providers.Singleton(_trades, database)
    ledger = providers.Singleton(_ledger, database)
    deliveries = providers.Singleton(_deliveries, database, settings)
    chain = providers.Singleton(_chain, database)
    witness = providers.Singleton(_witness, settings)
    renderer = providers.Singleton(_renderer)
    letter_box = providers.Singleton(_letter_box, settings)
    notifier = providers.Singleton(WitnessingNotifier, letter_box, chain=chain, witness=witness)
    hours = providers.Singleton(_hours, settings)
    archive = providers.Factory(Archive, runs=runs, trades=trades, ledger=ledger)
    ports = providers.Factory(
        Ports,
        clock=clock,
        calendar=calendar,
        bars=bars,
        quotes=quotes,
        library=library,
        broker=broker,
        broker_clock=venue,
        switch=switch,
        engine=engine,
        runs=runs,
        trades=trades,
        ledger=ledger,
        renderer=renderer,
        notifier=notifier,
        rules=settings.provided.rules,
        hours=hours,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """
    An opened profile: its ports, what looks after its engine, and where its records lie.
    """

    ports: Ports
    deliveries: Redelivery
    rest: Rest
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """
    What an overseer looks at; nothing of it can change the records.
    """

    archive: Archive
    deliveries: Deliveries
    chain: AuditChain
    witness: Witness
    broker: Broker
    clock: Clock
    rules: Rules


@contextmanager
def open_house(profile: str, *, session: date | None = None, name: str = EMBEDDED) -> Iterator[House]:
    """
    Open a profile for working in it; its database is made when there is none.

    Args:
        session: the day that will be asked for, when it is known.
        name: whose leases are ours; on PostgreSQL only one of a name works at a time.

    Raises:
        ConfigurationError: the profile or the portfolio is wrong, or the day is no session; nothing was made.
        RecordsError: the database cannot be used.
    """
    with _open(_settings(profile), session=session, name=name) as house:
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
def _open(settings: "Settings", *, session: date | None, name: str = "") -> Iterator[House]:
    from alchemiser.infrastructure.logs import logging_to
    from alchemiser.infrastructure.sql.lock import alone_as, alone_on

    container = Container(settings=settings)
    container.owner.override(providers.Object(name or EMBEDDED))
    # What can be checked without the records is, before any file is made: bad input leaves nothing behind.
    container.library().book()
    if session is not None:
        container.calendar().session(session)
    container.broker()
    logs = settings.tables.logs
    with alone_on(settings.tables.records.url):
        database = container.database()
        try:
            with (
                alone_as(f"{settings.tables.account.id} {name}" if name else "", database),
                logging_to(logs.path, level=logs.level, clock=container.clock()),
            ):
                yield House(
                    ports=_with_faults(container.ports(), settings),
                    deliveries=container.deliveries(),
                    rest=container.rest(),
                    database=str(settings.redacted()["records"]["url"]),
                )
        finally:
            database.close()
            # Whoever only looks afterwards finds the simulated books whole in their file, and leaves it as it is.
            container.venue().close()


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


@contextmanager
def open_office(profile: str) -> Iterator[Office]:
    """
    Open a profile's records and what they are compared with, for reading only; no file is made.

    Raises:
        ConfigurationError: the profile is wrong, or nothing was recorded yet.
        RecordsError: the database cannot be used.
    """
    from alchemiser.infrastructure.settings.sketch import leaving_no_file

    settings = leaving_no_file(_settings(profile), records=None)
    container = Container(settings=settings)
    container.database.override(providers.Singleton(_stored, settings))
    database = container.database()
    try:
        yield Office(
            archive=container.archive(),
            deliveries=container.deliveries(),
            chain=container.chain(),
            witness=container.witness(),
            broker=container.broker(),
            clock=container.clock(),
            rules=settings.rules,
        )
    finally:
        database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    What a check needs that has to speak up even when there are no records.
    """

    calendar: Calendar
    clock: Clock
    notifier: Notifier
    rules: Rules


def open_watch(profile: str) -> Watch:
    """
    Open a profile's time and letter box, without its records.

    Raises:
        ConfigurationError: the profile is wrong.
    """
    settings = _settings(profile)
    container = Container(settings=settings)
    return Watch(
        calendar=container.calendar(),
        clock=container.clock(),
        notifier=container.letter_box(),
        rules=settings.rules,
    )


@contextmanager
def open_premises(profile: str) -> Iterator[Premises]:
    """
    Open what stands outside of a profile for looking at it; what is not there yet is not made.

    Raises:
        ConfigurationError: the profile is wrong.
        RecordsError: the database cannot be used.
    """
    from alchemiser.infrastructure.outbox.files import OutboxFolder
    from alchemiser.infrastructure.settings.sketch import leaving_no_file
    from alchemiser.infrastructure.sql.engine import file_of

    settings = _settings(profile)
    sketched = leaving_no_file(settings, records=file_of(settings.tables.records.url))
    container = Container(settings=sketched)
    database = None
    try:
        database = _stored(settings)
    except ConfigurationError:
        # Nothing was recorded yet.
        database = None
    archive = None
    if database is not None:
        archive = Archive(runs=_runs(database), trades=_trades(database), ledger=_ledger(database))
    try:
        yield Premises(
            rules=settings.rules,
            clock=container.clock(),
            broker=container.broker(),
            has_books=sketched.tables.broker == settings.tables.broker,
            switch=_switch(lambda: database, settings),
            archive=archive,
            outbox=OutboxFolder(settings.tables.outbox.directory).check,
        )
    finally:
        if database is not None:
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
        bars=container.bars(),
    )


def bars_file(*paths: Path) -> DatedBars:
    """
    Read bars from one file, from several, which together hold each bar once, or from a lake.

    Raises:
        DataError: it cannot be read or believed.
    """
    if len(paths) == 1 and (paths[0].is_dir() or str(paths[0]).startswith(_BUCKET)):
        from alchemiser.infrastructure.compiled.files import cache_folder
        from alchemiser.infrastructure.lake.matrix import MatrixFiles
        from alchemiser.infrastructure.lake.store import LakeBars

        folder = cache_folder(os.environ)
        kept = MatrixFiles(folder / "closes") if folder is not None else None
        return LakeBars(_blobs(str(paths[0]).replace(_BUCKET, "s3://", 1)), kept=kept)
    from alchemiser.infrastructure.bars.files import read_bars

    return read_bars(*paths)


def refuse_stale(bars: DatedBars, session: date) -> None:
    """
    Refuse to decide on a lake's last session when the exchange has traded since.

    Raises:
        StaleBars: it has; tells how many sessions are missing.
    """
    from alchemiser.infrastructure.lake.store import LakeBars

    if isinstance(bars, LakeBars):
        from alchemiser.infrastructure.clock import SystemClock

        bars.refuse_stale(session, now=SystemClock().now())


@dataclass(frozen=True, slots=True, kw_only=True)
class DataHouse:
    """
    The data side of a profile.

    Args:
        place: where the lake is.
    """

    ports: DataPorts
    log: "LakeLog"
    place: str
    rules: "Settings"


def open_data(profile: str, *, lake: str | None = None) -> DataHouse:
    """
    Open a profile's lake and its sources; what is done there is timed by the machine's own clock.

    Args:
        lake: another lake than the profile's.

    Raises:
        ConfigurationError: the profile is wrong, or keys are missing.
    """
    from alchemiser.infrastructure.lake.archive import BlobLake

    settings = _settings(profile)
    url = lake or settings.tables.lake.url
    calendar = _calendar()
    ports = _data_ports(settings, url, calendar, _system_clock())
    return DataHouse(ports=ports, log=BlobLake(_blobs(url), calendar), place=_blobs(url).place, rules=settings)


def file_source(path: Path, *, actions: Path | None = None, label: str = "") -> "FileSource":
    """
    Return the bars in a file as a source.

    Raises:
        DataError: the file of actions cannot be read.
    """
    from alchemiser.infrastructure.sources.files import FileSource

    return FileSource(path, actions=actions, label=label)


def write_bars(path: Path, bars: "Sequence[Bars]") -> None:
    """
    Write bars as one long file.

    Raises:
        ConfigurationError: it cannot be written.
    """
    from alchemiser.infrastructure.sources.export import write_bars as write

    write(path, bars)


def named_source(house: DataHouse, name: str) -> "BarSource":
    """
    Return a source by its name in a profile.

    Raises:
        ConfigurationError: its keys are missing.
    """
    source = _source(name, house.rules, house.ports.calendar)
    if source is None:
        raise ConfigurationError(f"expected a source of bars, found {name}")
    return source


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


_BUCKET = "s3:/"


def _blobs(url: str) -> "Blobs":
    from alchemiser.infrastructure.compiled.files import cache_folder
    from alchemiser.infrastructure.lake.blobs import blobs_at

    folder = cache_folder(os.environ)
    locks = Path(tempfile.gettempdir()) / "alchemiser" if folder is None else folder
    return blobs_at(url, locks=locks / "locks")


def _data_ports(settings: "Settings", url: str, calendar: Calendar, clock: Clock) -> DataPorts:
    from alchemiser.infrastructure.lake.archive import BlobLake

    asked = settings.tables.lake
    return DataPorts(
        lake=BlobLake(_blobs(url), calendar),
        calendar=calendar,
        clock=clock,
        source=_source(asked.source, settings, calendar),
        second=_source(asked.second, settings, calendar),
    )


def _source(name: str, settings: "Settings", calendar: Calendar) -> "BarSource | None":
    match name:
        case "market":
            from alchemiser.infrastructure.simulation.source import SimulatedSource

            return SimulatedSource(_market(calendar, settings))
        case "alpaca":
            from alchemiser.infrastructure.alpaca.bars import alpaca_bars

            key, secret = _alpaca_keys()
            asked = settings.tables.alpaca
            return alpaca_bars(key, secret, url=asked.data_url, feed=asked.feed, clock=_system_clock())
        case "twelvedata":
            from alchemiser.infrastructure.sources.twelvedata import twelve_data

            (key,) = _keys("Twelve Data", ("TWELVEDATA_API_KEY",))
            return twelve_data(key, url=settings.tables.twelvedata.url, clock=_system_clock())
        case _:
            return None


def _alpaca_keys() -> tuple[str, str]:
    # The names of the old and of the new tools are both in use; a mixture would be nobody's keys.
    pairs = (("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"), ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"))
    given = [names for names in pairs if any(name in os.environ for name in names)]
    if len(given) > 1:
        raise ConfigurationError("expected Alpaca's keys under one pair of names, found APCA_… and ALPACA_…")
    key, secret = _keys("Alpaca", given[0] if given else pairs[0])
    return key, secret


def _keys(whose: str, names: tuple[str, ...]) -> list[str]:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(f"expected {whose}'s keys in the environment, found no {' and no '.join(missing)}")
    return [os.environ[name] for name in names]


def _system_clock() -> Clock:
    from alchemiser.infrastructure.clock import SystemClock

    return SystemClock()


def _settings(profile: str) -> "Settings":
    from alchemiser.infrastructure.settings.load import load_settings

    return load_settings(profile, environment=os.environ)


def _with_faults(ports: Ports, settings: "Settings") -> Ports:
    faults = settings.tables.faults
    if faults.kill_at is None:
        return ports
    from alchemiser.infrastructure.simulation.faults import Faults, with_faults

    return with_faults(ports, Faults(kill_at=faults.kill_at, after=faults.kill_after))
