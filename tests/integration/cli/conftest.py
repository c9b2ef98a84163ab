from pathlib import Path

import pytest

from alchemiser.interface.cli.main import run
from support.bars import RISING_THEN_FALLING, SWITCH, write_bars, write_strategy
from support.commands import Alchemiser, Ended


@pytest.fixture
def alchemiser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Alchemiser:
    """
    Run command lines in a folder with `switch.clj` and `bars.csv`, without a terminal.
    """
    write_strategy(tmp_path / "switch.clj", SWITCH)
    write_bars(tmp_path / "bars.csv", RISING_THEN_FALLING)
    monkeypatch.chdir(tmp_path)
    for name in ("ALCHEMISER_DEBUG", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def ended(*arguments: str) -> Ended:
        code = run(arguments)
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return ended
