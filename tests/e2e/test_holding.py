"""
Strategies that are not due hold on: nothing is traded for them, and the report says since when.
"""

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pytest

from support.houses import Told, alchemiser

Report: TypeAlias = dict[str, object]

_FILES = {
    "RECORDS__URL": "sqlite:///records.sqlite3",
    "BROKER__PATH": "broker.sqlite3",
    "OUTBOX__DIRECTORY": "outbox",
}
_HALVES = '(weight-equal [(asset "SPY" nil) (asset "TLT" nil)])'
_PORTFOLIO = """
[[strategy]]
file = "monthly.clj"
allocation = "0.5"

[[strategy]]
file = "corridor.clj"
allocation = "0.5"
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    monthly = f'(defsymphony "Monthly" {{:rebalance-frequency :monthly}} {_HALVES})'
    corridor = f'(defsymphony "Corridor" {{:rebalance-threshold 0.2}} {_HALVES})'
    (folder / "monthly.clj").write_text(monthly)
    (folder / "corridor.clj").write_text(corridor)
    (folder / "portfolio.toml").write_text(_PORTFOLIO)
    return folder / "portfolio.toml"


@pytest.fixture(scope="module")
def first(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder in which 31 July 2026 was traded.
    """
    folder = tmp_path_factory.mktemp("first")
    _traded("2026-07-31", folder, book)
    return folder


@pytest.fixture(scope="module")
def week(first: Path, book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A copy in which 3 and 4 August were traded, too.
    """
    folder = tmp_path_factory.mktemp("copies") / "week"
    shutil.copytree(first, folder)
    _traded("2026-08-03", folder, book)
    _traded("2026-08-04", folder, book)
    return folder


def _told(*arguments: str, folder: Path, book: Path, **settings: str) -> Told:
    command, *rest = arguments
    chosen = {**_FILES, "STRATEGIES__PORTFOLIO": str(book), **settings}
    return alchemiser(command, "--profile", "test", *rest, folder=folder, **chosen)


def _traded(session: str, folder: Path, book: Path) -> Report:
    told = _told("run", "--session", session, "--json", folder=folder, book=book)
    assert told.code == 0, told.out + told.err
    report: Report = json.loads(told.out)
    return report


def _stored(session: str, folder: Path, book: Path) -> Report:
    name = f"TEST0001-{session.replace('-', '')}-rebalance-1"
    report: Report = json.loads(_told("report", "--run", name, "--json", folder=folder, book=book).out)
    return report


def _since(report: Report) -> dict[str, str | None]:
    signals = report["signals"]
    assert isinstance(signals, list)
    return {one["strategy"]: one["hold"] and one["hold"]["accepted"]["session"] for one in signals}


def test_the_first_run_rebalances_everything(week: Path, book: Path) -> None:
    """
    On the first session nothing is held yet.
    """
    report = _stored("2026-07-31", week, book)

    assert {"Monthly": None, "Corridor": None} == _since(report)
    assert report["trades"]


def test_a_new_month_rebalances_what_is_monthly_only(week: Path, book: Path) -> None:
    """
    3 August is the first session of its month; the corridor holds since the first run.
    """
    assert {"Monthly": None, "Corridor": "2026-07-31"} == _since(_stored("2026-08-03", week, book))


def test_between_rebalances_nothing_is_traded(week: Path, book: Path) -> None:
    """
    On 4 August both hold, each since its own session, and no order is made.
    """
    report = _stored("2026-08-04", week, book)

    assert {"Monthly": "2026-08-03", "Corridor": "2026-07-31"} == _since(report)
    assert [] == report["trades"]


def test_what_is_held_has_drifted(week: Path, book: Path) -> None:
    """
    The weights of a strategy that holds are what the market made of its halves.
    """
    signals = _stored("2026-08-04", week, book)["signals"]
    assert isinstance(signals, list)
    (corridor,) = (one for one in signals if one["strategy"] == "Corridor")

    weights = {symbol: Decimal(weight) for symbol, weight in corridor["signal"]["weights"].items()}
    assert {"SPY", "TLT"} == set(weights)
    assert 1 == sum(weights.values())
    assert Decimal("0.5") != weights["SPY"]


def test_report_and_terminal_tell_since_when(week: Path, book: Path) -> None:
    """
    Text, HTML and terminal say `held since` with the session, and what the strategy would want.
    """
    words = "held since 2026-07-31; were it due it would want SPY 50 %, TLT 50 %"

    pages = [_told("report", form, folder=week, book=book).out for form in ("--text", "--html")]
    shown = _told("run", folder=week, book=book).out

    assert [True, True] == [words in page for page in pages]
    assert "held since 2026-07-31" in shown


def test_planning_again_finds_nothing_to_do(week: Path, book: Path) -> None:
    """
    `plan` holds what the run held.
    """
    (plan,) = _told("plan", "--json", folder=week, book=book).lines()

    assert plan["empty"], plan["lines"]


def test_a_changed_strategy_is_rebalanced(week: Path, book: Path, tmp_path: Path) -> None:
    """
    With another meaning, what was accepted no longer counts.
    """
    shutil.copytree(week, tmp_path / "week")
    shutil.copytree(book.parent, tmp_path / "book")
    corridor = tmp_path / "book" / "corridor.clj"
    corridor.write_text(corridor.read_text().replace("0.2", "0.3"))

    report = _traded("2026-08-05", tmp_path / "week", tmp_path / "book" / book.name)

    assert {"Monthly": "2026-08-03", "Corridor": None} == _since(report)


@pytest.mark.parametrize("kill_at", [4, 14])
def test_a_killed_session_holds_what_it_would_have_held(
    first: Path, week: Path, book: Path, tmp_path: Path, kill_at: int
) -> None:
    """
    Started again after SIGKILL, the state is read off the same earlier runs, and the report is the same.
    """
    folder = tmp_path / "day"
    shutil.copytree(first, folder)
    arguments = ("run", "--session", "2026-08-03", "--json")

    killed = _told(*arguments, folder=folder, book=book, FAULTS__KILL_AT=str(kill_at), FAULTS__KILL_AFTER="true")
    again = _told(*arguments, folder=folder, book=book)

    assert [-9, 0] == [killed.code, again.code]
    assert _stored("2026-08-03", week, book) == _stored("2026-08-03", folder, book)
