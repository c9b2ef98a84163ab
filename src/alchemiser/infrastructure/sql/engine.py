"""
Open a database so that what is committed stays committed.

SQLite runs with a write-ahead log, synchronous=FULL and foreign keys. Every write transaction takes the write
lock when it begins, so it never fails half way for want of it; a reader sees one snapshot.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError
from sqlalchemy.pool import ConnectionPoolEntry

from alchemiser.domain.errors import ConfigurationError, RecordsError

BUSY_TIMEOUT_S = 30
_BEGIN = "alchemiser_begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """
    An open database; `place` names it in messages, without a password.
    """

    engine: Engine
    place: str

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """
        Open a transaction that holds the write lock and commits at the end, or not at all.

        Raises:
            RecordsError: the database is locked, full, damaged or refuses the write; nothing was written.
        """
        with translated(self.place), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        Open a transaction that sees one snapshot and writes nothing.

        Raises:
            RecordsError: the database is damaged or cannot be read.
        """
        reader = self.engine.execution_options(**{_BEGIN: "BEGIN"})
        with translated(self.place), reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """
        Close every connection.
        """
        self.engine.dispose()


def connect(url: str, *, busy_timeout_s: int = BUSY_TIMEOUT_S) -> Database:
    """
    Open a database for reading and writing, as it is; `migrate.prepare_database` makes it ready first.
    """
    parsed = parse(url)
    if parsed.database in {None, "", ":memory:"}:
        engine = create_engine(
            parsed, poolclass=StaticPool, execution_options={_BEGIN: "BEGIN IMMEDIATE"}, hide_parameters=True
        )
    else:
        engine = create_engine(
            parsed,
            connect_args={"timeout": busy_timeout_s},
            execution_options={_BEGIN: "BEGIN IMMEDIATE"},
            hide_parameters=True,
        )
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", _begin)
    return Database(engine=engine, place=place_of(parsed))


def connect_read_only(path: Path) -> Database:
    """
    Open a database file that this process cannot change.
    """
    url = URL.create("sqlite", database=f"file:{_quoted(path)}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)
    event.listen(engine, "connect", _leave_transactions)
    event.listen(engine, "begin", _begin)
    return Database(engine=engine, place=str(path))


def parse(url: str) -> URL:
    """
    Read a database URL.

    Raises:
        ConfigurationError: it is none, or not of a kind that is supported.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigurationError(
            f"expected a database URL such as sqlite:///var/alchemiser.sqlite3, found {url!r}"
        ) from exc
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(f"expected a sqlite database URL, found {parsed.render_as_string(hide_password=True)}")
    return parsed


def file_of(url: str) -> Path | None:
    """
    Return the file of a database URL, None when it is kept in memory.
    """
    database = parse(url).database
    return None if database in {None, "", ":memory:"} else Path(database)


def place_of(url: URL) -> str:
    """
    Name a database in a message.
    """
    return url.database or "memory"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """
    Turn the library's errors into ours: what the database refuses is a RecordsError.
    """
    try:
        yield
    except DBAPIError as exc:
        raise RecordsError(_told(str(exc.orig), place)) from exc
    except StatementError as exc:
        if isinstance(exc.orig, ValueError | TypeError):
            raise exc.orig from exc
        raise
    except sqlite3.Error as exc:
        raise RecordsError(_told(str(exc), place)) from exc


def _told(problem: str, place: str) -> str:
    text = problem.lower()
    if "locked" in text or "busy" in text:
        return (
            f"expected {place} to be free, another process holds it ({problem}); "
            "wait for that process or stop it, then run the command again; nothing was written"
        )
    if "full" in text:
        return f"expected room for {place}, found none ({problem}); free some space, then run the command again"
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return damaged(place, problem)
    return f"{place}: the database refused: {problem}; nothing was written"


def damaged(place: str, problem: str) -> str:
    """
    Say what to do about a file that is no usable database.
    """
    return (
        f"expected a whole SQLite database at {place}, found a damaged one ({problem}); it was not touched. "
        "Put a good copy in its place, or move it away to begin with empty records"
    )


def _make_durable(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    _leave_transactions(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _leave_transactions(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes late and takes no lock; ours comes from `_begin`.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get(_BEGIN, "BEGIN")))


def _quoted(path: Path) -> str:
    return path.resolve().as_uri().removeprefix("file://")
