"""
`alchemiser halt`, as the operator types it.
"""

from pathlib import Path

import pytest

from support.houses import alchemiser


def test_nothing_runs_until_the_halt_is_lifted(tmp_path: Path) -> None:
    """
    A halted world refuses its run with the reason; lifted, it trades.
    """
    halted = alchemiser("halt", "--reason", "looks odd", "--json", folder=tmp_path)
    refused = alchemiser("run", folder=tmp_path)
    lifted = alchemiser("halt", "--lift", folder=tmp_path)
    run = alchemiser("run", folder=tmp_path)

    assert (0, True) == (halted.code, halted.lines()[0]["halted"])
    assert (6, True) == (refused.code, "looks odd" in refused.err)
    assert (0, 0) == (lifted.code, run.code), lifted.err + run.err


def test_holds_without_the_records(tmp_path: Path) -> None:
    """
    With a database that cannot be used the file is made all the same, and the command says what it could not do.
    """
    records = tmp_path / "var" / "demo" / "alchemiser.sqlite3"
    records.parent.mkdir(parents=True)
    records.write_bytes(b"not a database at all" * 100)

    told = alchemiser("halt", folder=tmp_path)

    assert 1 == told.code
    assert "found a damaged one" in told.err
    assert (tmp_path / "var" / "demo" / "HALT").is_file()
    assert b"not a database at all" * 100 == records.read_bytes()


@pytest.mark.parametrize("name", ["1", "until Monday"])
def test_the_variable_halts_too(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Any text in ALCHEMISER_HALT refuses a run, and a lift says where it has to be taken back.
    """
    folder = tmp_path
    monkeypatch.setattr("support.houses._clean", lambda: {"PATH": "/usr/bin:/bin", "ALCHEMISER_HALT": name})

    refused, lifted = alchemiser("run", folder=folder), alchemiser("halt", "--lift", folder=folder)

    assert (6, True) == (refused.code, name in refused.err)
    assert (3, True) == (lifted.code, "unset the variable ALCHEMISER_HALT" in lifted.err)
