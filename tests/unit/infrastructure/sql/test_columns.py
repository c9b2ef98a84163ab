"""
Columns keep decimals exact and instants in UTC, and refuse the rest.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, make_url, select
from sqlalchemy.schema import CreateTable

from alchemiser.infrastructure.sql.columns import ExactDecimal, Instant, KeyDecimal
from alchemiser.infrastructure.sql.engine import Database, connect

samples = Table(
    "samples",
    MetaData(),
    Column("amount", ExactDecimal),
    Column("key", KeyDecimal),
    Column("at", Instant),
)


@pytest.fixture
def database() -> Iterator[Database]:
    opened = connect("sqlite://")
    with opened.writing() as connection:
        samples.metadata.create_all(connection)
    yield opened
    opened.close()


def kept(database: Database, **values: object) -> tuple[object, ...]:
    with database.writing() as connection:
        connection.execute(insert(samples).values(**values))
        return tuple(connection.execute(select(samples)).one())


def test_decimals_keep_their_digits(database: Database) -> None:
    """
    A decimal comes back with every digit, trailing zeros included.
    """
    amount, *_ = kept(database, amount=Decimal("123456789012345678.1234567890"))

    assert "123456789012345678.1234567890" == str(amount)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15), max_value=10**15))
def test_key_text_depends_on_the_value_alone(number: Decimal) -> None:
    """
    However a number is written, its key is one text of the same value.
    """
    key = KeyDecimal().as_text

    assert number == Decimal(key(number))
    assert {key(number)} == {key(number * Decimal("1.0")), key(number + Decimal("0.00000000000"))}


@pytest.mark.parametrize("wrong", [1.5, 2, "3", Decimal("NaN"), Decimal("Infinity")])
def test_only_finite_decimals_are_stored(database: Database, wrong: object) -> None:
    """
    A float, an int, a text and a NaN are programmer mistakes.
    """
    with pytest.raises(ValueError, match="finite Decimal"):
        kept(database, amount=wrong)


def test_instants_come_back_in_utc(database: Database) -> None:
    """
    An instant of any time zone is stored as the same instant in UTC.
    """
    *_, at = kept(database, at=datetime(2026, 7, 31, 15, 45, tzinfo=timezone(timedelta(hours=-4))))

    assert datetime(2026, 7, 31, 19, 45, tzinfo=UTC) == at
    assert isinstance(at, datetime)
    assert timedelta(0) == at.utcoffset()


def test_instants_sort_as_text(database: Database) -> None:
    """
    With and without microseconds the stored texts have one width, so they sort by time.
    """
    later = datetime(2026, 7, 31, 19, 45, 0, 1, tzinfo=UTC)
    times = [later, later.replace(microsecond=0), later + timedelta(days=200)]
    with database.writing() as connection:
        connection.execute(insert(samples), [{"at": time} for time in times])
        found = list(connection.scalars(select(samples.c.at).order_by(samples.c.at)))

    assert sorted(times) == found


def test_naive_instants_are_refused(database: Database) -> None:
    """
    An instant without a time zone is a programmer mistake.
    """
    with pytest.raises(ValueError, match="with a time zone"):
        kept(database, at=datetime(2026, 7, 31, 19, 45))  # noqa: DTZ001 - what is tested


def test_types_of_each_database() -> None:
    """
    SQLite keeps text, PostgreSQL its own exact and aware types.
    """
    on_sqlite = str(CreateTable(samples).compile(dialect=make_url("sqlite://").get_dialect()()))
    on_postgresql = str(CreateTable(samples).compile(dialect=make_url("postgresql://").get_dialect()()))

    assert "amount TEXT" in on_sqlite
    assert "at VARCHAR(32)" in on_sqlite
    assert "amount NUMERIC" in on_postgresql
    assert "at TIMESTAMP WITH TIME ZONE" in on_postgresql
