"""
What each indicator is: a few closes, and the value worked out by hand.

The value is read off the weights: YES is held where the indicator equals the number. With one close fewer than it
needs, it is undefined.
"""

import pytest

from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.indicators.registry import INDICATORS, indicator_named
from support.symphonies import evaluated, last_weights

YES, NO = '(asset "YES" nil)', '(asset "NO" nil)'

# The indicator, closes of which the first few are just what it needs, and its value on the last.
CASES = (
    # The close itself.
    ("current-price", "", [7.0], "7"),
    # (1 + 2 + 6) / 3.
    ("moving-average-price", "{:window 3}", [1.0, 2.0, 6.0], "3"),
    # alpha = 2 / (3 + 1) = 1/2 from the first close on: 8, then (8 + 4) / 2 = 6, then (6 + 4) / 2 = 5.
    ("exponential-moving-average-price", "{:window 3}", [8.0, 4.0, 4.0], "5"),
    # +1 and -1: gains 0.5, losses 0.5.
    ("rsi", "{:window 2}", [10.0, 11.0, 10.0], "50"),
    # 110 over 100, two sessions apart, is +10 percent.
    ("cumulative-return", "{:window 2}", [100.0, 90.0, 110.0], "10"),
    # +10 and +20 percent.
    ("moving-average-return", "{:window 2}", [100.0, 110.0, 132.0], "15"),
    # +10, -10 and 0 percent: mean 0, squares 200, over n - 1 = 2 is 100, its root 10 percent a day.
    ("stdev-return", "{:window 3}", [100.0, 110.0, 99.0, 99.0], "10"),
    # 1, 2, 3: mean 2, squares 2, over n - 1 = 2 is 1.
    ("stdev-price", "{:window 3}", [1.0, 2.0, 3.0], "1"),
    # From 100 to 80: 20 percent, positive.
    ("max-drawdown", "{:window 3}", [100.0, 80.0, 90.0], "20"),
    # Averages 4 (window 1) and 5 (window 3, as above): (4 - 5) / 5.
    ("percentage-price-oscillator", "{:short-window 1, :long-window 3}", [8.0, 4.0, 4.0], "-20"),
    # The long average goes 5, 10, 20; the line (4-5)/5, (15-10)/10, (30-20)/20 = -20, 50, 50.
    # Its average with alpha 1/2: -20, then 15, then 32.5.
    (
        "percentage-price-oscillator-signal",
        "{:short-window 1, :long-window 3, :smooth-window 3}",
        [8.0, 4.0, 4.0, 15.0, 30.0],
        "32.5",
    ),
    # 4 - 5.
    ("macd", "{:short-window 1, :long-window 3}", [8.0, 4.0, 4.0], "-1"),
    # The long average goes 5, 7, 5; the line 4-5, 9-7, 3-5 = -1, 2, -2; its average with alpha 1/2: -1, 0.5, -0.75.
    ("macd-signal", "{:short-window 1, :long-window 3, :smooth-window 3}", [8.0, 4.0, 4.0, 9.0, 3.0], "-0.75"),
    # Mean 2, population deviation 1, two of them above; one and a half below.
    ("upper-bollinger", "{:window 2}", [1.0, 3.0], "4"),
    ("lower-bollinger", "{:window 2, :standard-deviations 1.5}", [1.0, 3.0], "0.5"),
)


def held(condition: str, closes: list[float]) -> object:
    """
    The weights of a question about AAA on the last session.
    """
    still = [1.0] * len(closes)
    return last_weights(evaluated(f"(if {condition} [{YES}] [{NO}])", AAA=closes, YES=still, NO=still))


@pytest.mark.parametrize(("name", "parameters", "closes", "value"), CASES, ids=[case[0] for case in CASES])
def test_each_indicator_has_the_value_of_its_formula(
    name: str, parameters: str, closes: list[float], value: str
) -> None:
    """
    By its name and by each of its synonyms; the arithmetic stands beside each case.
    """
    indicator = indicator_named(name)
    assert indicator is not None

    found = [held(f'(= ({own} "AAA" {parameters}) {value})', closes) for own in (name, *indicator.synonyms)]

    assert [{"YES": "1"}] * len(found) == found


@pytest.mark.parametrize(("name", "parameters", "closes", "value"), CASES, ids=[case[0] for case in CASES])
def test_each_indicator_is_undefined_one_close_earlier(
    name: str, parameters: str, closes: list[float], value: str
) -> None:
    """
    Without the first close the window is not filled: the comparison is undefined, not false.
    """
    later = [float("nan"), *closes[1:]]

    assert isinstance(held(f'(= ({name} "AAA" {parameters}) {value})', later), SignalUndefined)


def test_every_indicator_has_a_case() -> None:
    """
    None is left without an example.
    """
    assert {indicator.name for indicator in INDICATORS} == {case[0] for case in CASES}


def test_rsi_smooths_over_the_full_history() -> None:
    """
    Window 2 over 10, 11, 10, 11.5: seed 0.5 and 0.5, then gains (0.5 + 1.5) / 2 = 1 and losses 0.5 / 2 = 0.25: 80.

    The last two changes alone would give 0.75 and 0.5, which is 60.
    """
    assert {"YES": "1"} == held('(= (rsi "AAA" {:window 2}) 80)', [10.0, 11.0, 10.0, 11.5])
    assert {"YES": "1"} == held('(= (rsi "AAA" {:window 2}) 60)', [11.0, 10.0, 11.5])


@pytest.mark.parametrize(("closes", "value"), [([1.0, 2.0, 3.0], 100), ([3.0, 2.0, 1.0], 0), ([5.0, 5.0, 5.0], 50)])
def test_rsi_at_its_ends(closes: list[float], value: int) -> None:
    """
    No losses are 100, no gains 0, and 50 when nothing moved.
    """
    assert {"YES": "1"} == held(f'(= (rsi "AAA" {{:window 2}}) {value})', closes)


def test_stdev_return_is_not_annualised() -> None:
    """
    10 percent a day stays 10, and is not 10 times the root of 252.
    """
    closes = [100.0, 110.0, 99.0, 99.0]

    assert {"NO": "1"} == held('(> (stdev-return "AAA" {:window 3}) 10.01)', closes)


def test_max_drawdown_sees_only_its_window() -> None:
    """
    The fall from 200 to 100 lies outside the last three closes.
    """
    assert {"YES": "1"} == held('(= (max-drawdown "AAA" {:window 3}) 20)', [200.0, 100.0, 80.0, 90.0])


def test_max_drawdown_falls_from_a_peak_to_a_later_trough() -> None:
    """
    80, 100, 90: the trough of 80 lies before the peak, so the fall is from 100 to 90.
    """
    assert {"YES": "1"} == held('(= (max-drawdown "AAA" {:window 3}) 10)', [80.0, 100.0, 90.0])


def test_thresholds_are_in_percent() -> None:
    """
    From 100 to 87 is -13: below -12, not below -14.
    """
    below = [held(f'(< (cumulative-return "AAA" {{:window 1}}) {n})', [100.0, 87.0]) for n in (-12, -14)]

    assert [{"YES": "1"}, {"NO": "1"}] == below
