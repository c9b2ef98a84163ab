"""
PostgreSQL's own ways to fail, and what comes with a server: passwords, time zones, names that are held, upgrades.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text

from alchemiser.domain.errors import ConfigurationError, RecordsBusy, RecordsError
from alchemiser.infrastructure.sql.audit import SqlAuditChain
from alchemiser.infrastructure.sql.engine import Database, connect, parse, place_of
from alchemiser.infrastructure.sql.lock import alone_as
from alchemiser.infrastructure.sql.migrate import migrations, prepare_database, read_database
from alchemiser.infrastructure.sql.records import SqlRuns
from alchemiser.infrastructure.sql.tables import SCHEMA, metadata
from alchemiser.infrastructure.sql.transaction import SqlTransaction
from support.builders import RUN
from support.databases import a_postgres, an_empty_postgres, opened
from support.records import a_run, a_start


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    yield from opened("postgres", tmp_path)


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def store(database: Database) -> None:
    with database.writing() as connection:
        SqlTransaction(connection, routes={}).save_run(a_run())


def be_cut_off(database: Database) -> None:
    """
    Store a run in a transaction whose connection the server ends before it commits.
    """
    administrator = connect(url_of(database))
    with database.writing() as connection:
        SqlTransaction(connection, routes={}).save_run(a_run())
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with administrator.writing() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        administrator.close()
        connection.execute(text("SELECT 1"))


class TestTrouble:
    def test_a_held_row_is_waited_for_no_longer_than_told(self, database: Database) -> None:
        """
        A writer that finds the chain held gives up after its time, and has written nothing.
        """
        impatient = connect(url_of(database), busy_timeout_s=1)
        with database.writing() as connection:
            SqlTransaction(connection, routes={})
            with pytest.raises(RecordsError, match="another process holds it"):
                store(impatient)

        impatient.close()
        assert SqlRuns(database).run(RUN) is None

    def test_a_server_that_cut_the_connection_is_asked_again(self, database: Database) -> None:
        """
        The transaction that was cut off wrote nothing; the next one finds the server again.
        """
        with pytest.raises(RecordsError, match="expected PostgreSQL to answer"):
            be_cut_off(database)

        assert SqlRuns(database).run(RUN) is None
        store(database)
        assert a_run() == SqlRuns(database).run(RUN)

    def test_a_server_that_is_not_there_is_told_of_without_the_password(self, tmp_path: Path) -> None:
        """
        The message names database and host and nothing secret.
        """
        url = f"postgresql+psycopg://me:hidden-word@/records?host={tmp_path}"

        with pytest.raises(RecordsError, match="expected PostgreSQL to answer for records on") as told:
            prepare_database(url)

        assert "hidden-word" not in str(told.value)

    def test_a_url_that_is_none_is_refused_without_showing_it(self) -> None:
        """
        Where the password stands in a broken URL nobody can tell.
        """
        for url in ("postgresql+psycopg://me:hidden-word@host:port/x", "mysql://me:hidden-word@host/x"):
            with pytest.raises(ConfigurationError, match="expected a database URL") as told:
                parse(url)

            assert "hidden-word" not in str(told.value)

    def test_places_are_named_by_database_and_host(self) -> None:
        """
        As an operator would look for them.
        """
        assert "records on db.example:5433" == place_of(parse("postgresql://me:x@db.example:5433/records"))


class TestSession:
    @pytest.mark.parametrize("setting", ["timezone=Asia/Tokyo", "synchronous_commit=off"])
    def test_is_in_utc_and_durable_whatever_the_server_says(self, database: Database, setting: str) -> None:
        """
        Instants come back in UTC, and a commit is on disk when it returns.
        """
        name = make_url(url_of(database)).database
        option, value = setting.split("=")
        with database.writing() as connection:
            connection.execute(text(f"ALTER DATABASE \"{name}\" SET {option} = '{value}'"))
        other = connect(url_of(database))

        with other.reading() as connection:
            found = [connection.scalar(text(f"SHOW {option}")) for option in ("timezone", "synchronous_commit")]

        other.close()
        assert ["UTC", "on"] == found

    def test_reads_one_snapshot_and_cannot_write(self, database: Database) -> None:
        """
        What is committed while somebody reads is not seen by it, and a reader is refused to write.
        """
        reader = read_database(url_of(database))
        with reader.reading() as connection:
            before = connection.scalar(text("SELECT count(*) FROM runs"))
            store(database)
            after = connection.scalar(text("SELECT count(*) FROM runs"))

        assert (0, 0) == (before, after)
        with pytest.raises(RecordsError, match="read-only"):
            store(reader)
        reader.close()


class TestNames:
    def test_one_of_a_name_works_at_a_time(self, database: Database) -> None:
        """
        A second of the same name is refused while the first lives; others are welcome.
        """
        refused = pytest.raises(RecordsBusy, match="nobody else to work as w1")
        with alone_as("w1", database), alone_as("w2", database), refused:
            alone_as("w1", database, patience_s=1).__enter__()
        with alone_as("w1", database):
            pass

    def test_a_killed_process_gives_its_name_back(self, database: Database) -> None:
        """
        SIGKILL frees the name as soon as the server notices.
        """
        program = (
            "import sys; from alchemiser.infrastructure.sql.engine import connect; "
            "from alchemiser.infrastructure.sql.lock import alone_as\n"
            f"with alone_as('w1', connect({url_of(database)!r})): print('held', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert "held\n" == other.stdout.readline()
            os.kill(other.pid, signal.SIGKILL)
            other.wait()

        with alone_as("w1", database):
            pass


class TestUpgrades:
    def test_migrations_make_the_tables_of_the_code(self, database: Database) -> None:
        """
        A migrated database has exactly the tables, columns, keys and indices that the code declares.
        """
        with database.reading() as connection:
            assert [] == compare_metadata(MigrationContext.configure(connection), metadata)

    def test_several_may_prepare_at_once(self) -> None:
        """
        The first makes the tables, the others wait for them.
        """
        with an_empty_postgres() as url, ThreadPoolExecutor(3) as pool:
            databases = list(pool.map(prepare_database, [url] * 3))
            store(databases[0])
            found = [SqlRuns(database).run(RUN) for database in databases]
            for database in databases:
                database.close()

        assert [a_run()] * 3 == found

    def test_nothing_recorded_yet(self) -> None:
        """
        Reading an empty database says what to run, and makes nothing.
        """
        with an_empty_postgres() as url, pytest.raises(ConfigurationError, match="run `alchemiser run` first"):
            read_database(url)

    def test_another_database_and_a_newer_one_are_refused(self) -> None:
        """
        Neither is touched.
        """
        with an_empty_postgres() as url:
            database = connect(url)
            with database.writing() as connection:
                connection.execute(text("CREATE TABLE songs (title text)"))
            with pytest.raises(RecordsError, match="found another database"):
                prepare_database(url)
            with database.writing() as connection:
                connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
                connection.execute(text("INSERT INTO alembic_version VALUES ('8000')"))
            for open_it in (prepare_database, read_database):
                with pytest.raises(RecordsError, match="found 8000; a newer Alchemiser wrote them"):
                    open_it(url)
            database.close()

    def test_records_go_down_and_up_again(self) -> None:
        """
        Rows of an older schema are brought up, and chained as they are found.
        """
        from alembic import command

        with a_postgres() as url:
            database = prepare_database(url)
            with database.writing() as connection:
                tx = SqlTransaction(connection, routes={})
                tx.save_run(a_run())
                tx.emit(a_start())
            head = SqlAuditChain(database).head()
            config = Config()
            config.set_main_option("script_location", str(migrations()))
            with database.writing() as connection:
                config.attributes["connection"] = connection
                command.downgrade(config, "0001")
            database.close()
            with pytest.raises(RecordsError, match=f"expected records of schema {SCHEMA}"):
                read_database(url)

            database = prepare_database(url)

            assert a_run() == SqlRuns(database).run(RUN)
            assert head == SqlAuditChain(database).head()
            assert () == SqlAuditChain(database).flaws()
            database.close()
