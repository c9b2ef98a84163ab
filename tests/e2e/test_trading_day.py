"""
A whole trading day, through the command line, in a folder of its own.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from alchemiser.interface.cli.main import run
from support.houses import alchemiser, environment, files_below


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder in which the demo day was traded.
    """
    folder = tmp_path_factory.mktemp("day")
    told = alchemiser("run", "--profile", "demo", folder=folder)
    assert told.code == 0, told.out + told.err
    return folder


def test_a_day_is_told_from_signals_to_positions(day: Path) -> None:
    """
    The run shows every stage and where report and database lie.
    """
    told = alchemiser("run", folder=day)

    stages = ("Signals", "Merged portfolio", "Plan", "rung by rung", "Fills", "Positions at the end")
    assert [] == [stage for stage in (*stages, "report", "database") if stage not in told.out]


def test_the_second_start_of_a_session_is_the_same_run(day: Path) -> None:
    """
    Running again orders nothing and says so.
    """
    before = alchemiser("ledger", "--json", folder=day).out

    told = alchemiser("run", folder=day)

    assert "same run, no new order" in told.out
    assert before == alchemiser("ledger", "--json", folder=day).out


def test_every_fill_names_the_decisions_that_caused_it(day: Path) -> None:
    """
    No ledger row is without a strategy, no strategy without its decisions.
    """
    rows = alchemiser("ledger", "--json", folder=day).lines()

    assert rows
    assert [] == [row for row in rows if not row["because"]]
    assert [] == [cause for row in rows for cause in row["because"] if not cause["decisions"]]  # type: ignore[attr-defined]  # JSON


def test_reading_commands_change_nothing(day: Path) -> None:
    """
    plan, status, ledger, report and doctor leave every file as it is.
    """
    before = {name: body for name, body in files_below(day).items() if not name.endswith((".log", "-wal", "-shm"))}

    codes = [
        alchemiser(*command, folder=day).code
        for command in (["plan"], ["status"], ["ledger"], ["report"], ["report", "--html"], ["doctor"])
    ]

    after = {name: body for name, body in files_below(day).items() if not name.endswith((".log", "-wal", "-shm"))}
    assert [0, 0, 0, 0, 0, 0] == codes
    assert before == after


def test_five_further_sessions_leave_nothing_to_plan_and_agree_with_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    After each session planning again is empty and the broker's positions are the ledger's, exactly; so are the
    strategies' parts of them.
    """
    monkeypatch.chdir(tmp_path)
    for name, value in environment({}).items():
        monkeypatch.setenv(name, value)

    def told(*arguments: str) -> dict[str, Any]:
        assert 0 == run([*arguments, "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    for expected_runs in range(1, 7):
        closing = told("run", *(["--sessions", "1"] if expected_runs > 1 else []))["run"]["closing"]
        status, plan = told("status"), told("plan")

        assert expected_runs == len(status["runs"])
        assert status["positions"] == {held["symbol"]: held["quantity"] for held in closing["positions"]}
        assert plan["empty"], plan["lines"]
        books = {symbol: sum(map(Decimal, parts.values())) for symbol, parts in status["books"].items()}
        assert {symbol: Decimal(quantity) for symbol, quantity in status["positions"].items()} == books


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "words"),
    [
        (["--session", "2026-07-04"], {}, 2, "2026-07-02"),
        (["--profile", "nowhere"], {}, 3, "demo"),
        ([], {"STRATEGIES__PORTFOLIO": "missing/portfolio.toml"}, 3, "missing/portfolio.toml"),
        ([], {"PLANNING__DEPLOYMENT": "1.5"}, 3, "deployment"),
        ([], {"PLANNING__UNHEARD": "1"}, 3, "UNHEARD"),
    ],
)
def test_a_wrong_call_is_refused_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], code: int, words: str
) -> None:
    """
    Bad input: a clear error, its exit code, and no file made.
    """
    told = alchemiser("run", *arguments, folder=tmp_path, **settings)

    assert code == told.code, told.err
    assert words in told.err
    assert {} == files_below(tmp_path)


def test_a_session_before_the_latest_is_refused(day: Path) -> None:
    """
    The account cannot trade in its past: a rail refuses, nothing is stored.
    """
    told = alchemiser("run", "--session", "2026-07-30", folder=day)

    assert 6 == told.code
    assert "session order" in told.err


def test_a_broker_with_orders_that_nothing_is_recorded_of_is_refused(tmp_path: Path) -> None:
    """
    Records that were lost do not make the account tradable again: nothing is ordered.
    """
    assert 0 == alchemiser("run", folder=tmp_path).code
    for lost in (tmp_path / "var" / "demo").glob("alchemiser.sqlite3*"):
        lost.unlink()
    books = (tmp_path / "var" / "demo" / "broker.sqlite3").read_bytes()

    told = alchemiser("run", folder=tmp_path)

    assert 1 == told.code
    assert "nothing is recorded" in told.err
    assert books == (tmp_path / "var" / "demo" / "broker.sqlite3").read_bytes()


def test_the_kill_switch_refuses_a_run(tmp_path: Path) -> None:
    """
    With the kill switch on no run begins and no order is sent; that it was refused is on record.
    """
    told = alchemiser("run", folder=tmp_path, GATE__HALTED="true")

    assert 6 == told.code
    assert "kill switch" in told.err
    runs = json.loads(alchemiser("status", "--json", folder=tmp_path).out)["runs"]
    assert [("not_started", None)] == [(run["outcome"], run["opening"]) for run in runs]
    assert [] == alchemiser("ledger", "--json", folder=tmp_path).lines()


def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """
    A file that is no database stays as it is.
    """
    records = tmp_path / "var" / "demo" / "alchemiser.sqlite3"
    records.parent.mkdir(parents=True)
    records.write_bytes(b"not a database at all" * 100)

    codes = [alchemiser(command, folder=tmp_path).code for command in ("run", "status", "ledger", "report")]

    assert [1, 1, 1, 1] == codes
    assert b"not a database at all" * 100 == records.read_bytes()
