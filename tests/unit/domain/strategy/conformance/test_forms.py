"""
What each form means: one strategy and a few bars for each rule, the weights worked out by hand.
"""

from decimal import Decimal

import pytest

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy.ast import Corridor, Frequency, Periodic
from support.symphonies import a_symphony, evaluated, last_weights

AAA, BBB, CCC = '(asset "AAA" nil)', '(asset "BBB" nil)', '(asset "CCC" nil)'
YES, NO = '(asset "YES" nil)', '(asset "NO" nil)'


def held(body: str, **rows: list[float]) -> object:
    """
    The weights of a body on the last session; YES and NO have closes as long as the others.
    """
    length = len(next(iter(rows.values()), [1.0]))
    still = {"AAA": [1.0] * length, "BBB": [1.0] * length, "CCC": [1.0] * length}
    return last_weights(evaluated(body, **{**still, **rows, "YES": [1.0] * length, "NO": [1.0] * length}))


@pytest.mark.parametrize("frequency", Frequency)
def test_defsymphony_keeps_its_rebalance_frequency(frequency: Frequency) -> None:
    """
    Every frequency is read.
    """
    assert Periodic(frequency=frequency) == a_symphony(AAA, settings=f"{{:rebalance-frequency :{frequency}}}").rebalance


def test_defsymphony_takes_a_rebalance_threshold_instead() -> None:
    """
    0.05 is a fraction: five percent of the portfolio.
    """
    settings = '{:asset-class "EQUITIES", :rebalance-threshold 0.05}'

    assert Corridor(width=Decimal("0.05")) == a_symphony(AAA, settings=settings).rebalance


@pytest.mark.parametrize("asset", ['(asset "AAA" nil)', '(asset "AAA" "Alpha")', '(asset "AAA")', f"[{AAA}]"])
def test_asset_is_one_holding_whatever_it_is_called(asset: str) -> None:
    """
    All of the weight, with or without a display name, and with the body in [ ] or bare.
    """
    assert {"AAA": "1"} == held(asset)


@pytest.mark.parametrize(
    ("written", "symbol"),
    [("BRK/B", "BRK/B"), ("BF.B", "BF.B"), ("BF-B", "BF-B"), ("EQUITIES::SOXL//USD", "SOXL"), ("EQUITIES::SPY", "SPY")],
)
def test_tickers_are_letters_digits_dots_slashes_and_dashes(written: str, symbol: str) -> None:
    """
    An exchange's prefix and currency are left behind.
    """
    assert {symbol: "1"} == last_weights(evaluated(f'(asset "{written}" nil)', **{symbol: [1.0]}))


def test_crypto_is_recognised_and_refused() -> None:
    """
    The message says what can be traded.
    """
    with pytest.raises(DslCompileError, match="found 'CRYPTO::BTC//USD'; only US stocks and funds can be traded"):
        a_symphony('(asset "CRYPTO::BTC//USD" nil)')


def test_weight_equal_takes_each_child_as_a_whole() -> None:
    """
    Two children, a half each; the first half is split again: 1/4, 1/4, 1/2, not thirds.
    """
    assert {"AAA": "0.25", "BBB": "0.25", "CCC": "0.5"} == held(f"(weight-equal [(weight-equal [{AAA} {BBB}]) {CCC}])")


def test_weight_equal_normalises_a_child_before_weighting_it() -> None:
    """
    The first child's shares 10 and 30 sum to 40: 1/4 and 3/4 of a half are 0.125 and 0.375.
    """
    body = f"(weight-equal [(weight-specified 10 {AAA} 30 {BBB}) {CCC}])"

    assert {"AAA": "0.125", "BBB": "0.375", "CCC": "0.5"} == held(body)


@pytest.mark.parametrize("weights", [("0.6", "0.4"), ("60", "40"), ("3", "2"), ("66.6", "44.4")])
def test_weight_specified_normalises_by_its_sum(weights: tuple[str, str]) -> None:
    """
    Fractions, percents and parts of any sum: 3/5 and 2/5.
    """
    assert {"AAA": "0.6", "BBB": "0.4"} == held(f"(weight-specified {weights[0]} {AAA} {weights[1]} {BBB})")


def test_weight_specified_takes_weights_inside_assets() -> None:
    """
    The spelling with a vector: 0.6 and 0.2 of 0.8 are 3/4 and 1/4, with a display name or without.
    """
    assert {"AAA": "0.75", "BBB": "0.25"} == held('(weight-specified [(asset "AAA" 0.6) (asset "BBB" "Beta" 0.2)])')


def test_weight_inverse_volatility_weighs_the_calm_more() -> None:
    """
    AAA returns +10 and -10 percent, BBB +20 and -20: BBB is twice as volatile, so the shares are 2/3 and 1/3.
    """
    body = f"(weight-inverse-volatility 2 [{AAA} {BBB}])"

    assert {"AAA": "0.666667", "BBB": "0.333333"} == held(body, AAA=[100.0, 110.0, 99.0], BBB=[100.0, 120.0, 96.0])


def test_weight_inverse_volatility_measures_a_sub_tree_on_its_own_returns() -> None:
    """
    Half AAA (+10, -10) and half BBB (+20, -20) returns +15 and -15: 1.5 times AAA's volatility.

    Shares 1 : 1/1.5 are 0.6 for AAA and 0.4 for the pair: AAA 0.6 + 0.2, BBB 0.2.
    """
    body = f"(weight-inverse-volatility 2 [{AAA} (weight-equal [{AAA} {BBB}])])"

    assert {"AAA": "0.8", "BBB": "0.2"} == held(body, AAA=[100.0, 110.0, 99.0], BBB=[100.0, 120.0, 96.0])


def test_group_is_a_label_and_its_name_no_identity() -> None:
    """
    Two groups of one name with different bodies stay two: a half each.
    """
    assert {"AAA": "0.5", "BBB": "0.5"} == held(f'(weight-equal [(group "G" [{AAA}]) (group "G" [{BBB}])])')


@pytest.mark.parametrize("word", ["if", "if-then-else"])
@pytest.mark.parametrize(("condition", "weights"), [("(> 2 1)", {"YES": "1"}), ("(< 2 1)", {"NO": "1"})])
def test_if_holds_one_branch_or_the_other(word: str, condition: str, weights: dict[str, str]) -> None:
    """
    2 > 1 holds the first branch, 2 < 1 the second, under both names.
    """
    assert weights == held(f"({word} {condition} [{YES}] [{NO}])")


def test_if_weights_several_children_of_a_branch_equally() -> None:
    """
    Two children of the true branch, a half each; the half of the pair is split again.
    """
    body = f"(if (> 2 1) [(weight-equal [{AAA} {BBB}]) {YES}] [{NO}])"

    assert {"AAA": "0.25", "BBB": "0.25", "YES": "0.5"} == held(body)


def test_if_without_else_holds_cash() -> None:
    """
    The false half of the portfolio holds nothing: YES has 1/2, and 1/2 is cash.
    """
    assert {"YES": "0.5"} == held(f"(weight-equal [{YES} (if (> 1 2) [{NO}])])")


@pytest.mark.parametrize(
    ("operator", "truths"), [(">", "fft"), ("<", "tff"), (">=", "ftt"), ("<=", "ttf"), ("=", "ftf")]
)
def test_comparisons_are_numeric_and_strict(operator: str, truths: str) -> None:
    """
    1, 2 and 3 against AAA's close of 2: `>` and `<` are false where both are 2.
    """
    found = [held(f'(if ({operator} {n} (current-price "AAA")) [{YES}] [{NO}])', AAA=[2.0]) for n in (1, 2, 3)]

    assert [{"YES": "1"} if letter == "t" else {"NO": "1"} for letter in truths] == found


def test_each_side_of_a_comparison_is_a_number_or_an_indicator() -> None:
    """
    AAA rose 10 percent in a session, BBB 20: indicator against indicator, and a number on the left.
    """
    rows = {"AAA": [100.0, 110.0], "BBB": [100.0, 120.0]}
    more = f'(if (> (cumulative-return "BBB" {{:window 1}}) (cumulative-return "AAA" {{:window 1}})) [{YES}] [{NO}])'
    left = f'(if (> 15 (cumulative-return "AAA" {{:window 1}})) [{YES}] [{NO}])'

    assert [{"YES": "1"}] * 2 == [held(more, **rows), held(left, **rows)]


@pytest.mark.parametrize(
    ("condition", "is_true"),
    [
        ("(and (> 2 1) (> 3 1))", True),
        ("(and (> 2 1) (> 1 3))", False),
        ("(or (> 1 2) (> 3 1))", True),
        ("(or (> 1 2) (> 1 3))", False),
        ("(not (> 1 2))", True),
        ("(not (or (> 1 2) (and (> 2 1) (> 3 1) (> 4 1))))", False),
    ],
)
def test_conditions_are_joined_by_and_or_not(condition: str, is_true: bool) -> None:
    """
    `and` when all are, `or` when any is, `not` when the other is not.
    """
    assert {"YES" if is_true else "NO": "1"} == held(f"(if {condition} [{YES}] [{NO}])")


# Over one session AAA returns 10 percent, BBB 30, CCC 20.
RETURNS = {"AAA": [10.0, 11.0], "BBB": [10.0, 13.0], "CCC": [10.0, 12.0]}


@pytest.mark.parametrize(
    ("select", "weights"),
    [
        ("(select-top 1)", {"BBB": "1"}),
        ("(select-top 2)", {"BBB": "0.5", "CCC": "0.5"}),
        ("(select-bottom 1)", {"AAA": "1"}),
        ("(select-bottom 2)", {"AAA": "0.5", "CCC": "0.5"}),
    ],
)
def test_filter_keeps_the_best_in_equal_weights(select: str, weights: dict[str, str]) -> None:
    """
    By returns of 10, 30 and 20 percent: the highest one or two, or the lowest, in equal shares.
    """
    assert weights == held(f"(filter (cumulative-return {{:window 1}}) {select} [{AAA} {BBB} {CCC}])", **RETURNS)


def test_filter_keeps_all_when_there_are_fewer_than_asked_for() -> None:
    """
    The best 5 of two are both.
    """
    body = f"(filter (cumulative-return {{:window 1}}) (select-top 5) [{AAA} {BBB}])"

    assert {"AAA": "0.5", "BBB": "0.5"} == held(body, **RETURNS)


def test_filter_scores_a_group_on_its_synthesised_closes() -> None:
    """
    Half AAA and half BBB returns (10 + 30) / 2 = 20 percent: more than AAA's 10, so the pair is held.
    """
    pair = f'(group "Pair" [(weight-equal [{AAA} {BBB}])])'
    body = f"(filter (cumulative-return {{:window 1}}) (select-top 1) [{AAA} {pair}])"

    assert {"AAA": "0.5", "BBB": "0.5"} == held(body, **RETURNS)


def test_filter_scores_a_filter_inside_a_group() -> None:
    """
    The inner filter holds yesterday's best of AAA and BBB.

    Session 2: AAA +100 percent, BBB 0: the group holds AAA, and in session 3 earns AAA's -50 percent, though BBB, up
    100, is its new choice. CCC at -10 percent beats that: CCC is held.
    """
    inner = f'(group "Inner" [(filter (cumulative-return {{:window 1}}) (select-top 1) [{AAA} {BBB}])])'
    body = f"(filter (cumulative-return {{:window 1}}) (select-top 1) [{inner} {CCC}])"

    assert {"CCC": "1"} == held(body, AAA=[1.0, 2.0, 1.0], BBB=[1.0, 1.0, 2.0], CCC=[10.0, 10.0, 9.0])


@pytest.mark.parametrize(
    "indicator",
    [
        '(moving-average-price "AAA" {:window 2})',
        '(moving-average-price {:window 2} "AAA")',
        '(moving-average-price {:window 2} (asset "AAA" nil))',
        '(moving-average-price (asset "AAA" nil) {:window 2})',
        '(moving-average-price "AAA" 2)',
        '((unimplemented :moving-average-price) "AAA" {:window 2})',
    ],
)
def test_indicators_are_spelt_in_several_ways(indicator: str) -> None:
    """
    Every spelling is the mean of 3 and 5: 4.
    """
    assert {"YES": "1"} == held(f"(if (= {indicator} 4) [{YES}] [{NO}])", AAA=[3.0, 5.0])


def test_indicators_measure_a_sub_tree_written_in_place() -> None:
    """
    Half AAA (+10 percent) and half BBB (+30) returned 20 percent.
    """
    body = f"(if (= (cumulative-return {{:window 1}} (weight-equal [{AAA} {BBB}])) 20) [{YES}] [{NO}])"

    assert {"YES": "1"} == held(body, **RETURNS)


def test_unimplemented_names_an_indicator() -> None:
    """
    Closes 8, 4, 4: the short average of window 1 is 4, the long of window 3 is 5: (4 - 5) / 5 is -20 percent.
    """
    spelt = '((unimplemented :percentage-price-oscillator) "AAA" {:short-window 1 :long-window 3})'

    assert {"YES": "1"} == held(f"(if (= {spelt} -20) [{YES}] [{NO}])", AAA=[8.0, 4.0, 4.0])


def test_windows_of_five_hundred_sessions_are_read() -> None:
    """
    499 closes of 1 and one of 501 have a mean of 2.
    """
    body = f'(if (= (moving-average-price "AAA" {{:window 500}}) 2) [{YES}] [{NO}])'

    assert {"YES": "1"} == held(body, AAA=[1.0] * 499 + [501.0])


def test_a_weight_of_zero_is_left_out() -> None:
    """
    BBB has no bar, but no share either.
    """
    assert {"AAA": "1"} == held(f"(weight-specified 1 {AAA} 0 {BBB})", BBB=[float("nan")])
