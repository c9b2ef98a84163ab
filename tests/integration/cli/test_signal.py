import json
import re
from pathlib import Path

import pytest

from alchemiser.interface.cli.main import run
from support.bars import RISING_THEN_FALLING, write_bars, write_strategy
from support.commands import Alchemiser

SHELF = Path(__file__).parents[4] / "shared" / "data" / "real_daily.parquet"
TECL = str(Path(__file__).parents[3] / "strategies" / "tecl.clj")


def lines_of(out: str) -> list[dict[str, object]]:
    """
    Return the JSON objects of an output, one a line.
    """
    return [json.loads(line) for line in out.splitlines()]


def test_one_session_is_one_line(alchemiser: Alchemiser) -> None:
    """
    `--as-of` with `--json` prints strategy, session and exact weights.
    """
    ended = alchemiser("signal", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05", "--json")

    assert (0, [{"strategy": "Switch", "session": "2024-01-05", "weights": {"SPY": "1.000000"}}]) == (
        ended.code,
        lines_of(ended.out),
    )


def test_a_range_is_a_line_for_each_session(alchemiser: Alchemiser) -> None:
    """
    `--from` and `--to` need not be sessions themselves; both ends are included.
    """
    ended = alchemiser(
        "signal", "switch.clj", "--bars", "bars.csv", "--from", "2024-01-04", "--to", "2024-01-14", "--json"
    )

    assert [
        ("2024-01-04", {"SPY": "1.000000"}),
        ("2024-01-05", {"SPY": "1.000000"}),
        ("2024-01-08", {"BIL": "0.750000", "UVXY": "0.250000"}),
    ] == [(line["session"], line["weights"]) for line in lines_of(ended.out)]


def test_an_undefined_session_is_a_line_with_its_reason(alchemiser: Alchemiser) -> None:
    """
    A window that is not full yet names node and symbol; decided sessions make the call a success.
    """
    ended = alchemiser(
        "signal", "switch.clj", "--bars", "bars.csv", "--from", "2024-01-02", "--to", "2024-01-03", "--json"
    )

    first, second = lines_of(ended.out)
    assert "weights" in second
    assert "moving-average-price" in str(first["undefined"])
    assert "SPY has 2 of the 3 closes" in str(first["undefined"])
    assert 0 == ended.code


def test_nothing_decided_is_a_failure(alchemiser: Alchemiser) -> None:
    """
    The exit code is 1 when no session asked for could be decided.
    """
    ended = alchemiser("signal", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-02", "--json")

    assert 1 == ended.code
    assert "undefined" in lines_of(ended.out)[0]


def test_a_symbol_without_bars_matters_only_where_it_decides(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A holding of the branch that is not taken may be missing; of the branch that is taken it is named.
    """
    known = {symbol: closes for symbol, closes in RISING_THEN_FALLING.items() if symbol != "UVXY"}
    write_bars(tmp_path / "less.csv", known)

    ended = alchemiser("signal", "switch.clj", "--bars", "less.csv", "--from", "2024-01-05", "--json")

    taken, needed = lines_of(ended.out)
    assert {"SPY": "1.000000"} == taken["weights"]
    assert "no bars of UVXY" in str(needed["undefined"])


@pytest.mark.parametrize("others", [["GLD"], ["GLD", "TLT"], ["GLD", "TLT", "XLE"]])
def test_bars_of_other_symbols_alone_decide_nothing(alchemiser: Alchemiser, tmp_path: Path, others: list[str]) -> None:
    """
    A file without any symbol of the strategy: undefined, with the symbols that are missing, and exit code 1.
    """
    write_bars(tmp_path / "others.csv", dict.fromkeys(others, RISING_THEN_FALLING["SPY"]))

    ended = alchemiser("signal", "switch.clj", "--bars", "others.csv", "--json")

    (undecided,) = lines_of(ended.out)
    assert 1 == ended.code
    assert "no bars of SPY" in str(undecided["undefined"])


def test_several_files_are_told_session_by_session(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Files of one call are evaluated together, in the order they were named.
    """
    write_strategy(tmp_path / "bills.clj", '(asset "BIL" nil)', name="Bills")

    ended = alchemiser("signal", "switch.clj", "bills.clj", "--bars", "bars.csv", "--from", "2024-01-05", "--json")

    assert [
        ("2024-01-05", "Switch"),
        ("2024-01-05", "Bills"),
        ("2024-01-08", "Switch"),
        ("2024-01-08", "Bills"),
    ] == [(line["session"], line["strategy"]) for line in lines_of(ended.out)]


def test_files_of_one_name_are_told_apart(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Two files that call their strategy alike are told with their files.
    """
    write_strategy(tmp_path / "other.clj", '(asset "BIL" nil)', name="Switch")

    ended = alchemiser("signal", "switch.clj", "other.clj", "--bars", "bars.csv", "--json")

    assert ["switch.clj", "other.clj"] == [line["file"] for line in lines_of(ended.out)]


def test_a_book_is_evaluated_whole(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    `--book` alone evaluates every strategy of the portfolio.
    """
    (tmp_path / "portfolio.toml").write_text('[[strategy]]\nfile = "switch.clj"\nallocation = "1"\n')

    ended = alchemiser("signal", "--book", "portfolio.toml", "--bars", "bars.csv", "--json")

    assert ["Switch"] == [line["strategy"] for line in lines_of(ended.out)]


def test_the_last_session_is_the_default(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Without dates the last session counts on which most of the symbols have a bar.
    """
    fresher = {symbol: [*closes, None] for symbol, closes in RISING_THEN_FALLING.items()} | {"SPY": [100] * 7}
    write_bars(tmp_path / "fresher.csv", fresher)

    ended = alchemiser("signal", "switch.clj", "--bars", "fresher.csv", "--json")

    assert ["2024-01-08"] == [line["session"] for line in lines_of(ended.out)]


def test_people_get_a_table(alchemiser: Alchemiser) -> None:
    """
    Without `--json` the weights are percentages, the largest first.
    """
    out = alchemiser("signal", "switch.clj", "--bars", "bars.csv").out

    assert "After the close of 2024-01-08" in out
    assert out.index("BIL") < out.index("75 %") < out.index("UVXY") < out.index("25 %")


def test_people_get_a_row_for_each_session(alchemiser: Alchemiser) -> None:
    """
    A range is one table.
    """
    out = alchemiser("signal", "switch.clj", "--bars", "bars.csv", "--from", "2024-01-02").out

    assert "BIL 75 %, UVXY 25 %" in out
    assert "undefined: " in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--as-of", "2024-01-06"), 2, "the nearest: 2024-01-05, 2024-01-08"),
        (("--as-of", "tomorrow"), 2, "'tomorrow' does not match"),
        (("--as-of", "2024-01-05", "--from", "2024-01-02"), 2, "found both"),
        (("--from", "2024-01-05", "--to", "2024-01-02"), 2, "found 2024-01-05 after 2024-01-02"),
        (("--from", "2025-01-01"), 2, "it holds 2024-01-01 to 2024-01-08"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(
    alchemiser: Alchemiser, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """
    A day that is no session, contradicting options and an empty range are usage errors that say what there is.
    """
    ended = alchemiser("signal", "switch.clj", "--bars", "bars.csv", *arguments)

    assert (code, "") == (ended.code, ended.out)
    assert words in ended.err


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("date,symbol,close\n2024-01-01,SPY,100\n2024-01-02,SPY,0\n", 1, "expected a close above zero"),
        ("date,symbol,close\n2024-01-01,SPY,100\n2024-01-02,SPY,nan\n", 1, "expected a close above zero"),
        ("day,ticker\n1,2\n", 1, "expected the columns date, symbol"),
        ("", 1, "expected a Parquet or CSV file"),
    ],
)
def test_bars_that_cannot_be_believed_are_refused(
    alchemiser: Alchemiser, tmp_path: Path, text: str, code: int, words: str
) -> None:
    """
    A zero or NaN close, other columns and an empty file are told, with nothing on stdout.
    """
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")

    ended = alchemiser("signal", "switch.clj", "--bars", "bad.csv")

    assert (code, "") == (ended.code, ended.out)
    assert words in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("signal", "none.clj", "--bars", "bars.csv"), 3, "none.clj: expected a strategy file"),
        (("signal", "switch.clj", "--bars", "none.csv"), 3, "none.csv: expected a Parquet or CSV file"),
        (("signal", "--book", "none.toml", "--bars", "bars.csv"), 3, "none.toml"),
        (("signal", "switch.clj"), 2, "Missing option '--bars'"),
    ],
)
def test_files_that_are_not_there_are_named(
    alchemiser: Alchemiser, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """
    A missing file is a configuration error, a missing option a usage error.
    """
    ended = alchemiser(*arguments)

    assert code == ended.code
    assert words in ended.err


@pytest.mark.shelf
@pytest.mark.skipif(not SHELF.exists(), reason="the shelf of real bars is not beside the checkout")
def test_real_bars_decide_every_session(capsys: pytest.CaptureFixture[str]) -> None:
    """
    On real bars TECL decides each of the 647 sessions from 2024 to July 2026.
    """
    code = run(["signal", TECL, "--bars", str(SHELF), "--from", "2024-01-02", "--to", "2026-07-31", "--json"])

    lines = lines_of(capsys.readouterr().out)
    assert 0 == code
    assert 647 == len(lines)
    assert all("weights" in line for line in lines)


def test_profile_time_tells_the_stages_apart(alchemiser: Alchemiser) -> None:
    """
    `--profile-time` leaves stdout as it is and tells every stage and their sum on stderr.
    """
    plain = alchemiser("signal", "switch.clj", "--bars", "bars.csv", "--json")

    timed = alchemiser("signal", "switch.clj", "--bars", "bars.csv", "--json", "--profile-time")

    stages = [re.split(r"  +", line)[0] for line in timed.err.splitlines()]
    assert plain.out == timed.out
    assert ["start and imports", "strategies", "bars", "evaluation", "output", "total"] == stages


def test_a_second_signal_finds_the_strategy_compiled(
    alchemiser: Alchemiser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What a command has compiled is kept in the named folder, and gives the same weights the next time.
    """
    monkeypatch.setenv("ALCHEMISER_CACHE", str(tmp_path / "kept"))

    first, second = (alchemiser("signal", "switch.clj", "--bars", "bars.csv", "--json") for _ in range(2))

    assert first == second
    assert 1 == len(list((tmp_path / "kept").iterdir()))
