import json
from decimal import Decimal
from pathlib import Path

import pytest

from support.bars import RISING_THEN_FALLING, write_bars, write_strategy
from support.commands import Alchemiser

PICK = """(weight-equal
  [(filter (cumulative-return {:window 2}) (select-top 1)
     [(group "Shares" [(asset "SPY" nil)]) (asset "BIL" nil) (asset "NEW" nil)])
   (weight-inverse-volatility 3 [(asset "SPY" nil) (asset "UVXY" nil)])
   (if (and (> (rsi "SPY" {:window 2}) 50) (not (< (current-price "BIL") 40))) [(asset "SPY" nil)])])"""


@pytest.fixture
def _pick(tmp_path: Path) -> None:
    write_strategy(tmp_path / "pick.clj", PICK, name="Pick")
    write_bars(
        tmp_path / "three.csv",
        {
            "SPY": [100, 101, 99, 103, 104, 106],
            "UVXY": [10, 12, 9, 13, 10, 12],
            "BIL": [50, 50, 50, 50, 50, 50],
            "NEW": [None, None, None, None, None, 20],
        },
    )


def test_a_condition_is_drawn_with_values_margin_and_answer(alchemiser: Alchemiser) -> None:
    """
    The tree shows both sides of the condition, how far apart they are, and what was answered.
    """
    out = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05").out

    assert "if price(SPY) > sma(SPY, 3)  yes  104.00 vs 103.00, margin +1.00" in out


def test_the_deciding_conditions_are_told_in_words(alchemiser: Alchemiser) -> None:
    """
    Below the tree every decision on the way is a sentence.
    """
    out = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-08").out

    assert "the close of SPY is 90.00, not above the 3-day average price of SPY at 99.00" in out


def test_the_weights_stand_at_the_end(alchemiser: Alchemiser) -> None:
    """
    The explanation ends with what the strategy wants.
    """
    out = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-08").out

    assert [["BIL", "75", "%"], ["UVXY", "25", "%"]] == [line.split() for line in out.splitlines()[-3:-1]]


@pytest.mark.usefixtures("_pick")
def test_candidates_are_drawn_with_scores_and_shares(alchemiser: Alchemiser) -> None:
    """
    A filter shows who scored what, who was picked and who has no score; a weighting shows volatilities.
    """
    lines = [line.strip("│├└─ ") for line in alchemiser("explain", "pick.clj", "--bars", "three.csv").out.splitlines()]

    assert "top 1 by return(2)  33.3333 %" in lines
    assert "Shares  33.3333 %  2.91" in lines
    assert "BIL  0.00" in lines
    assert "NEW  no score" in lines
    assert "rsi(SPY, 2) > 50  yes  93.55 vs 50.00, margin +43.55" in lines
    assert "not (price(BIL) < 40)  yes" in lines
    assert "then SPY" not in lines


@pytest.mark.usefixtures("_pick")
def test_json_tells_the_same(alchemiser: Alchemiser) -> None:
    """
    The JSON holds weights, sentences, decisions with their values, and the tree.
    """
    told = json.loads(alchemiser("explain", "pick.clj", "--bars", "three.csv", "--json").out)

    kinds = [decision["kind"] for decision in told["decisions"]]
    picked = told["decisions"][0]
    assert ["filter", "inverse-volatility", *["condition"] * 4] == kinds
    assert ["NEW"] == picked["left_out"]
    assert {"candidate": "Shares", "value": "2.912621", "share": "1.000000"} == picked["scores"][0]
    assert len(kinds) == len(told["because"])
    assert "weight-equal" == told["tree"]["kind"]
    assert Decimal(1) >= sum(map(Decimal, told["weights"].values()))


def test_json_conditions_hold_both_values_and_the_margin(alchemiser: Alchemiser) -> None:
    """
    Values are decimal strings with six decimals.
    """
    told = json.loads(alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05", "--json").out)

    condition = told["decisions"][0]
    assert ("true", "104.000000", "103.000000", "1.000000") == (
        condition["outcome"],
        condition["left"],
        condition["right"],
        condition["margin"],
    )


def test_branches_not_taken_are_one_line(alchemiser: Alchemiser) -> None:
    """
    The branch that was not taken is named, not opened.
    """
    out = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05").out

    assert "else specified weights" in out
    assert "UVXY" not in out


def test_full_opens_every_branch(alchemiser: Alchemiser) -> None:
    """
    `--full` opens the branch that was not taken, too; it still holds nothing.
    """
    ended = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05", "--full", "--json")

    _, _, aside = json.loads(ended.out)["tree"]["children"]
    assert [("UVXY", "not held"), ("BIL", "not held")] == [
        (child["label"], child["state"]) for child in aside["children"]
    ]


def test_full_leaves_the_decision_as_it_is(alchemiser: Alchemiser) -> None:
    """
    Opening more branches changes neither weights nor the decisions that led to them.
    """
    asked = ("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05", "--json")

    short, full = (json.loads(alchemiser(*asked, *more).out) for more in ((), ("--full",)))

    assert {**short, "tree": None} == {**full, "tree": None}


def test_an_undefined_session_shows_where(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Where missing data decides, the tree marks the node, and the exit code is 1.
    """
    write_bars(tmp_path / "less.csv", {k: v for k, v in RISING_THEN_FALLING.items() if k != "UVXY"})

    ended = alchemiser("explain", "switch.clj", "--bars", "less.csv", "--as-of", "2024-01-08")

    assert 1 == ended.code
    assert "UVXY  25 %  there are no bars of UVXY" in ended.out
    assert "No signal:" in ended.out


def test_an_undefined_session_is_told_as_json(alchemiser: Alchemiser) -> None:
    """
    The JSON of an undefined session has the reason in place of the weights.
    """
    told = json.loads(alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-01", "--json").out)

    assert "weights" not in told
    assert "SPY has 1 of the 3 closes" in told["undefined"]
    assert "undefined" == told["tree"]["state"]


@pytest.mark.parametrize("form", [("--json",), ()])
def test_a_deep_strategy_can_be_explained(alchemiser: Alchemiser, tmp_path: Path, form: tuple[str, ...]) -> None:
    """
    Nesting near the reader's limit is drawn and told without running out of stack.
    """
    depth = 300
    body = '(weight-equal [(asset "SPY" nil) ' * depth + '(asset "BIL" nil)' + "])" * depth
    write_strategy(tmp_path / "deep.clj", body, name="Deep")

    ended = alchemiser("explain", "deep.clj", "--bars", "bars.csv", *form)

    assert (0, "") == (ended.code, ended.err)


def test_a_group_name_cannot_steer_the_terminal(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Control characters of a name are shown as such.
    """
    write_strategy(tmp_path / "odd.clj", '(group "\x1b[31mred [bold]" [(asset "SPY" nil)])')

    out = alchemiser("explain", "odd.clj", "--bars", "bars.csv").out

    assert "�[31mred [bold]" in out


def test_a_close_call_is_told_with_its_move(alchemiser: Alchemiser) -> None:
    """
    104 is above the average of 102, 103 and 104; below 102.5 it would not be: 1.44 % lower.
    """
    out = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05").out

    assert "price(SPY) > sma(SPY, 3) is yes; no if SPY closes 1.44 % lower, at 102.50" in out


def test_close_calls_can_be_left_out(alchemiser: Alchemiser) -> None:
    """
    `--near 1` leaves out what 1.44 % would turn over.
    """
    asked = ("explain", "switch.clj", "--bars", "bars.csv", "--as-of", "2024-01-05", "--json")

    wide, narrow = (json.loads(alchemiser(*asked, *more).out)["near"] for more in ((), ("--near", "1")))

    assert [("SPY", "-1.4424")] == [(flip["symbol"], flip["move_pct"]) for flip in wide]
    assert [] == narrow


@pytest.mark.parametrize("near", ["nan", "-1", "51", "much"])
def test_a_bound_that_is_no_percentage_is_refused(alchemiser: Alchemiser, near: str) -> None:
    """
    `--near` is from 0 to 50.
    """
    ended = alchemiser("explain", "switch.clj", "--bars", "bars.csv", "--near", near)

    assert 2 == ended.code
    assert "--near" in ended.err
