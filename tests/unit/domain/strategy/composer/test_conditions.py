import pytest

from alchemiser.domain.indicators.registry import INDICATORS, Indicator
from support.composer import RSI_ABOVE_79, SPY, TLT, Fields, Json, a_step, an_if, body_of

MA: Fields = {"rhs-fn": "moving-average-price", "rhs-val": "SPY", "rhs-fn-params": {"window": 200}}
PRICE: Fields = {"lhs-fn": "current-price", "lhs-val": "SPY", "comparator": "gt"}
RSI: Fields = {"fn": "relative-strength-index", "ticker": "SPY", "params": {"window": 10}}
BINARY: Fields = {"type": "binary", "lhs": RSI, "comparator": "lt", "rhs": {"constant": 30}}


def condition_of(fields: Fields) -> str:
    """
    Return the canonical text of an if-child's condition.
    """
    text = body_of(an_if(fields, [TLT]))
    return text.removeprefix("(if ").removesuffix(' [(asset "TLT" nil)])')


@pytest.mark.parametrize(
    ("comparator", "operator"), [("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<="), ("eq", "=")]
)
def test_each_comparator(comparator: str, operator: str) -> None:
    """
    Composer's words are the language's signs.
    """
    assert f'({operator} (rsi "SPY" {{:window 10}}) 79)' == condition_of({**RSI_ABOVE_79, "comparator": comparator})


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
def test_each_indicator(indicator: Indicator) -> None:
    """
    Every indicator of the language is read with its parameters, by its longest name.
    """
    windows: Fields = {parameter.name: place + 2 for place, parameter in enumerate(indicator.parameters)}
    fields: Fields = {**RSI_ABOVE_79, "lhs-fn": (*indicator.synonyms, indicator.name)[0], "lhs-fn-params": windows}

    assert f'(> ({indicator.name} "SPY"' in condition_of(fields)


@pytest.mark.parametrize(
    "window", [{"lhs-fn-params": {"window": "10"}}, {"lhs-window-days": "10"}, {"lhs-window-days": 10}]
)
def test_a_window_of_today_or_of_earlier_days(window: Fields) -> None:
    """
    Parameters or the legacy field say the same.
    """
    fields = {key: value for key, value in RSI_ABOVE_79.items() if key != "lhs-fn-params"}

    assert '(> (rsi "SPY" {:window 10}) 79)' == condition_of(fields | window)


def test_both_windows_when_they_agree() -> None:
    """
    The legacy field may repeat the parameters, or be empty.
    """
    told = {condition_of({**RSI_ABOVE_79, "lhs-window-days": days}) for days in ("10", "")}

    assert {'(> (rsi "SPY" {:window 10}) 79)'} == told


@pytest.mark.parametrize("stray", [{"lhs-fn-params": {"window": 14}}, {"lhs-window-days": ""}, {"lhs-fn-params": {}}])
def test_a_price_has_no_window(stray: Fields) -> None:
    """
    A window that was left beside the current price means nothing.
    """
    assert '(> (current-price "SPY") (moving-average-price "SPY" {:window 200}))' == condition_of(PRICE | MA | stray)


def test_the_right_side_with_a_legacy_window() -> None:
    """
    The right side knows the legacy window, too.
    """
    right: Fields = {"rhs-fn": "moving-average-price", "rhs-val": "SPY", "rhs-window-days": "200"}

    assert '(moving-average-price "SPY" {:window 200}))' in condition_of(PRICE | right | {"rhs-fixed-value?": False})


@pytest.mark.parametrize("value", [79, "79", 79.0])
def test_a_number_on_the_right_is_fixed(value: Json) -> None:
    """
    Without the switch, what is a number is a fixed value.
    """
    fields = {key: value for key, value in RSI_ABOVE_79.items() if key != "rhs-fixed-value?"}

    assert condition_of({**fields, "rhs-val": value}).startswith('(> (rsi "SPY" {:window 10}) 79')


def test_a_stray_function_beside_a_fixed_value() -> None:
    """
    A function that remained from an earlier edit is not read.
    """
    fields: Fields = {**RSI_ABOVE_79, "rhs-fn": "whatever", "rhs-fn-params": {"window": -3}, "rhs-window-days": "x"}

    assert '(> (rsi "SPY" {:window 10}) 79)' == condition_of(fields)


def test_a_negative_decimal_threshold() -> None:
    """
    Numbers keep every digit.
    """
    assert condition_of({**RSI_ABOVE_79, "rhs-val": "-33.19950"}).endswith(" -33.19950)")


def test_a_binary_block_overrides_the_flat_fields() -> None:
    """
    What the block says counts, whatever stands beside it.
    """
    assert '(< (rsi "SPY" {:window 10}) 30)' == condition_of({**RSI_ABOVE_79, "condition": BINARY})


def test_a_binary_block_of_two_indicators() -> None:
    """
    Both sides may be indicators.
    """
    block: Fields = {"lhs": RSI, "comparator": "gte", "rhs": {**RSI, "ticker": "TLT"}}

    assert '(>= (rsi "SPY" {:window 10}) (rsi "TLT" {:window 10}))' == condition_of({"condition": block})


@pytest.mark.parametrize("key", ["type", "condition-type"])
def test_a_block_may_name_its_kind(key: str) -> None:
    """
    The kind may be named, wrapped around the block, or seen from its fields.
    """
    bare = {field: value for field, value in BINARY.items() if field != "type"}
    wanted = '(< (rsi "SPY" {:window 10}) 30)'

    blocks: list[Fields] = [bare, {**bare, key: "binary"}, {"binary": bare}]
    assert [wanted] * 3 == [condition_of({"condition": block}) for block in blocks]


@pytest.mark.parametrize(("operator", "connective"), [("any", "or"), ("all", "and")])
def test_a_compound_block(operator: str, connective: str) -> None:
    """
    `any` is or, `all` is and; compounds hold compounds.
    """
    inner: Fields = {"type": "compound", "operator": "any", "conditions": [BINARY]}
    block: Fields = {"type": "compound", "operator": operator, "conditions": [BINARY, inner]}
    one = '(< (rsi "SPY" {:window 10}) 30)'

    assert f"({connective} {one} (or {one}))" == condition_of({"condition": block})


@pytest.mark.parametrize(("operator", "connective"), [("any", "or"), ("all", "and")])
def test_a_binary_compound_block(operator: str, connective: str) -> None:
    """
    One comparison for each ticker in place of the percent sign.
    """
    block: Fields = {
        "type": "binary-compound",
        "lhs": {**RSI, "ticker": "%"},
        "tickers": ["QQQ", "XLK"],
        "operator": operator,
        "comparator": "gt",
        "rhs": {"constant": "79"},
    }
    wanted = f'({connective} (> (rsi "QQQ" {{:window 10}}) 79) (> (rsi "XLK" {{:window 10}}) 79))'

    assert wanted == condition_of({"condition": block})


def test_our_own_words() -> None:
    """
    `not`, a constant on the left and an indicator of a holding are read as we write them.
    """
    group = a_step("group", SPY, name="G")
    measured: Fields = {"fn": "stdev-price", "params": {"window": 3}, "of": group}
    compare: Fields = {"type": "binary", "lhs": {"constant": 1}, "comparator": "gt", "rhs": measured}

    assert '(not (> 1 (stdev-price {:window 3} (group "G" [(asset "SPY" nil)]))))' == condition_of(
        {"condition": {"type": "not", "condition": compare}}
    )
