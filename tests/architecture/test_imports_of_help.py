import subprocess
import sys
from pathlib import Path

import pytest

from alchemiser.interface.cli.main import COMMANDS
from support.bars import RISING_THEN_FALLING, SWITCH, write_bars, write_strategy
from support.lakes import LAST, data_ports, filled, some_bars, wavy

LIGHT = {"click", "alchemiser", "alchemiser.interface", "alchemiser.interface.cli", "alchemiser.interface.cli.main"}
HEAVY = {
    "pandas",
    "numpy",
    "pyarrow",
    "sqlalchemy",
    "alembic",
    "exchange_calendars",
    "dependency_injector",
    "pydantic",
    "jinja2",
    "rich",
    "structlog",
}

ANALYSIS = {"pandas", "scipy", "alpaca", "matplotlib", "plotly", "seaborn", "quantstats", "numba", "polars"}


def modules_after(*arguments: str) -> set[str]:
    """
    Return the modules a command line has imported when it ends.
    """
    program = (
        "import sys; from alchemiser.interface.cli.main import run; "
        f"code = run({list(arguments)!r}); print('modules', *sorted(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ended.stdout.splitlines()[-1].split()[1:])


def test_help_imports_nothing_heavy() -> None:
    """
    `alchemiser --help` imports click and of ours only the command line's frame.
    """
    modules = modules_after("--help")

    assert set() == HEAVY & modules
    assert set() == {name for name in modules if name.startswith("alchemiser")} - LIGHT


@pytest.mark.parametrize("command", ["signal", "explain", "strategies"])
def test_strategy_commands_do_without_records_and_calendars(command: str) -> None:
    """
    Commands on files import neither database nor calendar nor pandas.
    """
    assert command in COMMANDS

    modules = modules_after(command, "--help")

    assert set() == {"pandas", "sqlalchemy", "alembic", "exchange_calendars"} & modules


@pytest.mark.parametrize("command", ["signal", "explain", "strategies", "strategies diff", "status", "ledger"])
def test_commands_that_do_not_trade_have_no_log(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Commands that only look never load the logging library, so no log line can get among their results.
    """
    monkeypatch.chdir(tmp_path)
    strategy = write_strategy(tmp_path / "switch.clj", SWITCH)
    bars = write_bars(tmp_path / "bars.csv", RISING_THEN_FALLING)
    arguments = {
        "signal": [str(strategy), "--bars", str(bars), "--json"],
        "explain": [str(strategy), "--bars", str(bars)],
        "strategies": ["show", str(strategy)],
        "strategies diff": [str(strategy), str(strategy), "--bars", str(bars)],
    }

    modules = modules_after(*command.split(), *arguments.get(command, []))

    assert set() == {"structlog"} & modules


def test_status_does_without_numbers_and_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    `alchemiser status` imports no pandas, no bars reader, no calendar library, and no trading SDK.
    """
    monkeypatch.chdir(tmp_path)

    modules = modules_after("status")

    assert set() == {*ANALYSIS, "pyarrow", "exchange_calendars"} & modules


def test_explaining_a_file_needs_neither_pandas_nor_a_database(tmp_path: Path) -> None:
    """
    Reading bars and drawing a tree imports no pandas, no plotting, no database and no calendar.
    """
    strategy = write_strategy(tmp_path / "switch.clj", SWITCH)
    bars = write_bars(tmp_path / "bars.csv", RISING_THEN_FALLING)

    modules = modules_after("explain", str(strategy), "--bars", str(bars))

    assert set() == {*ANALYSIS, "sqlalchemy", "alembic", "exchange_calendars"} & modules


def test_signal_imports_nothing_for_analysis_or_records(tmp_path: Path) -> None:
    """
    The cold path of `signal` imports no pandas, SDK or plotting, and does without records, calendar and templates.
    """
    strategy = write_strategy(tmp_path / "switch.clj", SWITCH)
    bars = write_bars(tmp_path / "bars.csv", RISING_THEN_FALLING)

    modules = modules_after("signal", str(strategy), "--bars", str(bars))

    assert set() == {*ANALYSIS, "sqlalchemy", "alembic", "exchange_calendars", "jinja2"} & modules


def test_a_second_look_at_a_lake_needs_no_parquet_reader(tmp_path: Path) -> None:
    """
    Once its closes are aligned, `signal` from a lake imports neither pyarrow nor pandas nor a calendar.
    """
    strategy = write_strategy(tmp_path / "switch.clj", SWITCH)
    lake = tmp_path / "lake"
    filled(data_ports(lake), [some_bars(wavy(60), symbol=symbol) for symbol in ("SPY", "UVXY", "BIL")])
    command = ("signal", str(strategy), "--bars", str(lake), "--as-of", str(LAST), "--json")
    first = modules_after(*command)

    modules = modules_after(*command)

    assert "pyarrow" in first
    heavy = {"pyarrow", "sqlalchemy", "alembic", "exchange_calendars", "dependency_injector", "pydantic"}
    assert set() == {*ANALYSIS, *heavy} & modules


def test_evaluating_a_file_needs_neither_pandas_nor_a_database(tmp_path: Path) -> None:
    """
    Reading bars and printing signals imports no pandas, no database and no calendar.
    """
    strategy = write_strategy(tmp_path / "switch.clj", SWITCH)
    bars = write_bars(tmp_path / "bars.csv", RISING_THEN_FALLING)

    modules = modules_after("signal", str(strategy), "--bars", str(bars), "--json")

    assert set() == {"pandas", "sqlalchemy", "alembic", "exchange_calendars"} & modules
