"""
Make a database ready: create it, bring an older one up, refuse one that is damaged, foreign or newer.

1. A file that is no whole SQLite database is refused and left as it is.
2. Its schema version is compared with the one this code writes; when they are equal, that was all.
3. An older file is copied beside itself, then migrated in one transaction.

A PostgreSQL database is created by its administrator; its tables are made here. An older one is migrated in one
transaction, by one process while others wait; a copy of it is the administrator's to make.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

import alchemiser
from alchemiser.domain.errors import ConfigurationError, RecordsError
from alchemiser.infrastructure.sql.engine import (
    BUSY_TIMEOUT_S,
    Database,
    connect,
    connect_read_only,
    file_of,
    is_postgres,
    parse,
    translated,
)
from alchemiser.infrastructure.sql.problems import damaged
from alchemiser.infrastructure.sql.tables import SCHEMA

_HEADER = b"SQLite format 3\x00"


def prepare_database(url: str, *, busy_timeout_s: int = BUSY_TIMEOUT_S) -> Database:
    """
    Open a database for reading and writing, of the schema this code knows; create it when there is none.

    Raises:
        ConfigurationError: the URL is none.
        RecordsError: the database is damaged, not Alchemiser's, newer than this code, or cannot be made.
    """
    if is_postgres(parse(url)):
        return _prepare_postgres(url, busy_timeout_s=busy_timeout_s)
    path = file_of(url)
    if path is None:
        database = connect(url)
        upgrade(database)
        return database
    version = stored_version(path)
    if version is not None:
        _check_whole(path)
        _refuse_unknown(version, str(path))
    if version not in {None, SCHEMA}:
        _copy_beside(path, version=str(version))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise RecordsError(f"expected to create {path.parent} for the records, the system refused: {exc}") from exc
    database = connect(url, busy_timeout_s=busy_timeout_s)
    if version != SCHEMA:
        upgrade(database)
    return database


def read_database(url: str) -> Database:
    """
    Open a database that has records, without the means to change it.

    Raises:
        ConfigurationError: nothing was recorded yet.
        RecordsError: the database is damaged, not Alchemiser's, or of another schema.
    """
    database = None
    path = file_of(url)
    if is_postgres(parse(url)):
        database = connect_read_only(url)
        place, version = database.place, version_on(database)
    elif path is None or not path.is_file() or path.stat().st_size == 0:
        place, version = str(path or "memory"), None
    else:
        place, version = str(path), stored_version(path)
    if version == SCHEMA:
        return database or connect_read_only(url)
    if database is not None:
        database.close()
    if version is None:
        raise ConfigurationError(f"nothing was recorded yet in {place}: run `alchemiser run` first")
    _refuse_unknown(version, place)
    raise RecordsError(
        f"expected records of schema {SCHEMA} in {place}, found {version}; `alchemiser run` brings them up"
    )


def open_again(url: str) -> Database | None:
    """
    Open a database that has records for changing it, beside whoever works on it; None while there are none.

    Raises:
        RecordsError: it is damaged, does not answer, or is of another schema.
    """
    path = file_of(url)
    if is_postgres(parse(url)):
        database = connect(url)
        place, version = database.place, version_on(database)
        database.close()
    else:
        place, version = str(path), None if path is None else stored_version(path)
    if version is None:
        return None
    if version != SCHEMA:
        raise RecordsError(f"expected records of schema {SCHEMA} in {place}, found {version}")
    return connect(url)


def stored_version(path: Path) -> str | None:
    """
    Return the schema version of a whole database file, None when it holds nothing yet.

    Raises:
        RecordsError: the file is damaged, or a database of something else.
    """
    if not path.exists():
        return None
    try:
        with path.open("rb") as file:
            header = file.read(len(_HEADER))
    except OSError as exc:
        raise RecordsError(f"expected to read {path}, the system refused: {exc}") from exc
    if not header:
        return None
    if header != _HEADER:
        raise RecordsError(damaged(str(path), "it does not begin as one"))
    with _looking_at(path) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" in names:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None
    if names:
        raise RecordsError(f"expected Alchemiser's records in {path}, found another database; name another file")
    return None


def version_on(database: Database) -> str | None:
    """
    Return the schema version of a PostgreSQL database, None when it holds nothing yet.

    Raises:
        RecordsError: it does not answer, or holds something else.
    """
    with database.reading() as connection:
        return _version(connection, database.place)


def upgrade(database: Database) -> None:
    """
    Bring a database to this code's schema in one transaction.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    with database.writing() as connection:
        if database.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('alchemiser schema', 0))"))
            if _version(connection, database.place) == SCHEMA:
                return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def migrations() -> Path:
    """
    Return the folder of the migrations: inside an installed package, beside `src` in a checkout.
    """
    package = Path(alchemiser.__file__).parent
    for folder in (package / "migrations", package.parent.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise ConfigurationError(f"expected the migrations in {package}, found none; install Alchemiser again")


def _prepare_postgres(url: str, *, busy_timeout_s: int) -> Database:
    database = connect(url, busy_timeout_s=busy_timeout_s)
    try:
        version = version_on(database)
        if version is not None:
            _refuse_unknown(version, database.place)
        if version != SCHEMA:
            upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def _version(connection: Connection, place: str) -> str | None:
    names = set(inspect(connection).get_table_names())
    if "alembic_version" in names:
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
    if names:
        raise RecordsError(f"expected Alchemiser's records in {place}, found another database; name another one")
    return None


def _check_whole(path: Path) -> None:
    with _looking_at(path) as connection:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise RecordsError(damaged(str(path), found))


def _refuse_unknown(version: str, place: str) -> None:
    if version == SCHEMA:
        return
    known = {file.name.partition("_")[0] for file in (migrations() / "versions").glob("*.py")}
    if version not in known:
        raise RecordsError(
            f"expected records of schema {SCHEMA} or older in {place}, found {version}; "
            "a newer Alchemiser wrote them: install it, or name another database"
        )


def _copy_beside(path: Path, *, version: str) -> None:
    copy = path.with_name(f"{path.stem}.before-{SCHEMA}-was-{version}{path.suffix}")
    with _looking_at(path) as connection, closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


@contextmanager
def _looking_at(path: Path) -> Iterator[sqlite3.Connection]:
    with translated(str(path)):
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
            yield connection
