"""
Databases that are missing, damaged, foreign, locked or full, and processes that die over them.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from alchemiser.domain.errors import ConfigurationError, RecordsError
from alchemiser.infrastructure.sql.engine import connect
from alchemiser.infrastructure.sql.lock import alone_on
from alchemiser.infrastructure.sql.migrate import prepare_database, read_database
from alchemiser.infrastructure.sql.records import SqlRuns
from alchemiser.infrastructure.sql.transaction import SqlTransaction
from support.builders import RUN
from support.records import a_report, a_run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite3"


@pytest.fixture
def filled(file: Path) -> Path:
    database = prepare_database(f"sqlite:///{file}")
    with database.writing() as connection:
        SqlTransaction(connection, routes={}).save_run(a_run())
    database.close()
    return file


def a_program(file: Path, body: str) -> str:
    """
    Return a program that opens the records and goes on as told.
    """
    return f"""
import os, signal, sys
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.transaction import SqlTransaction
from alchemiser.infrastructure.sql.lock import alone_on
from support.records import a_run, a_report
url = "sqlite:///{file}"
{body}
"""


def started(program: str) -> "subprocess.Popen[str]":
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


class TestReading:
    @pytest.mark.parametrize("content", [None, b""], ids=["missing", "empty"])
    def test_nothing_recorded_yet(self, file: Path, content: bytes | None) -> None:
        """
        Reading before anything was recorded says what to run, and makes no file.
        """
        if content is not None:
            file.write_bytes(content)
        before = sorted(file.parent.iterdir())

        with pytest.raises(ConfigurationError, match="run `alchemiser run` first"):
            read_database(f"sqlite:///{file}")

        assert before == sorted(file.parent.iterdir())

    def test_changes_nothing(self, filled: Path) -> None:
        """
        A database that is opened for reading is read, and cannot be written.
        """
        before = filled.read_bytes()
        database = read_database(f"sqlite:///{filled}")

        assert a_run() == SqlRuns(database).run(RUN)
        with pytest.raises(RecordsError, match="readonly"), database.writing() as connection:
            SqlTransaction(connection, routes={}).save_report(a_report())

        database.close()
        assert before == filled.read_bytes()

    def test_odd_file_names(self, tmp_path: Path) -> None:
        """
        A folder with a space, a percent sign, a question mark and a hash is opened like any other.
        """
        folder = tmp_path / "50% of? #1"
        url = f"sqlite:///{folder}/records.sqlite3"
        prepare_database(url).close()

        database = read_database(url)

        assert () == SqlRuns(database).runs()
        database.close()


class TestDamage:
    @pytest.mark.parametrize("open_it", [prepare_database, read_database])
    @pytest.mark.parametrize(
        "content",
        [b"not a database at all", b"SQLite format 3\x00" + b"\xff" * 4096],
        ids=["other bytes", "right header"],
    )
    def test_file_that_is_no_database(self, file: Path, content: bytes, open_it: type) -> None:
        """
        A file that is no database is refused with a way out, and left as it is.
        """
        file.write_bytes(content)

        with pytest.raises(RecordsError, match=r"damaged one .* it was not touched"):
            open_it(f"sqlite:///{file}")

        assert content == file.read_bytes()

    def test_flipped_pages(self, filled: Path) -> None:
        """
        A database with damaged pages is refused before anything is written.
        """
        whole = filled.read_bytes()
        damaged = whole[:4096] + b"\xa5" * (len(whole) - 4096)
        filled.write_bytes(damaged)

        with pytest.raises(RecordsError, match="damaged"):
            prepare_database(f"sqlite:///{filled}")

        assert damaged == filled.read_bytes()

    def test_cut_off(self, filled: Path) -> None:
        """
        A database that lost its end is refused.
        """
        filled.write_bytes(filled.read_bytes()[:-4096])

        with pytest.raises(RecordsError, match="damaged"):
            prepare_database(f"sqlite:///{filled}")

    @pytest.mark.parametrize("open_it", [prepare_database, read_database])
    def test_database_of_something_else(self, file: Path, open_it: type) -> None:
        """
        Another program's database is not taken for ours.
        """
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE songs (title TEXT)")

        with pytest.raises(RecordsError, match="found another database"):
            open_it(f"sqlite:///{file}")

    def test_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        """
        Records below a file are refused with the system's reason.
        """
        (tmp_path / "var").write_text("a file", encoding="utf-8")

        with pytest.raises(RecordsError, match="expected to create"):
            prepare_database(f"sqlite:///{tmp_path}/var/records.sqlite3")


class TestLocked:
    def test_waits_no_longer_than_told(self, filled: Path) -> None:
        """
        A writer that finds the database held says so, and has written nothing.
        """
        database = connect(f"sqlite:///{filled}", busy_timeout_s=0)
        with closing(sqlite3.connect(filled, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(RecordsError, match="another process holds it"), database.writing():
                pass

        database.close()

    def test_readers_do_not_wait(self, filled: Path) -> None:
        """
        While a writer holds the database, others read what was committed before.
        """
        database = read_database(f"sqlite:///{filled}")
        with closing(sqlite3.connect(filled, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            holder.execute("UPDATE runs SET detail = 'not yet'")

            assert a_run() == SqlRuns(database).run(RUN)

        database.close()

    def test_one_process_trades_at_a_time(self, filled: Path) -> None:
        """
        A second process is refused while the first trades, and welcome once it was killed.
        """
        program = a_program(filled, "with alone_on(url): print('held', flush=True); sys.stdin.read()")
        with started(program) as other:
            assert other.stdout is not None
            assert "held\n" == other.stdout.readline()
            with pytest.raises(RecordsError, match="no other process"), alone_on(f"sqlite:///{filled}"):
                pass
            other.kill()
            other.wait()

        with alone_on(f"sqlite:///{filled}"):
            pass


class TestEnds:
    def test_full_disk_keeps_what_was_committed(self, filled: Path) -> None:
        """
        When there is no more room the write is refused whole, and the records stay readable.
        """
        database = connect(f"sqlite:///{filled}")
        with database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        large = a_report("x" * 1_000_000)

        with pytest.raises(RecordsError, match="expected room"), database.writing() as connection:
            SqlTransaction(connection, routes={}).save_report(large)

        assert a_run() == SqlRuns(database).run(RUN)
        assert SqlRuns(database).report(RUN) is None
        database.close()

    @pytest.mark.parametrize(("inside", "expected"), [(True, None), (False, a_report())])
    def test_killed_process(self, filled: Path, inside: bool, expected: object) -> None:
        """
        A process killed inside a transaction wrote nothing; killed after it, everything.
        """
        end = "os.kill(os.getpid(), signal.SIGKILL)"
        body = f"""
with prepare_database(url).writing() as connection:
    SqlTransaction(connection, routes={{}}).save_report(a_report())
    {end if inside else "pass"}
{end}
"""
        with started(a_program(filled, body)) as process:
            process.communicate()

        database = prepare_database(f"sqlite:///{filled}")
        assert -signal.SIGKILL == process.returncode
        assert expected == SqlRuns(database).report(RUN)
        database.close()
