"""
One trading process at a time on one database.

The lock is the operating system's: it ends with the process, however that ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alchemiser.domain.errors import RecordsBusy, RecordsError
from alchemiser.infrastructure.sql.engine import file_of


@contextmanager
def alone_on(url: str) -> Iterator[None]:
    """
    Hold the database of a URL for this process's trading until the block ends; reading needs no lock.

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
