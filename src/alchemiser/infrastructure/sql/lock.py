"""
One trading process at a time on one SQLite database; one of each name at a time on a PostgreSQL one.

The lock is the operating system's or the server's: it ends with the process, however that ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alchemiser.domain.errors import RecordsBusy, RecordsError
from alchemiser.infrastructure.sql.engine import Database, file_of, translated

_LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def alone_on(url: str) -> Iterator[None]:
    """
    Hold the database of a URL for this process's trading until the block ends; reading needs no lock.

    On PostgreSQL many work at once: what one account does once is one row there, and messages are leased.

    Raises:
        RecordsError: another process holds it.
    """
    import fcntl

    path = file_of(url)
    if path is None:
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.with_name(f"{path.name}.lock").open("w", encoding="ascii")
    except OSError as exc:
        raise RecordsError(f"expected to write beside {path}, the system refused: {exc}") from exc
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise RecordsBusy(
                f"expected no other process to trade on {path}, one does; "
                "wait until it ends, then run the command again; nothing was done"
            ) from exc
        yield


@contextmanager
def alone_as(name: str, database: Database, *, patience_s: int = 10) -> Iterator[None]:
    """
    Hold a name among all that work on a PostgreSQL database, so that nobody takes over the leases of one who lives.

    Without a name nothing is held. A connection of its own holds the name; the server lets go of it once it has seen
    that the process is gone.

    Raises:
        RecordsBusy: someone else of that name works and did not end within `patience_s`.
    """
    if not name or database.engine.dialect.name != "postgresql":
        yield
        return
    with translated(database.place), database.engine.connect() as connection:
        # Closed in the end, not kept for others: that is what gives the name back.
        connection.detach()
        connection.execute(text("SELECT set_config('lock_timeout', :limit, false)"), {"limit": f"{patience_s}s"})
        try:
            connection.execute(
                text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": f"alchemiser {name}"}
            )
        except DBAPIError as exc:
            if getattr(exc.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            raise RecordsBusy(
                f"expected nobody else to work as {name} on {database.place}, someone does; "
                "wait until that process ends, or give a worker another name with --name; nothing was done"
            ) from exc
        connection.commit()
        yield
