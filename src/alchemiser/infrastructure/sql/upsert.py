"""
Insert-or-leave and insert-or-update, which every database spells its own way.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row: TypeAlias = Mapping[str, object]


def insert_new(connection: Connection, table: Table, row: Row, *, key: Sequence[str]) -> bool:
    """
    Insert a row unless its key is taken; return whether it was inserted.
    """
    statement = _insert(connection, table).values(**row).on_conflict_do_nothing(index_elements=list(key))
    return connection.execute(statement.returning(table.c[key[0]])).first() is not None


def insert_or_update(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    changing: Sequence[str],
    where: ColumnElement[bool] | None = None,
) -> None:
    """
    Insert rows; where a key is taken, update the changing columns only. A stored row for which `where` does not
    hold is left as it is.
    """
    if not rows:
        return
    statement = _insert(connection, table)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(key),
            set_={name: statement.excluded[name] for name in changing},
            where=where,
        ),
        [dict(row) for row in rows],
    )


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
