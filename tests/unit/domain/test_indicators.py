"""
Every indicator against its definition, one window at a time.
"""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from alchemiser.domain.indicators import formulas
from alchemiser.domain.indicators.registry import INDICATORS, Indicator, Parameters, indicator_named
from alchemiser.domain.market import Series

WIDE = 1e-12


def walk(length: int = 400, *, seed: int = 1) -> Series:
    """
    Closes that fall from 5e11 to about 1, as the back-adjusted ones of volatility funds do.
    """
    generator = np.random.default_rng(seed)
    drift = math.log(2e-12) / (length / 2)
    steps: Series = generator.normal(0.0, 0.03, length) + np.where(np.arange(length) < length / 2, drift, 0.0)
    closes: Series = 5e11 * np.exp(np.cumsum(steps))
    return closes


def own(indicator: Indicator) -> Parameters:
    """
    Small parameters for any indicator.
    """
    values = {"window": 7, "short-window": 4, "long-window": 9, "smooth-window": 3, "standard-deviations": 2}
    return tuple(values[parameter.name] for parameter in indicator.parameters)


def measured(indicator: Indicator, closes: Series) -> Series:
    """
    One row measured.
    """
    row: Series = indicator.measure(closes[None, :], (own(indicator),))[0]
    return row


@pytest.mark.parametrize("window", [1, 2, 3, 7, 64, 399, 400])
def test_window_sums_keep_their_digits(window: int) -> None:
    """
    A moving average over closes that fell from 5e11 to 1 is right to 1e-12 of itself.
    """
    closes = walk()

    averages = formulas.moving_average_price(closes, window)

    for end in range(window - 1, len(closes), 13):
        expected = math.fsum(closes[end - window + 1 : end + 1]) / window
        assert abs(averages[end] - expected) <= WIDE * expected


@pytest.mark.parametrize("window", [2, 3, 20, 90, 400])
def test_deviations_keep_their_digits(window: int) -> None:
    """
    A deviation of closes that fell from 5e11 to 1 is right to 1e-12 of itself.
    """
    closes = walk()

    deviations = formulas.stdev_price(closes, window)

    for end in range(window - 1, len(closes), 29):
        expected = statistics.stdev(closes[end - window + 1 : end + 1].tolist())
        assert abs(deviations[end] - expected) <= WIDE * expected


@pytest.mark.parametrize("window", [2, 5, 90])
def test_mean_and_deviation_of_returns(window: int) -> None:
    """
    Return statistics are sample statistics of the last daily returns, in percent.
    """
    closes = walk()
    returns = (closes[1:] / closes[:-1] - 1).tolist()

    means, deviations = formulas.moving_average_return(closes, window), formulas.stdev_return(closes, window)

    for end in range(window, len(closes), 17):
        part = returns[end - window : end]
        scale = math.fsum(map(abs, part)) / window * 100
        assert abs(means[end] - math.fsum(part) / window * 100) <= WIDE * scale
        assert abs(deviations[end] - statistics.stdev(part) * 100) <= WIDE * statistics.stdev(part) * 100


@pytest.mark.parametrize("window", [1, 2, 5, 60])
def test_max_drawdown_is_the_largest_fall_in_the_window(window: int) -> None:
    """
    The fall is taken from a peak to a later trough, both within the last closes, and is positive.
    """
    closes = walk(130, seed=3)

    falls = formulas.max_drawdown(closes, window)

    for end in range(window - 1, len(closes)):
        part = closes[end - window + 1 : end + 1]
        expected = max(1 - part[peak:].min() / part[peak] for peak in range(window)) * 100
        assert falls[end] == pytest.approx(expected, rel=WIDE, abs=WIDE)


def test_cumulative_return_counts_sessions_back() -> None:
    """
    From 100 to 110 over two sessions is 10 percent.
    """
    returns = formulas.cumulative_return(np.array([100.0, 90.0, 110.0]), 2)

    assert [True, True, False] == np.isnan(returns).tolist()
    assert returns[2] == pytest.approx(10.0)


def test_rsi_smooths_after_a_simple_mean() -> None:
    """
    Wilder: changes +1, -1, +2 with window 2 start at half and half, then keep half of what was.
    """
    index = formulas.rsi(np.array([10.0, 11.0, 10.0, 12.0]), 2)

    assert [pytest.approx(50.0), pytest.approx(100 * 1.25 / 1.5)] == index[2:].tolist()
    assert np.isnan(index[:2]).all()


def test_rsi_at_its_ends() -> None:
    """
    Without losses it is exactly 100, without gains 0, and 50 when nothing moved.
    """
    rising, falling, still = np.arange(1.0, 20.0), np.arange(20.0, 1.0, -1.0), np.full(19, 7.0)

    assert [100.0, 0.0, 50.0] == [formulas.rsi(closes, 5)[-1] for closes in (rising, falling, still)]


def test_exponential_average_is_seeded_with_the_first_close() -> None:
    """
    With window 3 a half of every new close enters, from the first close on; it shows from the third.
    """
    averages = formulas.exponential_moving_average_price(np.array([8.0, 4.0, 4.0, 5.0]), 3)

    assert np.isnan(averages[:2]).all()
    assert [5.0, 5.0] == averages[2:].tolist()


def test_oscillators_are_differences_of_exponential_averages() -> None:
    """
    MACD is the short average less the long; the oscillator is that in percent of the long.
    """
    closes = walk(60)
    fast = formulas.exponential_moving_average_price(closes, 4)
    slow = formulas.exponential_moving_average_price(closes, 9)

    assert formulas.macd(closes, 4, 9)[8:].tolist() == (fast - slow)[8:].tolist()
    assert formulas.percentage_price_oscillator(closes, 4, 9)[8:].tolist() == ((fast - slow) / slow * 100)[8:].tolist()


def test_bollinger_bands_stand_population_deviations_off_the_mean() -> None:
    """
    Closes 1 and 3: mean 2, population deviation 1, bands at 0 and 4.
    """
    closes = np.array([1.0, 3.0])

    assert [4.0, 0.0] == [formulas.bollinger(closes, 2, side)[-1] for side in (2.0, -2.0)]


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
def test_each_is_first_defined_when_it_says(indicator: Indicator) -> None:
    """
    The first value stands exactly where `closes_needed` closes are there, also for a symbol listed late.
    """
    late = np.concatenate((np.full(5, np.nan), walk(60)))

    values = measured(indicator, late)

    first = 5 + indicator.closes_needed(own(indicator)) - 1
    assert [True] * first + [False] * (65 - first) == np.isnan(values).tolist()


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
def test_a_gap_hides_windows_that_hold_it(indicator: Indicator) -> None:
    """
    Windows with a missing close are unknown, and with infinite memory everything after it.
    """
    closes = walk(60)
    closes[30] = np.nan

    values = measured(indicator, closes)

    needed = 60 if indicator.has_infinite_memory else indicator.closes_needed(own(indicator))
    assert list(range(30, min(30 + needed, 60))) == [day for day in range(20, 60) if math.isnan(values[day])]


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
def test_values_depend_neither_on_company_nor_on_the_future(indicator: Indicator) -> None:
    """
    A row measured among fifteen others, or cut short, has the same bits as far as it goes.
    """
    rows = np.stack([walk(80, seed=seed) for seed in range(16)])
    rows[3, :20] = np.nan

    together = indicator.measure(rows, [own(indicator)] * 16)

    for row in (0, 3, 15):
        for end in (1, 13, 40, 80):
            alone = measured(indicator, rows[row, :end])
            assert alone.tobytes() == np.ascontiguousarray(together[row, :end]).tobytes()


def test_rows_of_different_windows_are_measured_together() -> None:
    """
    One call may hold many windows; each row gets its own.
    """
    rows = np.stack([walk(50)] * 2)
    rsi = _named("rsi")

    both = rsi.measure(rows, [(5,), (11,)])

    assert _bits([formulas.rsi(rows[0], 5), formulas.rsi(rows[0], 11)]) == _bits(both)


def test_long_names_are_synonyms() -> None:
    """
    The names of the JSON form mean the same indicators.
    """
    assert _named("relative-strength-index") is _named("rsi")
    assert _named("standard-deviation-return") is _named("stdev-return")
    assert _named("standard-deviation-price") is _named("stdev-price")
    assert indicator_named("no-such-indicator") is None


def _named(name: str) -> Indicator:
    indicator = indicator_named(name)
    assert indicator is not None
    return indicator


def _bits(rows: Sequence[Series] | Series) -> list[bytes]:
    return [np.ascontiguousarray(row).tobytes() for row in rows]


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.name)
def test_measuring_leaves_the_closes_as_they_were(indicator: Indicator) -> None:
    """
    No indicator writes into what it is given, be it one row that could be written to.
    """
    closes = walk(60)
    before = closes.copy()

    measured(indicator, closes)

    assert before.tobytes() == closes.tobytes()


@pytest.mark.parametrize("window", [2, 5, 21, 200])
def test_deviations_keep_their_digits_beside_outliers(window: int) -> None:
    """
    One close of 5e11 among closes near 1 costs no other window a digit, wherever the blocks begin.
    """
    closes = 1.0 + np.random.default_rng(3).random(400) * 1e-3
    closes[::97] = 5e11

    deviations = formulas.stdev_price(closes, window)

    for end in range(window - 1, len(closes)):
        expected = statistics.stdev(closes[end - window + 1 : end + 1].tolist())
        assert abs(deviations[end] - expected) <= WIDE * expected


@pytest.mark.parametrize("window", [1, 2, 3, 14, 200])
def test_smoothing_goes_on_over_hundreds_of_sessions(window: int) -> None:
    """
    Strength and exponential average equal their recursions, session by session, to 1e-12 of themselves.
    """
    closes = walk(700, seed=5)

    index, averages = formulas.rsi(closes, window), formulas.exponential_moving_average_price(closes, window)

    assert averages[window - 1 :].tolist() == pytest.approx(_averages(closes.tolist(), window)[window - 1 :], rel=WIDE)
    assert index[window:].tolist() == pytest.approx(_indices(closes.tolist(), window), rel=WIDE)


@pytest.mark.parametrize("name", ["rsi", "exponential-moving-average-price", "moving-average-return", "stdev-return"])
def test_hundreds_of_rows_keep_their_bits(name: str) -> None:
    """
    Among 300 rows of all windows, some listed late and some with a gap, each has the bits it has alone and cut short.
    """
    rows = np.stack([walk(400, seed=seed) for seed in range(300)])
    rows[::7, :150], rows[::11, 250] = np.nan, np.nan
    windows = [(2 + row % 40,) for row in range(300)]
    indicator = _named(name)

    together = indicator.measure(rows, windows)

    for row in (0, 1, 7, 11, 77, 299):
        for end in (127, 128, 129, 400):
            alone = indicator.measure(rows[None, row, :end], [windows[row]])
            assert alone.tobytes() == np.ascontiguousarray(together[row, :end]).tobytes()


def test_rows_can_be_named() -> None:
    """
    Named rows are measured, each as often as it is named.
    """
    rows = np.stack([walk(50, seed=seed) for seed in range(3)])

    for indicator in INDICATORS:
        named = indicator.measure(rows, [own(indicator)] * 3, np.array([2, 0, 2]))
        assert _bits(indicator.measure(rows[[2, 0, 2]], [own(indicator)] * 3)) == _bits(named)


def _averages(closes: list[float], window: int) -> list[float]:
    averages = closes[:1]
    for close in closes[1:]:
        averages.append(averages[-1] + 2 / (window + 1) * (close - averages[-1]))
    return averages


def _indices(closes: list[float], window: int) -> list[float]:
    changes = [after - before for before, after in pairwise(closes)]
    up = math.fsum(max(change, 0.0) for change in changes[:window]) / window
    down = math.fsum(max(-change, 0.0) for change in changes[:window]) / window
    found = [100 * up / (up + down)]
    for change in changes[window:]:
        up = (up * (window - 1) + max(change, 0.0)) / window
        down = (down * (window - 1) + max(-change, 0.0)) / window
        found.append(100 * up / (up + down))
    return found
