import json
from pathlib import Path

import pytest

from support.bars import SWITCH, write_strategy
from support.commands import Alchemiser


@pytest.fixture
def _book(tmp_path: Path) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    write_strategy(folder / "switch.clj", SWITCH)
    write_strategy(folder / "bills.clj", '(asset "BIL" nil)', name="Bills")
    _allocate(folder, "0.6", "0.4")


def _allocate(folder: Path, first: str, second: str) -> None:
    (folder / "portfolio.toml").write_text(
        f'[[strategy]]\nfile = "switch.clj"\nallocation = "{first}"\n'
        f'[[strategy]]\nfile = "bills.clj"\nallocation = "{second}"\n',
        encoding="utf-8",
    )


@pytest.mark.usefixtures("_book")
def test_the_portfolio_is_listed_in_its_order(alchemiser: Alchemiser) -> None:
    """
    The list tells name, allocation and what each strategy needs.
    """
    told = [json.loads(line) for line in alchemiser("strategies", "list", "--json").out.splitlines()]

    assert [
        ("Switch", "0.6", ["BIL", "SPY", "UVXY"], 3, "daily"),
        ("Bills", "0.4", ["BIL"], 1, "daily"),
    ] == [
        (one["strategy"], one["allocation"], one["symbols"], one["lookback_sessions"], one["rebalance"]) for one in told
    ]


@pytest.mark.usefixtures("_book")
def test_people_get_a_list(alchemiser: Alchemiser) -> None:
    """
    The list is a table with percentages.
    """
    rows = [line.split() for line in alchemiser("strategies", "list").out.splitlines()]

    assert ["Switch", "60", "%", "3", "3", "daily"] in [row[:6] for row in rows]


@pytest.mark.usefixtures("_book")
def test_a_strategy_is_shown_by_its_name(alchemiser: Alchemiser) -> None:
    """
    A name stands for the file beside the portfolio; the text is canonical.
    """
    out = alchemiser("strategies", "show", "bills").out

    assert '(defsymphony "Bills"' in out
    assert "; symbols     1: BIL" in out


def test_what_is_shown_can_be_read_again(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    The shown text is a strategy of the same fingerprint, facts included.
    """
    shown = alchemiser("strategies", "show", "switch.clj").out
    (tmp_path / "again.clj").write_text(shown, encoding="utf-8")

    first, again = (
        json.loads(alchemiser("strategies", "show", name, "--json").out) for name in ("switch.clj", "again.clj")
    )

    assert first["fingerprint"] == again["fingerprint"]


def test_a_corridor_is_told_as_drift(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A rebalance threshold is shown as the drift that is allowed.
    """
    text = '(defsymphony "Wide" {:asset-class "EQUITIES", :rebalance-threshold 0.05} (asset "SPY" nil))'
    (tmp_path / "wide.clj").write_text(text, encoding="utf-8")

    told = json.loads(alchemiser("strategies", "show", "wide.clj", "--json").out)

    assert "beyond 5 % of drift" == told["rebalance"]


def test_good_files_are_told_to_be_good(alchemiser: Alchemiser) -> None:
    """
    A file without fault ends with 0.
    """
    ended = alchemiser("strategies", "validate", "switch.clj")

    assert 0 == ended.code
    assert "✓ switch.clj  Switch: 3 symbols, 3 sessions" in ended.out


def test_every_file_is_checked(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A wrong file does not hide the next; its place is shown with a caret.
    """
    write_strategy(tmp_path / "bad.clj", '(asset "SPY" nil))')

    ended = alchemiser("strategies", "validate", "bad.clj", "switch.clj")

    assert 1 == ended.code
    assert "✗ bad.clj" in ended.out
    assert "^" in ended.out
    assert "✓ switch.clj" in ended.out


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("(asset", "bad.clj:1:"),
        ("(weight-equal [" * 2_000 + "])" * 2_000, "nest"),
        ("(wait 5)", "wait"),
        ("(asset)", "asset"),
        ('(filter (rsi {:window 0}) (select-top 1) [(asset "SPY" nil)])', "0"),
        ("(weight-equal [])", "weight-equal"),
    ],
)
def test_wrong_strategies_are_refused_with_their_place(
    alchemiser: Alchemiser, tmp_path: Path, body: str, words: str
) -> None:
    """
    Brackets, depth, operators, arity, windows and empty vectors are checked before anything is evaluated.
    """
    write_strategy(tmp_path / "bad.clj", body)

    ended = alchemiser("strategies", "validate", "bad.clj", "--json")

    told = json.loads(ended.out)
    assert (1, False, "bad.clj") == (ended.code, told["ok"], told["file"])
    assert words in told["message"]
    assert told["line"] == 1


@pytest.mark.usefixtures("_book")
@pytest.mark.parametrize(("second", "words"), [("0.399", "expected a sum of exactly 1, found 0.999"), ("0.4x", "0.4x")])
def test_a_wrong_portfolio_is_a_configuration_error(
    alchemiser: Alchemiser, tmp_path: Path, second: str, words: str
) -> None:
    """
    Allocations that do not add up end the check of the portfolio with 3.
    """
    _allocate(tmp_path / "strategies", "0.6", second)

    ended = alchemiser("strategies", "validate")

    assert 3 == ended.code
    assert words in ended.out


@pytest.mark.usefixtures("_book")
def test_a_portfolio_that_names_a_missing_file_is_refused(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    The list ends with 3 and names the file.
    """
    (tmp_path / "strategies" / "bills.clj").unlink()

    ended = alchemiser("strategies", "list")

    assert (3, "") == (ended.code, ended.out)
    assert "bills.clj" in ended.err


@pytest.mark.usefixtures("_book")
def test_a_sound_portfolio_is_validated_whole(alchemiser: Alchemiser) -> None:
    """
    Without files the portfolio and all it names are checked.
    """
    ended = alchemiser("strategies", "validate")

    assert 0 == ended.code
    assert "Switch: 3 symbols" in ended.out
