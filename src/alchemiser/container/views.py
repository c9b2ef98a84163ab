"""
Open a profile for looking: at its records, at what stands around them, at what it evaluates.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dependency_injector import providers

from alchemiser.application.checkup import Premises, Setup, Study
from alchemiser.application.ports.audit import AuditChain, Witness
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.deliveries import Deliveries
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.messaging import Notifier
from alchemiser.application.ports.suite import Archive, Rules
from alchemiser.application.ports.system import Clock
from alchemiser.container import adapters
from alchemiser.container.world import Container, settings_of
from alchemiser.domain.errors import ConfigurationError


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    What a check needs that has to speak up even when there are no records.
    """

    calendar: Calendar
    clock: Clock
    notifier: Notifier
    rules: Rules


@contextmanager
def open_archive(profile: str) -> Iterator[Archive]:
    """
    Open a profile's records for reading only.

    Raises:
        ConfigurationError: the profile is wrong, or nothing was recorded yet.
        RecordsError: the database cannot be used.
    """
    settings = settings_of(profile)
    container = Container(settings=settings)
    container.database.override(providers.Singleton(adapters.stored_database, settings))
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

    settings = leaving_no_file(settings_of(profile), records=None)
    container = Container(settings=settings)
    container.database.override(providers.Singleton(adapters.stored_database, settings))
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


def open_watch(profile: str) -> Watch:
    """
    Open a profile's time and letter box, without its records.

    Raises:
        ConfigurationError: the profile is wrong.
    """
    settings = settings_of(profile)
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

    settings = settings_of(profile)
    sketched = leaving_no_file(settings, records=file_of(settings.tables.records.url))
    container = Container(settings=sketched)
    database = None
    try:
        database = adapters.stored_database(settings)
    except ConfigurationError:
        # Nothing was recorded yet.
        database = None
    archive = None
    if database is not None:
        archive = Archive(
            runs=adapters.runs(database), trades=adapters.trades(database), ledger=adapters.ledger(database)
        )
    try:
        yield Premises(
            rules=settings.rules,
            clock=container.clock(),
            broker=container.broker(),
            has_books=sketched.tables.broker == settings.tables.broker,
            switch=adapters.switch(lambda: database, settings),
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
    settings = settings_of(profile)
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


def encode(value: object) -> str:
    """
    Return a domain value as canonical JSON.
    """
    from alchemiser.infrastructure.codec import encode as encode_value

    return encode_value(value)
