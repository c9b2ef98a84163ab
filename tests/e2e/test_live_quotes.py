"""
A day decided on live quotes is declared, labelled, and traded like any other.
"""

import json
from pathlib import Path

import pytest

from support.houses import alchemiser

_LIVE = {"SIGNALS__BARS": "live-quote"}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder in which the demo day was traded on live quotes.
    """
    folder = tmp_path_factory.mktemp("live")
    told = alchemiser("run", folder=folder, **_LIVE)
    assert told.code == 0, told.out + told.err
    return folder


def test_terminal_report_and_records_say_so(day: Path) -> None:
    """
    Wherever signals are shown, they are said to be from live quotes; the quotes stand in the record.
    """
    shown = alchemiser("run", folder=day, **_LIVE).out
    pages = [alchemiser("report", form, folder=day).out for form in ("--text", "--html")]
    report = json.loads(alchemiser("report", "--json", folder=day).out)

    words = "live quotes as the bar of 2026-07-31"
    assert [True] * 3 == [words in page for page in (shown, *pages)]
    assert ("live-quote", "2026-07-31") == (report["bars"], report["run"]["signal_session"])
    assert [] == [told["strategy"] for told in report["signals"] if not told["quotes"]]


def test_a_run_is_finished_in_the_mode_it_was_started_in(day: Path) -> None:
    """
    With the setting taken back, the run stays what it was.
    """
    told = alchemiser("run", "--json", folder=day).lines()[0]

    assert (False, "live-quote") == (told["new"], told["bars"])


def test_another_word_for_the_mode_is_refused(tmp_path: Path) -> None:
    """
    The modes are named.
    """
    told = alchemiser("run", folder=tmp_path, SIGNALS__BARS="live")

    assert 3 == told.code
    assert "'completed' or 'live-quote'" in told.err
