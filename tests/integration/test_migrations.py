"""
The migrations, run for real on SQLite files.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from alchemiser.domain.errors import RecordsError
from alchemiser.infrastructure.sql import migrate
from alchemiser.infrastructure.sql.migrate import migrations, prepare_database, stored_version
from alchemiser.infrastructure.sql.records import SqlRuns
from alchemiser.infrastructure.sql.tables import SCHEMA, metadata
from alchemiser.infrastructure.sql.transaction import SqlTransaction
from support.builders import RUN
from support.records import a_run

NEXT = '''
"""
Add a note to runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("note", sa.Text()))
    {then}
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite3"


def fill(file: Path) -> None:
    """
    Make a database that holds a run.
    """
    database = prepare_database(f"sqlite:///{file}")
    with database.writing() as connection:
        SqlTransaction(connection, routes={}).save_run(a_run())
    database.close()


def a_newer_code(folder: Path, monkeypatch: pytest.MonkeyPatch, *, then: str = "pass") -> None:
    """
    Let the code know one more migration.
    """
    scripts = folder / "migrations"
    shutil.copytree(migrations(), scripts)
    (scripts / "versions" / "9999_note.py").write_text(NEXT.format(head=SCHEMA, then=then), encoding="utf-8")
    monkeypatch.setattr(migrate, "SCHEMA", "9999")
    monkeypatch.setattr(migrate, "migrations", lambda: scripts)


def test_code_writes_the_schema_of_the_last_migration() -> None:
    """
    The schema version in the code is the newest migration.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations()))

    assert SCHEMA == ScriptDirectory.from_config(config).get_current_head()


def test_migrations_make_the_tables_of_the_code(file: Path) -> None:
    """
    A migrated database has exactly the tables, columns, keys and indices that the code declares.
    """
    database = prepare_database(f"sqlite:///{file}")
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    database.close()

    assert [] == differences


def test_preparing_twice_changes_nothing(file: Path) -> None:
    """
    A database that is ready is opened as it is.
    """
    fill(file)
    before = file.read_bytes()

    prepare_database(f"sqlite:///{file}").close()

    assert before == file.read_bytes()


def test_older_records_are_copied_and_brought_up(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An upgrade keeps every row, and a copy of the file as it was.
    """
    fill(file)
    a_newer_code(tmp_path, monkeypatch)

    database = prepare_database(f"sqlite:///{file}")
    kept = SqlRuns(database).run(RUN)
    database.close()

    assert a_run() == kept
    assert "9999" == stored_version(file)
    assert SCHEMA == stored_version(tmp_path / f"records.before-9999-was-{SCHEMA}.sqlite3")


def test_upgrade_that_fails_half_way_leaves_the_old_schema(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A migration is one transaction: when its last step fails, its first is undone too.
    """
    fill(file)
    a_newer_code(tmp_path, monkeypatch, then='op.execute("INSERT INTO nowhere VALUES (1)")')

    with pytest.raises(RecordsError, match="nowhere"):
        prepare_database(f"sqlite:///{file}")

    with closing(sqlite3.connect(file)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    assert SCHEMA == stored_version(file)
    assert "note" not in columns


def test_newer_records_are_refused(file: Path) -> None:
    """
    Old code does not touch records that newer code wrote, and says so.
    """
    fill(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '8000'")

    with pytest.raises(RecordsError, match="found 8000; a newer Alchemiser wrote them"):
        prepare_database(f"sqlite:///{file}")


def test_tables_can_be_taken_down_again(file: Path) -> None:
    """
    The first migration undoes itself.
    """
    from alembic import command

    database = prepare_database(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    database.close()

    assert stored_version(file) is None
