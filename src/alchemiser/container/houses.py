"""
Open a profile for working in it: trading, planning, stopping.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dependency_injector import providers

from alchemiser.application.halting import Brake
from alchemiser.application.ports.deliveries import Redelivery
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.application.ports.system import Rest
from alchemiser.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from alchemiser.infrastructure.settings.load import Settings
    from alchemiser.infrastructure.sql.engine import Database
from alchemiser.container import adapters
from alchemiser.container.world import EMBEDDED, Container, settings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """
    An opened profile: its ports, what looks after its engine, and where its records lie.
    """

    ports: Ports
    deliveries: Redelivery
    rest: Rest
    database: str


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
    with _open(settings_of(profile), session=session, name=name) as house:
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

    settings = settings_of(profile)
    sketched = leaving_no_file(settings, records=file_of(settings.tables.records.url))
    with _open(sketched, session=session) as house:
        yield house


@contextmanager
def open_brake(profile: str) -> Iterator[Brake]:
    """
    Open what stops all trading, beside whatever trades now; works when the records cannot be used.

    Raises:
        ConfigurationError: the profile is wrong.
    """
    from alchemiser.infrastructure.sql.migrate import open_again

    settings = settings_of(profile)
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
        return adapters.archive(records)

    try:
        yield Brake(
            switch=adapters.switch(database, settings),
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


def _with_faults(ports: Ports, settings: "Settings") -> Ports:
    faults = settings.tables.faults
    if faults.kill_at is None:
        return ports
    from alchemiser.infrastructure.simulation.faults import Faults, with_faults

    return with_faults(ports, Faults(kill_at=faults.kill_at, after=faults.kill_after))
