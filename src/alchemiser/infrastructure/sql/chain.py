"""
The audit chain: every event and every fill is linked to all that was stored before it.

    h(n) = SHA256(h(n-1) + LF + canonical JSON of {"n": n, "table": ..., "row": {...}}),  h(0) = 64 zeros

A row's values are its stored texts, NULL ones left out; so the same rows have the same hashes on every database.
A link is written in the transaction of its row. Whoever adds one holds the head's row, so links have no gaps and no
two have one predecessor. `SqlTransaction` and `SqlTrades` take it before anything else: no two of them wait in a ring.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import Column, Connection, Table, bindparam, cast, insert, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import LargeBinary

from alchemiser.application.ports.audit import Head
from alchemiser.infrastructure.sql.columns import ExactDecimal
from alchemiser.infrastructure.sql.tables import chain, chain_head, events, ledger
from alchemiser.infrastructure.sql.upsert import Row

START = Head(seq=0, hash="0" * 64)
SOURCES: Mapping[str, Table] = {"events": events, "ledger": ledger}


# Said for every event and every fill: put together once.
_LINK = insert(chain)
_MOVE = chain_head.update().values(seq=bindparam("to"), hash=bindparam("digest"))
_HEAD = select(chain_head.c.seq, chain_head.c.hash).with_for_update()


class Chain:
    """
    The end of the chain in an open transaction that may add to it; others who add wait until it commits.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._head = locked_head(connection)

    def add(self, table: Table, row: Row, *, key: list[str]) -> bool:
        """
        Insert a row with its link, unless its key is taken; return whether it was inserted.
        """
        new = _insert(self._connection.dialect.name, table, tuple(key))
        number = self._connection.scalar(new, dict(row))
        if number is None:
            return False
        texts = {column.name: as_text(column, row.get(column.name)) for column in table.columns}
        link = link_of(self._head, table.name, {**texts, "seq": str(number)})
        self._connection.execute(_LINK, link)
        self._head = Head(seq=self._head.seq + 1, hash=str(link["hash"]))
        self._connection.execute(_MOVE, {"to": self._head.seq, "digest": self._head.hash})
        return True


def locked_head(connection: Connection) -> Head:
    """
    Return the head, held until the transaction ends.
    """
    row = connection.execute(_HEAD).one()
    return Head(seq=row.seq, hash=row.hash)


@cache
def _insert(dialect: str, table: Table, key: tuple[str, ...]) -> ReturningInsert[tuple[int]]:
    made = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return made(table).on_conflict_do_nothing(index_elements=list(key)).returning(table.c.seq)


def link_of(before: Head, table: str, texts: Mapping[str, str | None]) -> dict[str, object]:
    """
    Return the row of the link that comes next, for a row of a table given as its stored texts.
    """
    number = before.seq + 1
    return {
        "seq": number,
        "source": table,
        "row": int(texts["seq"] or 0),
        "hash": hash_of(before.hash, number, table, texts),
    }


def hash_of(before: str, number: int, table: str, texts: Mapping[str, str | None]) -> str:
    """
    Return the hash of a link.
    """
    row = {name: text for name, text in texts.items() if text is not None}
    told = json.dumps({"n": number, "table": table, "row": row}, sort_keys=True, separators=(",", ":"))
    # A damaged row may hold halves of characters; it has to be told from the whole one, not to end the search.
    return hashlib.sha256(f"{before}\n{told}".encode("utf-8", "surrogatepass")).hexdigest()


def linked(connection: Connection, start: Head) -> Iterator[dict[str, object]]:
    """
    Yield the links of all stored rows, events first, as they would be chained from a start.
    """
    head = start
    for name, table in SOURCES.items():
        for _, texts in stored(connection, table):
            link = link_of(head, name, texts)
            yield link
            head = Head(seq=head.seq + 1, hash=str(link["hash"]))


def stored(connection: Connection, table: Table) -> Iterator[tuple[int, dict[str, str | None]]]:
    """
    Yield the number and the stored texts of every row of a table, by number.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    columns = [cast(column, LargeBinary) if on_sqlite else column for column in table.columns]
    names = [column.name for column in table.columns]
    # SQLite keeps a number's text as it was written: what is read is the text itself, byte by byte.
    rows = select(literal_column(f"{table.name}.seq"), *columns).select_from(table).order_by(literal_column("1"))
    for number, *values in connection.execute(rows.execution_options(yield_per=500)):
        if on_sqlite:
            yield number, {name: _from_bytes(value) for name, value in zip(names, values, strict=True)}
        else:
            pairs = zip(table.columns, values, strict=True)
            yield number, {column.name: as_text(column, value) for column, value in pairs}


def as_text(column: Column[object], value: object) -> str | None:
    """
    Return a value as SQLite stores it.
    """
    match value:
        case None:
            return None
        case Decimal() if isinstance(column.type, ExactDecimal):
            return column.type.as_text(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case bool():
            return str(int(value))
        case int() | str():
            return str(value)
        case _:
            raise TypeError(f"{column.name}: expected a value that can be chained, found {value!r}")


def _from_bytes(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode("utf-8", "surrogateescape")
