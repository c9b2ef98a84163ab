"""
The triggers that keep history: rows of a table can be added, not changed and not removed.
"""

from collections.abc import Iterator

_FUNCTION = "alchemiser_only_added"


def only_added_function(dialect: str) -> Iterator[str]:
    """
    Yield what makes the function that PostgreSQL's triggers call; SQLite needs none.
    """
    if dialect == "postgresql":
        yield (
            f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% can only be added to', TG_TABLE_NAME; END $$"
        )


def without_function(dialect: str) -> Iterator[str]:
    """
    Yield what removes that function again.
    """
    if dialect == "postgresql":
        yield f"DROP FUNCTION IF EXISTS {_FUNCTION}()"


def only_added(table: str, dialect: str) -> Iterator[str]:
    """
    Yield the statements that make a table refuse every change of its rows.
    """
    if dialect == "postgresql":
        yield (
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
        )
        yield (
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} can only be added to'); END"
        )


def changeable(table: str, dialect: str) -> Iterator[str]:
    """
    Yield the statements that undo `only_added`, for a migration that has to fill a new column.
    """
    if dialect == "postgresql":
        yield f"DROP TRIGGER {table}_only_added ON {table}"
        yield f"DROP TRIGGER {table}_not_emptied ON {table}"
        return
    for verb in ("update", "delete"):
        yield f"DROP TRIGGER {table}_no_{verb}"
