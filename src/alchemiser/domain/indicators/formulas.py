"""
The indicators: adjusted closes in, one number a session out.

Every function takes closes oldest first, all above zero or NaN, shape (T,) or (rows, T), and returns the
same shape. An unknown value is NaN: the window is not filled yet, or a close is missing in it. Indicators
with infinite memory (rsi and everything built on exponential averages) start at the first close and stay
NaN from a gap on. A window of those may be one number or one for each row.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.indicators.kernels import (
    first_known,
    smoothed,
    unbroken,
    window_deviations,
    window_falls,
    window_sums,
)
from alchemiser.domain.indicators.strength import strengths
from alchemiser.domain.market import Series

Windows: TypeAlias = int | NDArray[np.int64]


def daily_returns(closes: Series) -> Series:
    """
    Return P[t] / P[t-1] - 1, a fraction; NaN for the first session.
    """
    returns = np.empty(closes.shape)
    returns[..., :1] = np.nan
    np.divide(closes[..., 1:], closes[..., :-1], out=returns[..., 1:])
    returns[..., 1:] -= 1.0
    return returns


def current_price(closes: Series) -> Series:
    """
    Return the close itself.
    """
    return closes


def moving_average_price(closes: Series, window: int) -> Series:
    """
    Return the mean of the last `window` closes; first defined at `window` closes.
    """
    sums = window_sums(closes, window)
    return np.divide(sums, window, out=sums)


def exponential_moving_average_price(closes: Series, window: Windows) -> Series:
    """
    Return the exponential average of closes, alpha = 2 / (window + 1), seeded with the first close.

    First defined at `window` closes: before that the seed outweighs the average.
    """
    return _exponential(closes, window)


def rsi(closes: Series, window: Windows) -> Series:
    """
    Return the relative strength index, Wilder's smoothing.

    Averages of gains and losses are seeded with the simple mean of the first `window` changes and smoothed
    with 1 / window over the whole history.

    Returns:
        Percent in [0, 100]; first defined at window + 1 closes; 100 without losses, 50 when nothing moved.

    Source: Wilder, New Concepts in Technical Trading Systems (1978).
    """
    rows = closes.reshape(-1, closes.shape[-1])
    windows = np.broadcast_to(np.asarray(window, dtype=np.int64), len(rows))
    return strengths(rows, np.arange(len(rows)), windows).reshape(closes.shape)


def cumulative_return(closes: Series, window: int) -> Series:
    """
    Return the return over `window` sessions, in percent; first defined at window + 1 closes.
    """
    returns = np.empty(closes.shape)
    returns[..., :window] = np.nan
    if window < closes.shape[-1]:
        gone = returns[..., window:]
        np.divide(closes[..., window:], closes[..., :-window], out=gone)
        gone -= 1.0
        gone *= 100.0
        if np.isnan(closes).any():
            returns[~unbroken(closes, window + 1)] = np.nan
    return returns


def moving_average_return(closes: Series, window: int) -> Series:
    """
    Return the mean of the last `window` daily returns, in percent a day; first defined at window + 1 closes.
    """
    sums = window_sums(daily_returns(closes), window)
    return np.multiply(sums, 100.0 / window, out=sums)


def stdev_return(closes: Series, window: int) -> Series:
    """
    Return the sample deviation (n - 1) of the last `window` daily returns, in percent a day, not annualised.

    First defined at window + 1 closes; the window is at least 2.
    """
    deviations = window_deviations(daily_returns(closes), window, freedom_lost=1)
    return np.multiply(deviations, 100.0, out=deviations)


def stdev_price(closes: Series, window: int) -> Series:
    """
    Return the sample deviation (n - 1) of the last `window` closes; first defined at `window` closes.
    """
    return window_deviations(closes, window, freedom_lost=1)


def max_drawdown(closes: Series, window: int) -> Series:
    """
    Return the largest fall from a peak to a later trough within the last `window` closes, in percent, not
    negative.

    First defined at `window` closes.
    """
    ratios = window_falls(closes, window)
    falls = np.subtract(1.0, ratios, out=ratios)
    return np.multiply(falls, 100.0, out=falls)


def macd(closes: Series, short: Windows, long: Windows) -> Series:
    """
    Return the short exponential average less the long one, in price; first defined at `long` closes.
    """
    return _exponential(closes, short) - _exponential(closes, long)


def macd_signal(closes: Series, short: Windows, long: Windows, smooth: Windows) -> Series:
    """
    Return the exponential average of `macd`, seeded with its first value; first at long + smooth - 1 closes.
    """
    return _exponential(macd(closes, short, long), smooth)


def percentage_price_oscillator(closes: Series, short: Windows, long: Windows) -> Series:
    """
    Return `macd` as a percentage of the long exponential average; first defined at `long` closes.
    """
    slow = _exponential(closes, long)
    return (_exponential(closes, short) - slow) / slow * 100.0


def percentage_price_oscillator_signal(closes: Series, short: Windows, long: Windows, smooth: Windows) -> Series:
    """
    Return the exponential average of the oscillator, seeded with its first value.

    First defined at long + smooth - 1 closes.
    """
    return _exponential(percentage_price_oscillator(closes, short, long), smooth)


def bollinger(closes: Series, window: int, deviations: float) -> Series:
    """
    Return the moving average moved by `deviations` population deviations of the same closes, in price.

    Positive for the upper band, negative for the lower; first defined at `window` closes.
    """
    spread = window_deviations(closes, window, freedom_lost=0)
    return moving_average_price(closes, window) + deviations * spread


def _exponential(values: Series, window: Windows) -> Series:
    rows = values.reshape(-1, values.shape[-1])
    windows = np.broadcast_to(np.asarray(window, dtype=np.int64), len(rows))
    part: Series = 2.0 / (windows.astype(np.float64) + 1.0)
    first = first_known(rows)
    sessions = np.arange(rows.shape[-1])
    inputs = np.where(sessions < first[:, None], 0.0, rows * part[:, None])
    seeded = np.flatnonzero(first < rows.shape[-1])
    inputs[seeded, first[seeded]] = rows[seeded, first[seeded]]
    keep: Series = 1.0 - part
    averages = smoothed(inputs, keep)
    averages[sessions < (first + windows - 1)[:, None]] = np.nan
    return averages.reshape(values.shape)
