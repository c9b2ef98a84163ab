from decimal import Decimal

import pytest

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.compiler import compile_text
from support.symphonies import a_symphony

SPY, TLT = '(asset "SPY" nil)', '(asset "TLT" nil)'
ASK = '(> (rsi "SPY" {:window 10}) 79)'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('(asset "SPY" nil)', '(asset "SPY" "SPDR S&P 500")'),
        ('(asset "SPY" nil)', '(asset "SPY")'),
        ('(asset "SOXL" nil)', '(asset "EQUITIES::SOXL//USD" nil)'),
        (f"(if {ASK} [{SPY}] [{TLT}])", f"(if-then-else {ASK} [{SPY}] [{TLT}])"),
        (f"(if {ASK} [{SPY}] [{TLT}])", f"(if {ASK} {SPY} {TLT})"),
        (f"(if {ASK} [{SPY} {TLT}] [{TLT}])", f"(if {ASK} [(weight-equal [{SPY} {TLT}])] [{TLT}])"),
        (f"(weight-specified 60 {SPY} 40 {TLT})", f"(weight-specified 0.6 {SPY} 0.4 {TLT})"),
        (f"(weight-specified 0.6 {SPY} 0.4 {TLT})", '(weight-specified [(asset "SPY" 0.6) (asset "TLT" nil 0.4)])'),
        (f"(weight-specified 1 {SPY} 1 {TLT})", f"(weight-equal [{SPY} {TLT}])"),
        (f"(weight-specified 1 {SPY} 0 {TLT})", SPY),
        (f"(weight-equal [{SPY}])", SPY),
        (f"(weight-inverse-volatility 20 [{SPY}])", SPY),
        (f'(group "a" [{SPY}])', f'(group "b" [{SPY}])'),
        (f"(if {ASK} [{SPY}])", f'(if (> (rsi "SPY" 10) 79) [{SPY}])'),
        (f"(if {ASK} [{SPY}])", f'(if (> (rsi {{:window 10}} "SPY") 79.0) [{SPY}])'),
        (f"(if {ASK} [{SPY}])", f"(if (> (rsi {{:window 10}} {SPY}) 79) [{SPY}])"),
        (f"(if {ASK} [{SPY}])", f'(if (> (relative-strength-index "SPY" {{:window 10}}) 79) [{SPY}])'),
        (f"(if {ASK} [{SPY}])", f'(if (> ((unimplemented :rsi) "SPY" {{:window 10}}) 79) [{SPY}])'),
        (SPY, f"[{SPY}]"),
    ],
)
def test_spellings_of_one_meaning_share_a_fingerprint(one: str, other: str) -> None:
    """
    However it is written, what means the same has the same fingerprint.
    """
    assert a_symphony(one).fingerprint == a_symphony(other).fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SPY, TLT),
        (f"(weight-equal [{SPY} {TLT}])", f"(weight-equal [{TLT} {SPY}])"),
        (f"(weight-equal [{SPY} {SPY} {TLT}])", f"(weight-equal [{SPY} {TLT}])"),
        (f"(if {ASK} [{SPY}])", f'(if (>= (rsi "SPY" {{:window 10}}) 79) [{SPY}])'),
        (f'(group "a" [{SPY}])', f'(group "a" [{TLT}])'),
    ],
)
def test_different_meanings_have_different_fingerprints(one: str, other: str) -> None:
    """
    A group's name is no identity, and order and comparison count.
    """
    assert a_symphony(one).fingerprint != a_symphony(other).fingerprint


def test_names_do_not_count_and_rebalancing_does() -> None:
    """
    A strategy renamed is the same rule; one rebalanced monthly is another.
    """
    daily = a_symphony(SPY)

    assert daily.fingerprint == a_symphony(SPY, name="Renamed").fingerprint
    assert daily.fingerprint != a_symphony(SPY, settings="{:rebalance-frequency :monthly}").fingerprint


@pytest.mark.parametrize(
    ("settings", "rebalance"),
    [
        ('{:asset-class "EQUITIES", :rebalance-frequency :weekly}', ast.Periodic(frequency=ast.Frequency.WEEKLY)),
        ("{:rebalance-threshold 0.05}", ast.Corridor(width=Decimal("0.05"))),
        ("{:rebalance-frequency :none :rebalance-threshold 0.1}", ast.Corridor(width=Decimal("0.1"))),
        ("{}", ast.Periodic(frequency=ast.Frequency.DAILY)),
    ],
)
def test_rebalancing_is_kept_with_the_strategy(settings: str, rebalance: ast.Rebalance) -> None:
    """
    A frequency or a threshold is read; without either it is daily.
    """
    assert rebalance == a_symphony(SPY, settings=settings).rebalance


def test_equal_sub_trees_are_one_object() -> None:
    """
    What is written twice, however it is spelled, is compiled to one node.
    """
    root = a_symphony(f'(weight-equal [{SPY} (asset "SPY" "other name")])').root

    assert isinstance(root, ast.WeightEqual)
    assert root.children[0] is root.children[1]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("(weight-random [])", "expected an operator or indicator"),
        ("(asset)", 'expected (asset "TICKER" "name" or nil), found nothing'),
        ("(asset SPY nil)", 'expected a ticker such as "SPY", found SPY'),
        ('(asset "spy" nil)', "expected a ticker such as SPY or BRK/B, found 'spy'"),
        ('(asset "CRYPTO::BTC//USD" nil)', "expected an equity, found 'CRYPTO::BTC//USD'"),
        ("(weight-equal [])", "expected at least one holding in [ ], found none"),
        (f"(weight-equal {SPY})", "expected a vector of holdings in [ ], found (asset …)"),
        ('(weight-equal ["SPY"])', 'expected a holding such as (asset "SPY" nil), found "SPY"'),
        (f"(weight-equal [{ASK}])", 'expected a holding such as (asset "SPY" nil), found (> …)'),
        (f"(weight-specified 0.5 {SPY} {TLT})", "expected (weight-specified w child w child …)"),
        (f"(weight-specified -1 {SPY} 2 {TLT})", "expected a weight of at least 0, found -1"),
        (f"(weight-specified 0 {SPY})", "expected weights that sum to more than 0"),
        (f"(weight-inverse-volatility 1 [{SPY}])", "a whole number from 2 to 10,000, found 1"),
        (f'(group "g" [{SPY} {TLT}])', "expected one holding in a group, found 2"),
        (f"(if {ASK})", "expected (if condition [then …] [else …])"),
        (f"(if {SPY} [{SPY}])", "expected a condition such as"),
        (f"(if (> 1) [{SPY}])", "expected two sides in (> a b), found 1"),
        (f'(if (> "SPY" 1) [{SPY}])', 'expected a number or an indicator, found "SPY"'),
        (f'(if (> (rsi "SPY" {{:window 0}}) 1) [{SPY}])', "a whole number from 1 to 10,000, found 0"),
        (f'(if (> (rsi "SPY" {{:window 2.5}}) 1) [{SPY}])', "a whole number from 1 to 10,000, found 2.5"),
        (f'(if (> (rsi "SPY" {{:windows 2}}) 1) [{SPY}])', "expected {:window n} for rsi, found :windows"),
        (f'(if (> (rsi "SPY") 1) [{SPY}])', "expected {:window n} for rsi, found no :window"),
        (f"(if (> (rsi {{:window 2}}) 1) [{SPY}])", "expected one ticker or holding to measure"),
        (f'(if (> (stdev-return "SPY" {{:window 1}}) 1) [{SPY}])', "a whole number from 2 to 10,000"),
        (f'(if (> ((unimplemented :magic) "SPY") 1) [{SPY}])', "expected an indicator (current-price"),
        (f'(if (> (macd "SPY" {{:short-window 9 :long-window 9}}) 1) [{SPY}])', "expected :short-window below"),
        (f"(if (> 1e99 1) [{SPY}])", "expected a number below 1e18, found 1e99"),
        (f"(if (not {ASK} {ASK}) [{SPY}])", "expected one condition in (not …), found 2"),
        (f"(filter (rsi {{:window 5}}) (select-top 0) [{SPY}])", "expected how many to select, a whole number"),
        (f"(filter (rsi {{:window 5}}) (take 1) [{SPY}])", "expected (select-top k) or (select-bottom k)"),
        (f"(filter (best) (select-top 1) [{SPY}])", "expected an indicator to score with"),
        ("()", "expected a clause such as"),
        ("[]", "expected a clause such as"),
    ],
)
def test_what_means_nothing_is_refused(body: str, problem: str) -> None:
    """
    Unknown operators, wrong arity, bad windows and tickers are compile errors that say what was expected.
    """
    with pytest.raises(DslCompileError) as caught:
        a_symphony(body)

    assert problem in caught.value.problem
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "found an empty text"),
        (SPY, 'expected (defsymphony "name" {…} body), found (asset …)'),
        (f'(defsymphony "a" {{}} {SPY}) {SPY}', "expected the end of the text after defsymphony"),
        (f'(defsymphony "" {{}} {SPY})', "expected a name of 1 to 200 characters"),
        (f'(defsymphony "a" {{:colour 1}} {SPY})', "found :colour"),
        (f'(defsymphony "a" {{:rebalance-frequency :hourly}} {SPY})', "expected a frequency (:daily"),
        (f'(defsymphony "a" {{:rebalance-threshold 5}} {SPY})', "between 0 and 1, a fraction, found 5"),
        (f'(defsymphony "a" {{:rebalance-frequency :daily :rebalance-threshold 0.1}} {SPY})', "found both"),
        (f'(defsymphony "a" {{:asset-class "CRYPTO"}} {SPY})', 'expected the asset class "EQUITIES"'),
    ],
)
def test_a_file_is_one_symphony(text: str, problem: str) -> None:
    """
    Anything but one `defsymphony` with known settings is refused.
    """
    with pytest.raises(DslCompileError) as caught:
        compile_text(text)

    assert problem in caught.value.problem


def test_an_error_points_at_its_own_occurrence() -> None:
    """
    A form that is right in one place and wrong in another is refused where it is wrong.
    """
    with pytest.raises(DslCompileError) as caught:
        compile_text(f'(defsymphony "a" {{}}\n  (weight-equal [{SPY}\n    (if {SPY} [{SPY}])]))', file="a.clj")

    lines = str(caught.value).splitlines()
    assert lines[0].startswith("a.clj:3:9: expected a condition")
    assert lines[1][lines[2].index("^") :].startswith("(asset")


def test_deep_trees_compile_without_recursion() -> None:
    """
    Nearly a thousand groups inside each other compile, print and evaluate to the asset inside.
    """
    deep = SPY
    for _ in range(990):
        deep = f'(group "g" {deep})'

    symphony = a_symphony(deep)

    assert symphony.fingerprint == a_symphony(SPY).fingerprint
