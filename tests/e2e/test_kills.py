"""
A day that is killed goes on where it was, and ends as if nothing had happened.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.start import resume, start
from alchemiser.container.houses import open_house
from alchemiser.infrastructure.simulation.faults import Faults, with_faults
from alchemiser.infrastructure.sql.tables import trades
from support.houses import alchemiser, environment

_SEED = 20260731
_KILLS = 10
_FIRST, _SECOND = "2026-07-31", "2026-08-03"
_FILES = {
    "RECORDS__URL": "sqlite:///records.sqlite3",
    "BROKER__PATH": "broker.sqlite3",
    "OUTBOX__DIRECTORY": "outbox",
}
_COMPARED = {
    "records.sqlite3": {
        "runs": "SELECT * FROM runs ORDER BY id",
        "ledger": "SELECT * FROM ledger ORDER BY order_id, cumulative",
        # Not their versions: what is committed again after a death counts once more.
        "trades": f"SELECT {', '.join(c.name for c in trades.c if c.name != 'version')} FROM trades ORDER BY id",
        "reports": "SELECT * FROM reports ORDER BY run_id",
        "events": "SELECT event_id, type, body FROM events ORDER BY event_id",
        "undelivered": "SELECT * FROM deliveries WHERE state <> 'done'",
    },
    "broker.sqlite3": {
        "account": "SELECT * FROM account",
        "holdings": "SELECT * FROM holdings ORDER BY symbol",
        "orders": "SELECT client_order_id, symbol, side, quantity, limit_price, filled FROM orders ORDER BY 1",
    },
}


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder in which one session was traded; the next one sells and buys.
    """
    folder = tmp_path_factory.mktemp("first")
    told = _run(_FIRST, folder)
    assert told == 0
    return folder


@pytest.fixture(scope="module")
def peaceful(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A copy in which the second session was traded in peace.
    """
    folder = tmp_path_factory.mktemp("second") / "day"
    shutil.copytree(first_day, folder)
    assert _run(_SECOND, folder) == 0
    return folder


@pytest.fixture(scope="module")
def calls(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """
    How many calls to broker, quotes and records the second session makes.
    """
    folder = tmp_path_factory.mktemp("counted") / "day"
    shutil.copytree(first_day, folder)
    faults = Faults(kill_at=10**9, after=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in environment(_FILES).items():
            patch.setenv(name, value)
        with open_house("test") as house:
            ports = with_faults(house.ports, faults)
            assert list(resume(ports)) == []
            start(date.fromisoformat(_SECOND), ports)
            assert list(pump(ports))
    return faults.calls


@pytest.mark.parametrize("kill", range(_KILLS))
def test_a_killed_day_ends_like_a_peaceful_one(
    kill: int, first_day: Path, peaceful: Path, calls: int, tmp_path: Path
) -> None:
    """
    SIGKILL at a seeded call, before or after its effect, then again while recovering: the same positions, orders,
    ledger, events and report as in peace, and no client order id used twice.
    """
    folder = tmp_path / "day"
    shutil.copytree(first_day, folder)
    chance = np.random.Generator(np.random.PCG64([_SEED, kill]))
    at = 1 + int((kill + chance.random()) / _KILLS * calls)
    again = 1 + int(chance.integers(40))
    after = str(bool(chance.integers(2))).lower()

    assert -9 == _run(_SECOND, folder, FAULTS__KILL_AT=str(at), FAULTS__KILL_AFTER=after)
    assert _run(_SECOND, folder, FAULTS__KILL_AT=str(again), FAULTS__KILL_AFTER=after) in {0, -9}
    assert 0 == _run(_SECOND, folder)

    assert _kept(peaceful) == _kept(folder)
    ids = [row[0] for row in _rows(folder / "broker.sqlite3", "SELECT client_order_id FROM orders")]
    assert len(ids) == len(set(ids))


def _run(session: str, folder: Path, **settings: str) -> int:
    told = alchemiser("run", "--profile", "test", "--session", session, "--json", folder=folder, **_FILES, **settings)
    assert told.code in {0, -9}, told.err
    return told.code


def _kept(folder: Path) -> dict[str, object]:
    kept: dict[str, object] = {
        f"{file} {name}": _rows(folder / file, query)
        for file, queries in _COMPARED.items()
        for name, query in queries.items()
    }
    return kept | {path.name: path.read_bytes() for path in sorted((folder / "outbox").iterdir())}


def _rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()
