"""
A process killed at any statement of an upgrade leaves the records as they were, on both databases.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.databases import a_postgres

_PROGRAM = """
import os, signal, sys
from pathlib import Path
from alembic import command
from alembic.config import Config
from chaos import lives
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from alchemiser.infrastructure.sql.audit import SqlAuditChain
from alchemiser.infrastructure.sql.engine import connect
from alchemiser.infrastructure.sql.migrate import migrations, prepare_database
from alchemiser.infrastructure.sql.records import SqlRuns
from alchemiser.infrastructure.sql.tables import SCHEMA
from alchemiser.infrastructure.sql.transaction import SqlTransaction
from support.records import a_run, a_start, a_tick

url = sys.argv[1]


def version():
    database = connect(url)
    with database.reading() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    database.close()
    return found


def older():
    database = prepare_database(url)
    with database.writing() as connection:
        tx = SqlTransaction(connection, routes={})
        tx.save_run(a_run())
        tx.emit(a_start())
        tx.emit(a_tick())
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    database.close()
    return 0


def upgraded(at):
    left = [at]

    def strike(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", strike)
    database = prepare_database(url)
    assert SqlRuns(database).run(a_run().id) == a_run()
    assert SqlAuditChain(database).flaws() == ()
    assert SqlAuditChain(database).head().seq == 2
    database.close()
    return 0


assert lives.ended(lives.born(older)) == 0
kills = 0
for at in range(1, 400, 6):
    code = lives.ended(lives.born(lambda: upgraded(at)))
    if code != -9:
        assert code == 0, code
        break
    kills += 1
    assert lives.told_by(version) in {"0001", SCHEMA}
    for copy in Path(".").glob("*.before-*"):
        copy.unlink()
print(kills, lives.told_by(version) == SCHEMA)
"""


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_a_killed_upgrade_is_all_or_nothing(place: str, tmp_path: Path) -> None:
    """
    SIGKILL at every sixth statement: the schema is the old one or the new one, and the next process finishes it with
    every row, chained.
    """
    if place == "sqlite":
        kills = _killed("sqlite:///records.sqlite3", tmp_path)
    else:
        with a_postgres() as url:
            kills = _killed(url, tmp_path)

    assert kills >= 4


def _killed(url: str, folder: Path) -> int:
    tests = Path(__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, url],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    kills, is_new = ended.stdout.split()
    assert "True" == is_new
    return int(kills)
