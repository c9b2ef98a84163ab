"""
Every way a text is refused: at which place, what was expected, what was found; one row for each kind of message.
"""

import re

import pytest

from alchemiser.domain.errors import DslCompileError, DslError, DslSyntaxError
from alchemiser.domain.strategy.compiler import compile_text

SPY = '(asset "SPY" nil)'

# The text, `»` before the place that is refused; what was expected; what was found.
SYNTAX = (
    ("»(defsymphony", "expected ')' to close this '('", "found the end of the text"),
    ("(a »[b", "expected ']' to close this '['", "found the end of the text"),
    ("(a »{:b 1", "expected '}' to close this '{'", "found the end of the text"),
    ("(a\n [b»)", "expected ']' to close the '[' of line 2", "found ')'"),
    ("(a\n {:b 1»]", "expected '}' to close the '{' of line 2", "found ']'"),
    ("(a\n (b»}", "expected ')' to close the '(' of line 2", "found '}'"),
    ("a»)", "expected a form", "found ')' that closes nothing"),
    ('(a\n\t»"b)', "expected a closing quote", "found the end of the text"),
    ('(a »"\\q")', 'expected \\n, \\t, \\r, \\" or \\\\ in a string', "found '\\\\q'"),
    ("(a »@b)", "expected a name, number, string or keyword", "found '@b'"),
    ("(a »\ud83d)", "expected characters of Unicode", "found half a surrogate pair, U+D83D"),
    ("(" * 1_000 + "»(", "expected at most 1,000 nested brackets", "found more"),
)
STRATEGY = (
    (f"»{SPY}", 'expected (defsymphony "name" {…} body)', "found (asset …)"),
    (f'(defsymphony "a" {{}} {SPY})\n»{SPY}', "expected the end of the text after defsymphony", "found (asset …)"),
    (f'(defsymphony »"" {{}} {SPY})', "expected a name of 1 to 200 characters", "found 0"),
    (f'(defsymphony »"a\\nb" {{}} {SPY})', "expected a name without control characters", 'found "a�b"'),
    (
        f'(defsymphony "a" {{»:colour 1}} {SPY})',
        "expected :asset-class, :rebalance-frequency or :rebalance-threshold",
        "found :colour",
    ),
    (
        f'(defsymphony "a" {{:rebalance-frequency :daily »:rebalance-frequency :daily}} {SPY})',
        "expected :rebalance-frequency once",
        "found it again",
    ),
    (f'(defsymphony "a" {{»:asset-class}} {SPY})', "expected a value after :asset-class", "found none"),
    (f'(defsymphony "a" {{:asset-class »"CRYPTO"}} {SPY})', 'expected the asset class "EQUITIES"', 'found "CRYPTO"'),
    (
        f'(defsymphony "a" {{:rebalance-frequency »:hourly}} {SPY})',
        "expected a frequency (:daily, :weekly, :monthly, :quarterly, :yearly, :none)",
        "found :hourly",
    ),
    (
        f'(defsymphony "a" {{:rebalance-threshold »5}} {SPY})',
        "expected a rebalance threshold between 0 and 1, a fraction",
        "found 5",
    ),
    (f'(defsymphony "a" {{:rebalance-threshold »"5%"}} {SPY})', "expected a rebalance threshold", 'found "5%"'),
    (
        f'(defsymphony "a" {{:rebalance-frequency :daily :rebalance-threshold »0.1}} {SPY})',
        "expected either :rebalance-frequency or :rebalance-threshold",
        "found both",
    ),
)
HOLDINGS = (
    ("»nil", 'expected a clause such as (asset "SPY" nil)', "found nil"),
    ('»"SPY"', 'expected a holding such as (asset "SPY" nil)', 'found "SPY"'),
    ("(»weight-random [])", "expected an operator or indicator (docs/dsl.md lists them)", "found weight-random"),
    ("»(asset)", 'expected (asset "TICKER" "name" or nil)', "found nothing"),
    ("(asset »SPY nil)", 'expected a ticker such as "SPY"', "found SPY"),
    ('(asset »"spy" nil)', "expected a ticker such as SPY or BRK/B", "found 'spy'"),
    ('(asset »"CRYPTO::BTC//USD" nil)', "expected an equity", "found 'CRYPTO::BTC//USD'"),
    (f"»(group [{SPY}])", 'expected (group "name" [child])', "found a vector"),
    (f'(group "g" »[{SPY} {SPY}])', "expected one holding in a group", "found 2; weight them first"),
    ("»(weight-equal)", "expected (weight-equal [child …])", "found nothing"),
    (f"(weight-equal »{SPY})", "expected a vector of holdings in [ ]", "found (asset …)"),
    ("(weight-equal »[])", "expected at least one holding in [ ]", "found none"),
    (f"»(weight-specified 0.5 {SPY} 1)", "expected (weight-specified w child w child …)", "found 0.5 (asset …) 1"),
    (f"(weight-specified »-1 {SPY})", "expected a weight of at least 0", "found -1"),
    (f"(weight-specified »:half {SPY})", "expected a weight", "found :half"),
    (f"(weight-specified »1e-31 {SPY})", "expected a weight of at most 30 decimals", "found 31"),
    (f"(weight-specified »1e18 {SPY})", "expected a weight below 1e18", "found 1e18"),
    (f"»(weight-specified 0 {SPY})", "expected weights that sum to more than 0", "found only zeros"),
    (f"(weight-specified [»{SPY}])", 'expected (asset "SPY" 0.6)', "found (asset …)"),
    ("»(weight-inverse-volatility 20)", "expected (weight-inverse-volatility n [child …])", "found 20"),
    (
        f"(weight-inverse-volatility »1 [{SPY}])",
        "expected the window of weight-inverse-volatility, a whole number from 2 to 10,000",
        "found 1",
    ),
    (
        f'(weight-inverse-volatility »"20" [{SPY}])',
        "expected the window of weight-inverse-volatility",
        'found "20"',
    ),
    ("»(if (> 2 1))", "expected (if condition [then …] [else …])", "found (> …)"),
    (f"(if »{SPY} [{SPY}])", 'expected a condition such as (> (rsi "SPY" {:window 10}) 79)', "found (asset …)"),
    (
        f"»(filter (rsi {{:window 5}}) [{SPY}])",
        "expected (filter (indicator …) (select-top k) [child …])",
        "found (rsi …) a vector",
    ),
    (f"(filter »(best) (select-top 1) [{SPY}])", "expected an indicator to score with", "found (best …)"),
    (
        f"(filter (rsi {{:window 5}}) »(take 1) [{SPY}])",
        "expected (select-top k) or (select-bottom k)",
        "found (take …)",
    ),
    (
        f"(filter (rsi {{:window 5}}) (select-top »0) [{SPY}])",
        "expected how many to select, a whole number from 1 to 100,000",
        "found 0",
    ),
    (f"(filter (rsi {{:window 5}}) (select-top »:all) [{SPY}])", "expected how many to select", "found :all"),
)
# These stand in `(if … [(asset "SPY" nil)])`.
CONDITIONS = (
    ("»(> 1)", "expected two sides in (> a b)", "found 1"),
    ('(> »"SPY" 1)', "expected a number or an indicator", 'found "SPY"'),
    ("»(and)", "expected at least one condition in (and …)", "found 0"),
    ("»(or)", "expected at least one condition in (or …)", "found 0"),
    ("»(not (> 2 1) (> 2 1))", "expected one condition in (not …)", "found 2"),
    ("(> »1e99 1)", "expected a number below 1e18", "found 1e99"),
    ("(> »1e-99 1)", "expected a number of at most 30 decimals", "found 99"),
    (f"(> »{'9' * 101} 1)", "expected a number of at most 100 characters", "found 101"),
    ("(> »(rsi {:window 2}) 1)", "expected one ticker or holding to measure in (rsi …)", "found 0"),
    ("(> (rsi »(> 2 1) {:window 2}) 1)", "expected a ticker or a holding to measure", "found (> …)"),
    ('(> »(rsi "SPY") 1)', "expected {:window n} for rsi", "found no :window"),
    ('(> (rsi "SPY" {»:windows 2}) 1)', "expected {:window n} for rsi", "found :windows"),
    ('(> (current-price "SPY" »10) 1)', "expected no parameters for current-price", "found 10"),
    (
        '(> (macd "SPY" »9) 1)',
        "expected {:short-window n, :long-window n} for macd",
        "found 9",
    ),
    ('(> (rsi "SPY" »{:window}) 1)', "expected keys and values in turn", "found 1 forms"),
    ('(> (rsi "SPY" {:window 2 »:window 3}) 1)', "expected :window once", "found it again"),
    (
        '(> (macd-signal "SPY" {:smooth-window 2 »:signal-window 3}) 1)',
        "expected :smooth-window once",
        "found it again",
    ),
    (
        '(> (rsi "SPY" {:window »0}) 1)',
        "expected :window of rsi, a whole number from 1 to 10,000",
        "found 0",
    ),
    (
        '(> (stdev-return "SPY" {:window »1}) 1)',
        "expected :window of stdev-return, a whole number from 2 to 10,000",
        "found 1",
    ),
    ('(> (rsi "SPY" {:window »nil}) 1)', "expected :window of rsi", "found nil"),
    (
        '(> »(macd "SPY" {:short-window 9 :long-window 9}) 1)',
        "expected :short-window below :long-window",
        "found 9 and 9",
    ),
    (
        '(> (upper-bollinger "SPY" {:window 9 :standard-deviations »0}) 1)',
        "expected :standard-deviations of upper-bollinger above zero",
        "found 0",
    ),
    ('(> ((unimplemented »:magic) "SPY") 1)', "expected an indicator (current-price, ", "found :magic"),
)
WHOLE = (
    *((text, DslSyntaxError, expected, found) for text, expected, found in SYNTAX),
    *((text, DslCompileError, expected, found) for text, expected, found in STRATEGY),
    *(
        (f'; a remark\n(defsymphony "a" {{}}\n  {body})', DslCompileError, expected, found)
        for body, expected, found in (
            *HOLDINGS,
            *((f"(if {condition} [{SPY}])", expected, found) for condition, expected, found in CONDITIONS),
        )
    ),
)


@pytest.mark.parametrize(("marked", "kind", "expected", "found"), WHOLE)
def test_a_refusal_names_its_place_and_both_sides(marked: str, kind: type[DslError], expected: str, found: str) -> None:
    """
    File, line and column of the very place, what was expected and what was found, and the line with a caret under it.
    """
    before, text = marked.partition("»")[0], marked.replace("»", "")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")

    with pytest.raises(kind) as caught:
        compile_text(text, file="strategies/a.clj")

    problem, excerpt, caret = str(caught.value).split("\n")
    assert problem.startswith(f"strategies/a.clj:{line}:{column}: {expected}")
    assert found in problem.removeprefix(f"strategies/a.clj:{line}:{column}: {expected}")
    assert caret.strip() == "^"
    under = excerpt[caret.index("^")]
    assert under == (text[len(before)] if text[len(before)].isprintable() else " ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'a.clj: expected (defsymphony "name" {…} body), found an empty text'),
        (" " * 16_777_217, "a.clj: expected at most 16,777,216 characters, found 16,777,217; split the strategy"),
    ],
    ids=["empty", "too long"],
)
def test_a_text_without_a_place_is_refused_by_its_file(text: str, message: str) -> None:
    """
    Where no place in the text is wrong, the file is named.
    """
    with pytest.raises(DslError, match=re.escape(message)):
        compile_text(text, file="a.clj")


def test_at_least_sixty_refusals_are_distinct() -> None:
    """
    No two rows expect the same: each is a kind of its own, or the same kind of another clause or parameter.
    """
    kinds = {(expected, re.sub(r"\d+", "#", found)) for _, _, expected, found in WHOLE}

    assert len(WHOLE) == len(kinds)
    assert len({expected for _, _, expected, _ in WHOLE}) >= 60
