"""
What Composer's trees may not say: each refusal names the path, what was expected and what was found.
"""

import json

import pytest

from alchemiser.domain.errors import DslCompileError, DslSyntaxError
from alchemiser.domain.strategy.composer.documents import compile_edn, compile_json
from support.composer import RSI_ABOVE_79, SPY, TLT, Fields, Json, a_step, a_tree, an_if

STEP = "$.children[0].children[0]"
BRANCH = f"{STEP}.children[0]"
RSI: Fields = {"fn": "relative-strength-index", "ticker": "SPY", "params": {"window": 10}}
CORRIDOR_OF_5: Fields = {"rebalance": "none", "rebalance-corridor-width": 5}
TLT_RIGHT: Fields = {"rhs-val": "TLT", "rhs-fixed-value?": False}
NOTHING_RIGHT: Fields = {"rhs-val": None, "rhs-fixed-value?": None}
BINARY: Fields = {"type": "binary", "lhs": RSI, "comparator": "gt", "rhs": {"constant": 79}}
EACH: Fields = {**RSI, "ticker": "%"}
FILTER = a_step(
    "filter", SPY, TLT, sort_by_fn="cumulative-return", sort_by_fn_params={"window": 6}, select_fn="top", select_n=1
)
ROOT: Fields = {"step": "root", "name": "Test", "rebalance": "daily"}


def weighted(num: Json, den: Json = 100) -> Fields:
    """
    Return a tree with one weight.
    """
    return a_tree(a_step("wt-cash-specified", {**SPY, "weight": {"num": num, "den": den}}))


def flat(**fields: Json) -> Fields:
    """
    Return a tree whose only condition has these fields in place of good ones.
    """
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    return a_tree(an_if(RSI_ABOVE_79 | named, [TLT]))


def block(condition: Json) -> Fields:
    """
    Return a tree with a condition block.
    """
    return a_tree(an_if({"condition": condition}, [TLT]))


REFUSALS: dict[str, tuple[Json, str, str, str]] = {
    "escape codes in a step": (
        a_tree(a_step("\x1b[2J", SPY)),
        f"{STEP}.step",
        "expected a step (asset",
        'found "\N{REPLACEMENT CHARACTER}[2J"',
    ),
    "an endless field": (
        a_tree({**SPY, "k" * 5_000: 1}),
        f"{STEP}['{'k' * 40}…']",
        "expected only fields that asset has",
        f"found '{'k' * 40}'",
    ),
    "a weight of a million digits": (
        weighted("9" * 1_000_000),
        f"{STEP}.children[0].weight.num",
        "expected the num of a weight of at most 100 characters",
        "found 1,000,000",
    ),
    "more tickers than a strategy needs": (
        block({**BINARY, "type": "binary-compound", "operator": "any", "lhs": EACH, "tickers": ["SPY"] * 10_001}),
        f"{BRANCH}.condition.tickers",
        "expected at most 1,000 tickers",
        "found 10,001",
    ),
    "no object": ([], "$", "expected an object", "found a list"),
    "no step": ({**ROOT, "step": None}, "$.step", "expected a step such as", "found nothing"),
    "a tree without its step": ({"children": []}, "$.step", 'expected a step such as "root"', "beside 'children'"),
    "no root": (SPY, "$.step", 'expected "root"', 'found "asset"'),
    "unknown step": (a_tree(a_step("wt-magic", SPY)), f"{STEP}.step", "expected a step (asset", 'found "wt-magic"'),
    "market capitalisation": (
        a_tree(a_step("wt-marketcap", SPY)),
        f"{STEP}.step",
        "expected weights that closes decide",
        'found "wt-marketcap"',
    ),
    "unknown field": (
        a_tree({**SPY, "leverage": 3}),
        f"{STEP}.leverage",
        "expected only fields that asset has",
        "found 'leverage', which could change the meaning",
    ),
    "unknown field with an odd name": (
        a_tree({**SPY, "a b": 3}),
        f"{STEP}['a b']",
        "expected only fields that asset has",
        "found 'a b'",
    ),
    "unknown field of the root": (
        a_tree(SPY, leverage="2"),
        "$.leverage",
        "expected only fields that root has",
        "found 'leverage'",
    ),
    "no name": (a_tree(SPY, name=None), "$.name", "expected the name of the strategy", "found nothing"),
    "an empty name": (a_tree(SPY, name=" "), "$.name", "expected a name of 1 to 200 characters", "found 1"),
    "no rebalancing": (a_tree(SPY, rebalance=None), "$.rebalance", "expected how often to rebalance", "found nothing"),
    "odd rebalancing": (a_tree(SPY, rebalance="hourly"), "$.rebalance", "(daily, weekly", 'found "hourly"'),
    "corridor beside a frequency": (
        a_tree(SPY, **{"rebalance-corridor-width": 0.05}),
        "$.rebalance-corridor-width",
        'expected a corridor only with rebalance "none"',
        'found it with "daily"',
    ),
    "corridor in percent": (
        a_tree(SPY, **CORRIDOR_OF_5),
        "$.rebalance-corridor-width",
        "expected a rebalance threshold between 0 and 1",
        "found 5",
    ),
    "crypto": (a_tree(SPY, asset_class="CRYPTO"), "$.asset_class", 'expected the asset class "EQUITIES"', '"CRYPTO"'),
    "two asset classes": (
        a_tree(SPY, asset_classes=["EQUITIES", "CRYPTO"]),
        "$.asset_classes",
        'expected the asset class "EQUITIES"',
        "found a list",
    ),
    "two children of the root": (
        {**ROOT, "children": [a_step("wt-cash-equal", SPY)] * 2},
        "$.children",
        "expected one weight below the root",
        "found 2 steps",
    ),
    "no weight below the root": (
        {**ROOT, "children": [SPY]},
        "$.children[0].step",
        "expected a weight below the root",
        'found "asset"',
    ),
    "no children": (a_tree(), "$.children[0].children", "expected at least one of holdings", "found an empty list"),
    "children that are no list": (
        {**ROOT, "children": "SPY"},
        "$.children",
        "expected a list of holdings",
        'found "SPY"',
    ),
    "only a placeholder": (
        a_tree({"step": "empty"}),
        "$.children[0].children",
        "expected at least one holding",
        'found only the placeholder "empty"',
    ),
    "a child that is no object": (a_tree("SPY"), STEP, "expected an object", 'found "SPY"'),
    "no ticker": (a_tree({"step": "asset"}), f"{STEP}.ticker", "expected a ticker such as", "found nothing"),
    "a ticker that is none": (a_tree({**SPY, "ticker": "spy!"}), f"{STEP}.ticker", "expected a ticker", "'spy!'"),
    "a coin": (
        a_tree({**SPY, "ticker": "CRYPTO::BTC//USD"}),
        f"{STEP}.ticker",
        "expected an equity",
        "found 'CRYPTO::BTC//USD'",
    ),
    "an asset with children": (
        a_tree(a_step("asset", TLT, ticker="SPY")),
        f"{STEP}.children",
        "expected no children of an asset",
        "found some",
    ),
    "a root in a tree": (a_tree(a_tree(SPY)), f"{STEP}.step", "expected a holding", 'found "root" inside a strategy'),
    "a branch in a weight": (
        a_tree(a_step("if-child", SPY)),
        f"{STEP}.step",
        "expected a holding",
        'found "if-child" outside an "if"',
    ),
    "no weight": (
        a_tree(a_step("wt-cash-specified", SPY)),
        f"{BRANCH}.weight",
        "expected an object",
        "found nothing",
    ),
    "a weight of nothing": (
        a_tree(a_step("wt-cash-specified", {**SPY, "weight": {}})),
        f"{BRANCH}.weight.num",
        "expected the num of a weight, a number",
        "found nothing",
    ),
    "a weight in words": (weighted("half"), f"{BRANCH}.weight.num", "expected the num of a weight", 'found "half"'),
    "a negative weight": (weighted(-1), f"{BRANCH}.weight.num", "expected a weight of at least 0", "found -1"),
    "a den of zero": (weighted(1, 0), f"{BRANCH}.weight.den", "expected a den above 0", "found 0"),
    "a sign in a weight": (
        a_tree(a_step("wt-cash-specified", {**SPY, "weight": {"num": 1, "den": 1, "sign": -1}})),
        f"{BRANCH}.weight.sign",
        "expected only fields that a weight has (den, num)",
        "found 'sign'",
    ),
    "only weights of zero": (weighted(0), STEP, "expected weights that sum to more than 0", "found only zeros"),
    "a weight of a placeholder": (
        a_tree(
            a_step(
                "wt-cash-specified",
                {**SPY, "weight": {"num": 1, "den": 1}},
                {"step": "empty", "weight": {"num": 1, "den": 1}},
            )
        ),
        f"{STEP}.children[1].weight",
        "expected a holding for this weight",
        'found the placeholder "empty"',
    ),
    "no window of volatility": (
        a_tree(a_step("wt-inverse-vol", SPY)),
        f"{STEP}.window-days",
        "expected the window-days of wt-inverse-vol, a number",
        "found nothing",
    ),
    "a window of volatility of one": (
        a_tree(a_step("wt-inverse-vol", SPY, window_days="1")),
        f"{STEP}.window-days",
        "a whole number from 2",
        "found 1",
    ),
    "a window of an equal weight": (
        a_tree(a_step("wt-cash-equal", SPY, window_days="10")),
        f"{STEP}.window-days",
        "expected only fields that wt-cash-equal has",
        "found 'window-days'",
    ),
    "a group without name": (a_tree(a_step("group", SPY)), f"{STEP}.name", "the name of a group", "found nothing"),
    "a group of two": (
        a_tree(a_step("group", SPY, TLT, name="G")),
        f"{STEP}.children",
        "expected one holding in a group",
        "found 2",
    ),
    "an unknown score": (
        a_tree({**FILTER, "sort-by-fn": "magic"}),
        f"{STEP}.sort-by-fn",
        "expected an indicator (current-price",
        'found "magic"',
    ),
    "a score without window": (
        a_tree({**FILTER, "sort-by-fn-params": {}}),
        f"{STEP}.sort-by-fn",
        "expected {:window n} for cumulative-return",
        "found no :window",
    ),
    "a direction in between": (
        a_tree({**FILTER, "select-fn": "middle"}),
        f"{STEP}.select-fn",
        'expected "top" or "bottom"',
        'found "middle"',
    ),
    "a count of none": (a_tree({**FILTER, "select-n": "0"}), f"{STEP}.select-n", "how many to select", "found 0"),
    "a filter that does not select": (
        a_tree({**FILTER, "select?": False}),
        f"{STEP}.select?",
        "expected true or no such field",
        "found false",
    ),
    "an if of holdings": (
        a_tree(a_step("if", SPY)),
        f"{BRANCH}.step",
        'expected "if-child" below an "if"',
        'found "asset"',
    ),
    "an if with two conditions": (
        a_tree({"step": "if", "children": [{**RSI_ABOVE_79, "step": "if-child", "children": [SPY]}] * 2}),
        f"{STEP}.children[1]",
        "expected one branch with a condition of an if",
        "found a second one",
    ),
    "an if with two elses": (
        a_tree({"step": "if", "children": [a_step("if-child", SPY, **{"is-else-condition?": True})] * 2}),
        f"{STEP}.children[1]",
        "expected one else branch of an if",
        "found a second one",
    ),
    "an if of an else": (
        a_tree({"step": "if", "children": [a_step("if-child", SPY, **{"is-else-condition?": True})]}),
        f"{STEP}.children",
        "expected a branch with a condition",
        "found only an else branch",
    ),
    "a switch in words": (
        a_tree({"step": "if", "children": [a_step("if-child", SPY, **{"is-else-condition?": "yes"})]}),
        f"{BRANCH}.is-else-condition?",
        "expected true or false",
        'found "yes"',
    ),
    "an else with a condition": (
        a_tree(
            {
                "step": "if",
                "children": [
                    {**RSI_ABOVE_79, "step": "if-child", "children": [SPY]},
                    {"step": "if-child", "is-else-condition?": True, "comparator": "gt", "children": [SPY]},
                ],
            }
        ),
        f"{STEP}.children[1].comparator",
        "expected no condition in an else branch",
        "found 'comparator'",
    ),
    "a first branch of nothing": (
        a_tree(an_if(RSI_ABOVE_79, [{"step": "empty"}])),
        f"{BRANCH}.children",
        "expected at least one holding",
        'found only the placeholder "empty"',
    ),
    "an unknown function": (flat(lhs_fn="magic"), f"{BRANCH}.lhs-fn", "expected an indicator", 'found "magic"'),
    "no left ticker": (flat(lhs_val=None), f"{BRANCH}.lhs-val", "expected a ticker", "found nothing"),
    "an unknown comparator": (flat(comparator="ne"), f"{BRANCH}.comparator", "(gt, gte, lt, lte, eq)", 'found "ne"'),
    "a window of zero": (
        flat(lhs_fn_params={"window": 0}),
        f"{BRANCH}.lhs-fn-params.window",
        "expected :window of rsi, a whole number from 1",
        "found 0",
    ),
    "an unknown parameter": (
        flat(lhs_fn_params={"window": 10, "offset": 1}),
        f"{BRANCH}.lhs-fn-params.offset",
        "expected {:window n} for rsi",
        "found :offset",
    ),
    "parameters that are no object": (
        flat(lhs_fn_params=10),
        f"{BRANCH}.lhs-fn-params",
        "expected an object of parameters",
        "found 10",
    ),
    "a parameter of a price": (
        flat(lhs_fn="current-price", lhs_fn_params={"offset": 1}),
        f"{BRANCH}.lhs-fn-params.offset",
        "expected no parameters for current-price",
        "found 'offset'",
    ),
    "two windows that differ": (
        flat(lhs_window_days="14"),
        f"{BRANCH}.lhs-window-days",
        "expected the window that the parameters say, 10",
        'found "14"',
    ),
    "a fixed value in words": (flat(rhs_val="SPY"), f"{BRANCH}.rhs-val", "expected a fixed value, a number", '"SPY"'),
    "no right side": (
        flat(**NOTHING_RIGHT),
        f"{BRANCH}.rhs-val",
        "expected a fixed value, a number",
        "found nothing",
    ),
    "a number that is not fixed": (
        flat(**{"rhs-fixed-value?": False}),
        f"{BRANCH}.rhs-val",
        "for the right side is not fixed",
        "found 79",
    ),
    "a right ticker without function": (
        flat(**TLT_RIGHT),
        f"{BRANCH}.rhs-fn",
        "expected the name of an indicator",
        "found nothing",
    ),
    "a block that is no object": (block("x"), f"{BRANCH}.condition", "expected a condition, an object", 'found "x"'),
    "a block of another kind": (
        block({**BINARY, "type": "ternary"}),
        f"{BRANCH}.condition.type",
        'expected "binary", as its fields are',
        'found "ternary"',
    ),
    "an unknown field of a block": (
        block({**BINARY, "for": 3}),
        f"{BRANCH}.condition.for",
        "expected only fields that a binary condition has",
        "found 'for'",
    ),
    "a side with two values": (
        block({**BINARY, "rhs": {**RSI, "constant": 1}}),
        f"{BRANCH}.condition.rhs",
        "expected either a constant or an indicator",
        "found a constant and 'fn'",
    ),
    "a percent sign on the right": (
        block({**BINARY, "rhs": {**RSI, "ticker": "%"}}),
        f"{BRANCH}.condition.rhs.ticker",
        "expected a ticker",
        'found "%"',
    ),
    "an unknown connective": (
        block({"operator": "most", "conditions": [BINARY]}),
        f"{BRANCH}.condition.operator",
        "expected an operator (any, all)",
        'found "most"',
    ),
    "a compound of nothing": (
        block({"operator": "any", "conditions": []}),
        f"{BRANCH}.condition.conditions",
        "expected at least one of conditions",
        "found an empty list",
    ),
    "tickers without a percent sign": (
        block({**BINARY, "type": "binary-compound", "tickers": ["SPY"], "operator": "any"}),
        f"{BRANCH}.condition.lhs.ticker",
        'expected "%", for each of `tickers`',
        'found "SPY"',
    ),
    "tickers against a holding": (
        block(
            {
                "lhs": {**RSI, "ticker": "%"},
                "tickers": ["SPY"],
                "operator": "any",
                "comparator": "gt",
                "rhs": {"fn": "rsi", "of": SPY},
            }
        ),
        f"{BRANCH}.condition.rhs.of",
        "expected a ticker or a constant beside tickers",
        "found a holding",
    ),
    "dens without a common one": (
        a_tree(
            a_step(
                "wt-cash-specified",
                {**SPY, "weight": {"num": 1, "den": 999_999_999_989}},
                {**TLT, "weight": {"num": 1, "den": 999_999_999_961}},
            )
        ),
        f"{STEP}.children[1].weight",
        "expected weights of a common den below 1e18",
        "found one more den",
    ),
    "a weight of too many digits": (
        weighted("0." + "1" * 40),
        f"{BRANCH}.weight.num",
        "expected a weight of at most 28 digits",
        'found "0.111',
    ),
    "two things to measure": (
        block({**BINARY, "lhs": {**RSI, "of": SPY}}),
        f"{BRANCH}.condition.lhs",
        "expected either 'ticker' or 'of' to measure",
        "found both",
    ),
    "a long window below the short": (
        block(
            {**BINARY, "lhs": {"fn": "macd", "ticker": "SPY", "params": {"short-window": 26, "long-window": 12}}},
        ),
        f"{BRANCH}.condition.lhs.fn",
        "expected :short-window below :long-window",
        "found 26 and 12",
    ),
    "no record of a strategy": ({"id": 1}, "$", "expected an object with a step, or one field around it", "neither"),
    "a record of two": ({"edn": "{}", "json": "{}"}, "$", "one field around it", "found 'edn', 'json'"),
    "a string that is no strategy": ("hello", "$", "expected the text of a strategy", 'found "hello"'),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_could_change_the_meaning_is_refused(name: str) -> None:
    """
    Each names file, path, what was expected and what was found.
    """
    tree, path, expected, found = REFUSALS[name]

    with pytest.raises(DslCompileError) as refused:
        compile_json(json.dumps(tree), file="bad.json")

    assert (path, f"bad.json: {path}: ") == (refused.value.path, str(refused.value)[: len(path) + 12])
    assert expected in refused.value.problem
    assert found in refused.value.problem


JSON_ERRORS: dict[str, tuple[str, int, int, str, str]] = {
    "an empty text": ("", 1, 1, "expected a JSON value", "found the end of the text"),
    "a long number": ("[" + "9" * 101 + "]", 1, 2, "expected a number of at most 100 characters", "found 101"),
    "an escape code": ("[\x1b[2J]", 1, 2, "expected a JSON value", "found \N{REPLACEMENT CHARACTER}"),
    "an open object": ('{"a": 1', 1, 8, "expected a comma or '}'", "found the end of the text"),
    "an open list": ("[1", 1, 3, "expected a comma or ']'", "found the end of the text"),
    "an open string": ('{"a": "b', 1, 7, "expected a closing quote", "found the end of the text"),
    "an open string of escapes": ('"' + r"\"" * 200_000, 1, 1, "expected a closing quote", "found the end of the text"),
    "an open string that ends in an escape": (r'"\"' + "\\", 1, 1, "expected a closing quote", "found the end"),
    "a wrong closer": ("[1}", 1, 3, "expected a comma or ']'", "found }"),
    "a bare key": ("{a: 1}", 1, 2, "expected a key in double quotes", "found a"),
    "a key twice": ('{"a": 1,\n "a": 2}', 2, 2, "expected each key of an object once", 'found "a" again'),
    "a key without colon": ('{"a" 1}', 1, 6, "expected ':' after the key", "found 1"),
    "a comma too many": ("[1,]", 1, 4, "expected a JSON value", "found ]"),
    "not a number": ("[NaN]", 1, 2, "expected a JSON value", "found NaN"),
    "a number with a leading zero": ("[01]", 1, 2, "expected a JSON value", "found 01"),
    "single quotes": ("['a']", 1, 2, "expected a JSON value", "found 'a'"),
    "two values": ("{}\n{}", 2, 1, "expected the end of the text", "found {"),
    "an unknown escape": (r'["\q"]', 1, 2, "expected an escape of JSON", r"found '\\q'"),
    "a bare line end": ('["a\nb"]', 1, 2, "expected control characters of a string as", "found one bare"),
    "half a character": (r'["\ud83d"]', 1, 2, "expected whole characters", "found half of a surrogate pair"),
    "a deep text": ("[" * 4_097, 1, 4_097, "expected at most 4,096 nested objects and lists", "found more"),
    "too many values": ("[" + "1," * 1_000_000 + "1]", 1, 1_999_999, "expected at most 1,000,000 values", "more"),
}


@pytest.mark.parametrize("name", JSON_ERRORS)
def test_what_is_no_json_is_refused_in_its_place(name: str) -> None:
    """
    Each names line and column, what was expected and what was found.
    """
    text, line, column, expected, found = JSON_ERRORS[name]

    with pytest.raises(DslSyntaxError) as refused:
        compile_json(text, file="bad.json")

    assert refused.value.span is not None
    assert (line, column) == (refused.value.span.line, refused.value.span.column)
    assert expected in refused.value.problem
    assert found in refused.value.problem


EDN_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "an empty text": ("; nothing\n", "bad.edn: ", "expected (defsymphony", "found an empty text"),
    "two maps": ("{} {}", "bad.edn:1:4: ", "expected the end of the text after one form", "found a map"),
    "nothing": ("\f", "bad.edn: ", "expected one map with :step :root", "found an empty text"),
    "a long number": (
        f"{{:step :root, :num {'9' * 101}}}",
        "bad.edn:1:20: ",
        "expected a number of at most 100 characters",
        "found 101",
    ),
    "a key without value": ("{:step :root :name}", "bad.edn:1:1: ", "expected keys and values in turn", "3 forms"),
    "a key twice": ("{:step :root\n :step :if}", "bad.edn:2:2: ", "expected each key of a map once", ":step again"),
    "a number as key": ("{1 2}", "bad.edn:1:2: ", "expected a key such as :step", "found 1"),
    "a list as value": ("{:step (root)}", "bad.edn:1:8: ", "expected a map, vector, string", "found (root …)"),
    "a name as value": ("{:step root}", "bad.edn:1:8: ", "expected a map, vector, string", "found root"),
    "a tag": ('{:id #uuid "a"}', "bad.edn:1:6: ", "expected a name, number, string or keyword", "found '#uuid'"),
    "an open map": ("{:step", "bad.edn:1:1: ", "expected '}' to close this '{'", "found the end of the text"),
    "an unknown step": ("{:step :rot}", "bad.edn: $.step: ", "expected a step (asset", 'found "rot"'),
}


@pytest.mark.parametrize("name", EDN_ERRORS)
def test_what_is_no_edn_is_refused_in_its_place(name: str) -> None:
    """
    Each names line and column or the path, what was expected and what was found.
    """
    text, place, expected, found = EDN_ERRORS[name]

    with pytest.raises((DslCompileError, DslSyntaxError)) as refused:
        compile_edn(text, file="bad.edn")

    assert place == str(refused.value)[: len(place)]
    assert expected in refused.value.problem
    assert found in refused.value.problem
