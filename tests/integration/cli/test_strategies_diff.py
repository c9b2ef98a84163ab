import json
from pathlib import Path

import pytest

from support.bars import SWITCH, write_strategy
from support.commands import Alchemiser


@pytest.fixture
def _slow(tmp_path: Path) -> None:
    write_strategy(tmp_path / "slow.clj", SWITCH.replace(":window 3", ":window 4"))


@pytest.mark.usefixtures("_slow")
def test_changes_are_told_with_their_path(alchemiser: Alchemiser) -> None:
    """
    What changed stands on one line, where on the next.
    """
    ended = alchemiser("strategies", "diff", "switch.clj", "slow.clj")

    words = "~ the condition price(SPY) > sma(SPY, 3) became price(SPY) > sma(SPY, 4)"
    assert (0, [words, "    at Switch > if"]) == (ended.code, ended.out.splitlines())


def test_the_same_meaning_is_said_to_be_the_same(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Another name and a group around it change nothing.
    """
    write_strategy(tmp_path / "named.clj", f'(group "Inner" [{SWITCH}])', name="Another")

    ended = alchemiser("strategies", "diff", "switch.clj", "named.clj", "--bars", "bars.csv")

    assert 0 == ended.code
    assert "Both mean the same." in ended.out
    assert "The weights are the same on all 6 sessions" in ended.out
    assert "on 2 of them neither is decided" in ended.out


@pytest.mark.usefixtures("_slow")
def test_sessions_with_other_weights_are_listed(alchemiser: Alchemiser) -> None:
    """
    On the third session only the shorter window is filled.
    """
    out = alchemiser("strategies", "diff", "switch.clj", "slow.clj", "--bars", "bars.csv").out

    assert "The weights differ on 1 of 6 sessions from 2024-01-01 to 2024-01-08" in out
    assert "2024-01-03   SPY 100 %" in out
    assert "undefined" in out


@pytest.mark.usefixtures("_slow")
def test_sessions_nobody_decides_are_not_called_the_same(alchemiser: Alchemiser) -> None:
    """
    Before any window is filled, nothing is said to be equal.
    """
    out = alchemiser("strategies", "diff", "switch.clj", "slow.clj", "--bars", "bars.csv", "--to", "2024-01-02").out

    assert "Neither is decided on any of 2 sessions from 2024-01-01 to 2024-01-02." in out
    assert "the same" not in out


@pytest.mark.usefixtures("_slow")
def test_json_tells_changes_and_sessions(alchemiser: Alchemiser) -> None:
    """
    The JSON holds the changes, the range and the weights of both on every session apart.
    """
    told = json.loads(
        alchemiser(
            "strategies", "diff", "switch.clj", "slow.clj", "--bars", "bars.csv", "--to", "2024-01-04", "--json"
        ).out
    )

    assert (False, ["changed"]) == (told["same"], [change["what"] for change in told["changes"]])
    assert {"from": "2024-01-01", "to": "2024-01-04", "sessions": 4, "undecided": 2} == told["compared"]
    assert [("2024-01-03", {"weights": {"SPY": "1.000000"}})] == [
        (apart["session"], apart["before"]) for apart in told["apart"]
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("switch.clj", "missing.clj"), 3, "missing.clj"),
        (("switch.clj", "switch.clj", "--from", "2024-01-01"), 2, "expected --bars with --from and --to"),
        (("switch.clj", "switch.clj", "--bars", "bars.csv", "--from", "2030-01-01"), 2, "expected a session from"),
    ],
)
def test_a_wrong_call_is_refused(alchemiser: Alchemiser, arguments: tuple[str, ...], code: int, words: str) -> None:
    """
    A missing file, days without bars, and a range without sessions.
    """
    ended = alchemiser("strategies", "diff", *arguments)

    assert code == ended.code
    assert words in ended.err
