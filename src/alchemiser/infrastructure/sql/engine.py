"""
Open a database so that what is committed stays committed.

SQLite runs with a write-ahead log, synchronous=FULL and foreign keys. Every write transaction takes the write
lock when it begins, so it never fails half way for want of it; a reader sees one snapshot.
PostgreSQL runs READ COMMITTED for writers, who lock what they decide on, and REPEATABLE READ for readers, in UTC.
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
from alchemiser.infrastructure.sql.problems import of_postgres, of_sqlite

BUSY_TIMEOUT_S = 30
_CONNECT_TIMEOUT_S = 10
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
        Open a transaction that commits at the end, or not at all; on SQLite it holds the write lock throughout.

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
        options: dict[str, object] = {_BEGIN: "BEGIN"}
        if self.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        reader = self.engine.execution_options(**options)
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
    if is_postgres(parsed):
        return Database(engine=_postgres(parsed, lock_timeout_s=busy_timeout_s), place=place_of(parsed))
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


def connect_read_only(url: str) -> Database:
    """
    Open a database that this process cannot change.
    """
    parsed = parse(url)
    if is_postgres(parsed):
        engine = _postgres(parsed, lock_timeout_s=BUSY_TIMEOUT_S)
        read_only = engine.execution_options(postgresql_readonly=True)
        return Database(engine=read_only, place=place_of(parsed))
    path = Path(parsed.database or "")
    opened = URL.create("sqlite", database=f"file:{_quoted(path)}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(opened, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)
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
    except (ArgumentError, ValueError) as exc:
        # The text is not shown: a password may stand in it, at a place nobody can tell.
        raise ConfigurationError(
            "expected a database URL such as sqlite:///var/alchemiser.sqlite3 or postgresql+psycopg://USER@HOST/NAME, "
            "found something else"
        ) from exc
    if parsed.drivername in {"postgresql", "postgresql+psycopg"} and parsed.database:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(
            "expected a database URL of sqlite:// or postgresql+psycopg://.../NAME, "
            f"found {parsed.render_as_string(hide_password=True)}"
        )
    return parsed


def is_postgres(url: URL) -> bool:
    """
    Tell whether a URL names a PostgreSQL database.
    """
    return url.get_backend_name() == "postgresql"


def file_of(url: str) -> Path | None:
    """
    Return the file of a database URL, None when it is kept in memory or by a server.
    """
    parsed = parse(url)
    return None if is_postgres(parsed) or parsed.database in {None, "", ":memory:"} else Path(str(parsed.database))


def place_of(url: URL) -> str:
    """
    Name a database in a message.
    """
    if is_postgres(url):
        host = url.query.get("host") or url.host or "localhost"
        return f"{url.database} on {host}{f':{url.port}' if url.port else ''}"
    return url.database or "memory"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """
    Turn the library's errors into ours: what the database refuses is a RecordsError.
    """
    try:
        yield
    except DBAPIError as exc:
        if isinstance(exc.orig, sqlite3.Error) or exc.orig is None:
            raise RecordsError(of_sqlite(str(exc.orig), place)) from exc
        raise RecordsError(of_postgres(exc.orig, place)) from exc
    except StatementError as exc:
        if isinstance(exc.orig, ValueError | TypeError):
            raise exc.orig from exc
        raise
    except sqlite3.Error as exc:
        raise RecordsError(of_sqlite(str(exc), place)) from exc


def _postgres(url: URL, *, lock_timeout_s: int) -> Engine:
    try:
        import psycopg  # noqa: F401 - only whether it is there
    except ImportError as exc:
        raise ConfigurationError(
            "expected the library psycopg for a PostgreSQL database, found none; install alchemiser[postgres]"
        ) from exc
    # Whatever the server's defaults are: UTC, and a commit that is on disk when it returns.
    options = f"-c timezone=UTC -c synchronous_commit=on -c lock_timeout={lock_timeout_s * 1000}"
    return create_engine(
        url,
        connect_args={
            "options": options,
            "application_name": "alchemiser",
            "connect_timeout": _CONNECT_TIMEOUT_S,
        },
        pool_size=2,
        pool_pre_ping=True,
        hide_parameters=True,
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
