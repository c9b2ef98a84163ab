"""
Commands that only look, in a folder where nothing was run yet.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.houses import Told, alchemiser, files_below


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    A plan before the first run, and that run.
    """

    folder: Path
    plan: Told
    left: tuple[Path, ...]
    run: Told


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    folder = tmp_path_factory.mktemp("look")
    plan = alchemiser("plan", "--json", folder=folder)
    left = tuple(folder.iterdir())
    return Look(folder=folder, plan=plan, left=left, run=alchemiser("run", "--json", folder=folder))


def test_a_plan_before_the_first_run_leaves_nothing(look: Look) -> None:
    """
    In an empty folder the first plan can be seen, and the folder stays empty.
    """
    assert (0, "", ()) == (look.plan.code, look.plan.err, look.left)
    assert not look.plan.lines()[0]["empty"]


def test_the_first_plan_is_what_the_first_run_trades(look: Look) -> None:
    """
    What was planned in memory has the hash of what is run on disk.
    """
    assert look.plan.lines()[0]["hash"] == look.run.lines()[0]["plan"]["hash"]  # type: ignore[index]  # JSON


def test_a_plan_on_books_that_nothing_is_recorded_of_is_refused(look: Look, tmp_path: Path) -> None:
    """
    Books that are there count, though there are no records: nothing can be planned on orders nobody remembers.
    """
    for books in (look.folder / "var" / "demo").glob("broker.sqlite3*"):
        shutil.copy(books, tmp_path)

    told = alchemiser("plan", folder=tmp_path, BROKER__PATH="broker.sqlite3")

    assert 1 == told.code
    assert "nothing is recorded" in told.err
    assert [] == [name for name in files_below(tmp_path) if not name.startswith("broker.sqlite3")]


def test_broker_books_that_cannot_be_made_stop_a_run_before_it_makes_anything(tmp_path: Path) -> None:
    """
    A wrong place for the books is a matter of configuration, and no database is made.
    """
    (tmp_path / "taken").touch()

    told = alchemiser("run", folder=tmp_path, BROKER__PATH="taken/broker.sqlite3")

    assert 3 == told.code, told.err
    assert "[broker] path" in told.err
    assert {"taken": b""} == files_below(tmp_path)


def test_doctor_shows_the_settings_that_count(tmp_path: Path) -> None:
    """
    The first finding names file and variables, and holds every setting.
    """
    finding = alchemiser("doctor", "--json", folder=tmp_path, MARKET__SEED="7").lines()[0]

    assert "demo.toml; the environment replaces ALCHEMISER__MARKET__SEED" in str(finding["found"])
    assert 7 == finding["settings"]["market"]["seed"]  # type: ignore[index]  # JSON
    assert {} == files_below(tmp_path)
