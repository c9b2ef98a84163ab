from dataclasses import replace
from decimal import Decimal
from typing import Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alchemiser.application.reasons import reason
from alchemiser.domain.strategy.signal import Decision, Score

Kind: TypeAlias = Literal["condition", "filter", "inverse-volatility"]
KINDS: tuple[Kind, ...] = ("condition", "filter", "inverse-volatility")


def a_condition(node: str, left: str | None, right: str | None, outcome: str = "true") -> Decision:
    """
    Return a comparison with its values.
    """
    return Decision(
        node=node,
        path="Test > if",
        kind="condition",
        outcome=outcome,
        left=None if left is None else Decimal(left),
        right=None if right is None else Decimal(right),
        margin=None if left is None or right is None else Decimal(left) - Decimal(right),
    )


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (
            a_condition('(> (rsi "SPY" {:window 10}) 79)', "62.412345", "79", "false"),
            "the 10-day RSI of SPY is 62.41, not above 79",
        ),
        (
            a_condition('(< (cumulative-return "TQQQ" {:window 6}) -12)', "-13.5", "-12"),
            "the 6-day return of TQQQ is -13.50 %, below -12 %",
        ),
        (
            a_condition('(> (current-price "SPY") (moving-average-price "SPY" {:window 200}))', "512.3", "480.25"),
            "the close of SPY is 512.30, above the 200-day average price of SPY at 480.25",
        ),
        (
            a_condition('(>= (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))', "50.0012", "50.0011"),
            "the 10-day RSI of XLK is 50.0012, at or above the 10-day RSI of KMLM at 50.0011",
        ),
        (
            a_condition('(> (percentage-price-oscillator "SPY" {:short-window 12 :long-window 26}) 0)', "1.25", "0"),
            "the 12/26-day percentage price oscillator of SPY is 1.25, above 0",
        ),
        (
            a_condition('(> (max-drawdown {:window 60} (group "Growth" [(asset "QQQ" nil)])) 12)', "14", "12"),
            "the 60-day largest fall of Growth is 14.00 %, above 12 %",
        ),
        (
            a_condition('(and (> (rsi "A" {:window 2}) 1) (not (< (current-price "B") 5)))', None, None, "false"),
            "the 2-day RSI of A above 1 and not (the close of B below 5): no",
        ),
        (
            a_condition('(or (> (rsi "A" {:window 2}) 1) (> 1 2) (> 3 4) (> 5 6))', None, None),
            "any of 4 conditions: yes",
        ),
        (a_condition("no form (", None, None), "no form (: yes"),
    ],
)
def test_a_condition_is_told_with_its_values(decision: Decision, words: str) -> None:
    """
    A condition names what was measured, the value found and the one it was held against.
    """
    assert words == reason(decision)


def test_a_filter_names_who_was_picked_and_before_whom() -> None:
    """
    A filter tells every score and who was left out.
    """
    decision = Decision(
        node='(filter (max-drawdown {:window 30}) (select-bottom 2) [(asset "A" nil)])',
        path="Test > filter",
        kind="filter",
        outcome="A, C",
        scores=(
            Score(candidate="A", value=Decimal(1), share=Decimal("0.5")),
            Score(candidate="B", value=Decimal(9), share=Decimal(0)),
            Score(candidate="C", value=Decimal(2), share=Decimal("0.5")),
        ),
    )

    assert "lowest 30-day largest fall: A (1.00) and C (2.00) before B (9.00)" == reason(decision)


def test_inverse_volatility_tells_the_shares() -> None:
    """
    An inverse-volatility weighting tells each child's share.
    """
    decision = Decision(
        node='(weight-inverse-volatility 20 [(asset "A" nil) (asset "B" nil)])',
        path="Test > weight",
        kind="inverse-volatility",
        outcome="A, B",
        scores=(
            Score(candidate="A", value=Decimal(2), share=Decimal("0.333333")),
            Score(candidate="B", value=Decimal(1), share=Decimal("0.666667")),
        ),
    )

    assert "the calmer, the more: A 33.33 % (2.00) and B 66.67 % (1.00)" == reason(decision)


@given(st.text(), st.sampled_from(KINDS))
def test_any_text_has_a_reason(node: str, kind: Kind) -> None:
    """
    Whatever a decision's text holds, putting it into words does not fail.
    """
    decision = a_condition(node, "1", "2")

    assert reason(replace(decision, kind=kind))
