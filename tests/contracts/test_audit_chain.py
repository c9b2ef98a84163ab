"""
What the audit chain owes: whatever is changed, removed or put in past the triggers is found and named.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import text

from alchemiser.application.ports.audit import Head, Witnessed
from alchemiser.infrastructure.sql.audit import SqlAuditChain
from alchemiser.infrastructure.sql.chain import SOURCES, hash_of
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.trades import SqlTrades
from support.builders import RUN, a_trade
from support.databases import PLACES, opened
from support.records import a_fill, a_run, a_start, a_tick, every_event

_CHAINED = {name: [column.name for column in table.columns] for name, table in SOURCES.items()}
_COLUMNS = [
    (table, column)
    for table, columns in {
        **_CHAINED,
        "chain": ["seq", "source", "row", "hash"],
        "chain_head": ["id", "seq", "hash"],
    }.items()
    for column in columns
]


@pytest.fixture(params=PLACES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from opened(request.param, tmp_path)


def filled(database: Database) -> SqlAuditChain:
    """
    Store every type of event, and fills between them.
    """
    engine = SqlEngine(database, routes={})
    with engine.begin() as tx:
        tx.save_run(a_run())
        tx.emit(a_start())
    (trade,) = SqlTrades(database).commit((a_trade(),), (a_fill("5", "5"),))
    with engine.begin() as tx:
        for event in every_event():
            tx.emit(event)
    SqlTrades(database).commit((trade,), (a_fill("5.000", "5"), a_fill("7.5", "2.5")))
    return SqlAuditChain(database)


def tampered(database: Database, *statements: str) -> None:
    """
    Change what triggers protect, as an administrator can.
    """
    on_sqlite = database.engine.dialect.name == "sqlite"
    with database.writing() as connection:
        if on_sqlite:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def fail_after_telling(engine: SqlEngine) -> None:
    with engine.begin() as tx:
        tx.emit(a_tick(7))
        raise ZeroDivisionError


def where_of(chain: SqlAuditChain) -> list[str]:
    return [flaw.where for flaw in chain.flaws()]


class TestChain:
    def test_of_nothing_is_whole(self, database: Database) -> None:
        """
        Empty records have a chain without links and no flaw.
        """
        chain = SqlAuditChain(database)

        assert Head(seq=0, hash="0" * 64) == chain.head()
        assert () == chain.flaws()

    def test_has_a_link_for_each_event_and_fill(self, database: Database) -> None:
        """
        What was stored as it should be verifies; a row that was left as it is made no second link.
        """
        chain = filled(database)

        assert () == chain.flaws()
        assert len(every_event()) + 2 == chain.head().seq

    def test_is_the_same_on_every_database(self, database: Database, tmp_path: Path) -> None:
        """
        The same rows have the same head, whatever keeps them.
        """
        reference = prepare_database(f"sqlite:///{tmp_path}/reference.sqlite3")

        assert filled(reference).head() == filled(database).head()
        reference.close()

    def test_ends_with_its_transaction(self, database: Database) -> None:
        """
        A transaction that is undone leaves no link and no gap.
        """
        chain = filled(database)
        before = chain.head()
        engine = SqlEngine(database, routes={})
        with pytest.raises(ZeroDivisionError):
            fail_after_telling(engine)
        with engine.begin() as tx:
            tx.emit(a_tick(8))

        assert before.seq + 1 == chain.head().seq
        assert () == chain.flaws()

    @pytest.mark.parametrize(
        ("statement", "where"),
        [
            ("UPDATE ledger SET price = '1.00' WHERE seq = 1", "ledger 1"),
            ("UPDATE events SET body = '{}' WHERE seq = 3", "events 3"),
            ("UPDATE events SET code_version = '9' WHERE seq = 5", "events 5"),
            ("DELETE FROM ledger WHERE seq = 1", "ledger 1"),
            ("DELETE FROM events WHERE seq = 4", "events 4"),
            ("DELETE FROM chain WHERE seq = 5", "chain 5"),
            ("UPDATE chain SET hash = 'x' WHERE seq = 2", "ledger 1"),
            ("UPDATE chain_head SET seq = seq - 1", "chain_head 1"),
            ("DELETE FROM chain_head", "chain_head"),
        ],
    )
    def test_finds_what_was_changed_or_removed(self, database: Database, statement: str, where: str) -> None:
        """
        The row is named, and it is the first that is told of.
        """
        chain = filled(database)

        tampered(database, statement)

        assert where in where_of(chain)[:2]

    def test_finds_rows_that_were_put_in(self, database: Database) -> None:
        """
        A fill without a link was not stored by us.
        """
        chain = filled(database)
        columns = ", ".join(f'"{name}"' for name in _CHAINED["ledger"] if name not in {"seq", "cumulative"})

        tampered(
            database,
            f"INSERT INTO ledger (seq, cumulative, {columns}) SELECT 77, '99', {columns} FROM ledger WHERE seq = 1",
        )

        assert ["ledger 77"] == where_of(chain)

    def test_finds_that_the_end_is_missing(self, database: Database) -> None:
        """
        When the last rows went with their links, the head says so.
        """
        chain = filled(database)
        last = chain.head().seq

        tampered(database, f"DELETE FROM chain WHERE seq = {last}", "DELETE FROM ledger WHERE cumulative = '7.5'")

        assert ["chain_head 1"] == where_of(chain)


class TestWitnessed:
    def test_heads_of_its_past_agree(self, database: Database) -> None:
        """
        A head that was kept earlier is still in the chain.
        """
        chain = filled(database)
        kept = Witnessed(run_id=RUN, head=chain.head())
        with SqlEngine(database, routes={}).begin() as tx:
            tx.emit(a_tick(9))

        assert () == chain.disagreeing([kept])

    def test_history_that_was_written_anew_is_found(self, database: Database) -> None:
        """
        A chain that verifies in itself, but never had a head that was kept, is another.
        """
        chain = filled(database)
        forged = Witnessed(run_id=RUN, head=Head(seq=3, hash="f" * 64))

        (flaw,) = chain.disagreeing([forged])

        assert "rewritten" in flaw.problem


def test_records_put_back_to_any_age_are_found(tmp_path: Path) -> None:
    """
    A backup of any age verifies in itself, and never had the head that was kept after it.
    """
    file = tmp_path / "records.sqlite3"
    ages = []
    for number in range(1, 8):
        database = prepare_database(f"sqlite:///{file}")
        with SqlEngine(database, routes={}).begin() as tx:
            tx.emit(a_tick(number))
        kept = Witnessed(run_id=RUN, head=SqlAuditChain(database).head())
        database.close()
        ages.append(shutil.copy(file, tmp_path / f"age-{number}.sqlite3"))

    for number, copy in enumerate(ages[:-1], start=1):
        database = prepare_database(f"sqlite:///{copy}")
        chain = SqlAuditChain(database)
        (flaw,) = chain.disagreeing([kept])
        assert () == chain.flaws()
        assert f"the records end at link {number}" in flaw.problem
        database.close()


def test_many_who_add_at_once_make_one_chain(tmp_path: Path) -> None:
    """
    Eight at a time on PostgreSQL, events and fills: no deadlock, no gap, a chain that verifies.
    """
    for database in opened("postgres", tmp_path):
        engine = SqlEngine(database, routes={"ExecutionTickDue": ("tick",)})
        with engine.begin() as tx:
            tx.save_run(a_run())
        trades = SqlTrades(database)
        trades.commit((a_trade("SPY"), a_trade("TLT")), ())

        def add(number: int, engine: SqlEngine = engine, trades: SqlTrades = trades) -> None:
            with engine.begin() as tx:
                tx.emit(a_tick(number))
                tx.emit(a_tick(1))
            trades.commit((), (a_fill(str(number), "1", symbol=("SPY", "TLT")[number % 2]),))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(add, range(2, 42)))

        assert () == SqlAuditChain(database).flaws()
        assert 81 == SqlAuditChain(database).head().seq


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A file of records without triggers, for a test that damages it byte by byte.
    """
    file = tmp_path_factory.mktemp("chain") / "records.sqlite3"
    database = prepare_database(f"sqlite:///{file}")
    filled(database)
    tampered(database)
    database.close()
    return file


@settings(max_examples=150)
@given(place=st.sampled_from(_COLUMNS), row=st.integers(0, 200), byte=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_flipped_bit_of_any_row_is_found(
    written: Path, place: tuple[str, str], row: int, byte: int, bit: int
) -> None:
    """
    One bit of one value of an event, a fill, a link or the head: verifying fails, and names the row or its link.
    """
    table, column = place
    damaged = shutil.copy(written, written.with_name("damaged.sqlite3"))
    with closing(sqlite3.connect(damaged)) as connection, connection:
        read = f'SELECT rowid, typeof("{column}"), CAST("{column}" AS BLOB) FROM {table} ORDER BY rowid'
        rows = connection.execute(read).fetchall()
        number, kind, value = rows[row % len(rows)]
        flipped = _flipped(value or b"0", byte, bit)
        # A number that a flip makes no number, or another spelling of itself, is none of the database's any more.
        assume(value and (kind == "text" or (flipped.isdigit() and int(flipped) != int(value) and flipped[0] != 0x30)))
        change = "CAST(? AS TEXT)" if kind == "text" else "?"
        try:
            connection.execute(
                f'UPDATE {table} SET "{column}" = {change} WHERE rowid = ?',
                (flipped if kind == "text" else int(flipped), number),
            )
        except sqlite3.IntegrityError:
            reject()
    database = prepare_database(f"sqlite:///{damaged}")
    found = where_of(SqlAuditChain(database))
    database.close()

    assert found
    if table in _CHAINED and column != "seq":
        assert f"{table} {number}" == found[0]


def _flipped(value: bytes, byte: int, bit: int) -> bytes:
    at = byte % len(value)
    return value[:at] + bytes([value[at] ^ (1 << bit)]) + value[at + 1 :]


def test_a_link_that_is_no_text_any_more_is_another_link() -> None:
    """
    A flipped bit can leave half a character: its hash differs like any other, and the search goes on.
    """
    whole, damaged = (hash_of(before, 9, "events", {"seq": "9"}) for before in ("0ba0166a5", "0ba0166\udcb65"))

    assert whole != damaged
