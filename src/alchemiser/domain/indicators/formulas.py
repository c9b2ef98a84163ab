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
    blocks_of,
    first_known,
    joined,
    smoothed,
    step_smoothed,
    unbroken,
    window_deviations,
    window_sums,
)
from alchemiser.domain.market import Series

Windows: TypeAlias = int | NDArray[np.int64]

# What the smoothing of so many rows needs stays near the processor.
_ROWS_AT_ONCE = 240


def daily_returns(closes: Series) -> Series:
    """
    Return P[t] / P[t-1] - 1, a fraction; NaN for the first session.
    """
    returns = np.full(closes.shape, np.nan)
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
    return window_sums(closes, window) / window


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
    index = np.empty(rows.shape)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        _strength(rows[part], windows[part], out=index[part])
    return index.reshape(closes.shape)


def cumulative_return(closes: Series, window: int) -> Series:
    """
    Return the return over `window` sessions, in percent; first defined at window + 1 closes.
    """
    returns = np.full(closes.shape, np.nan)
    if window < closes.shape[-1]:
        returns[..., window:] = (closes[..., window:] / closes[..., :-window] - 1.0) * 100.0
        returns[~unbroken(closes, window + 1)] = np.nan
    return returns


def moving_average_return(closes: Series, window: int) -> Series:
    """
    Return the mean of the last `window` daily returns, in percent a day; first defined at window + 1 closes.
    """
    return window_sums(daily_returns(closes), window) / window * 100.0


def stdev_return(closes: Series, window: int) -> Series:
    """
    Return the sample deviation (n - 1) of the last `window` daily returns, in percent a day, not annualised.

    First defined at window + 1 closes; the window is at least 2.
    """
    return window_deviations(daily_returns(closes), window, freedom_lost=1) * 100.0


def stdev_price(closes: Series, window: int) -> Series:
    """
    Return the sample deviation (n - 1) of the last `window` closes; first defined at `window` closes.
    """
    return window_deviations(closes, window, freedom_lost=1)


def max_drawdown(closes: Series, window: int) -> Series:
    """
    Return the largest fall from a peak to a later trough within the last `window` closes, in percent, not
    negative.

    First defined at `window` closes. A window is the tail of one block and the head of the next: its
    largest fall lies in the tail, in the head, or from the tail's peak to the head's trough.
    """
    length = closes.shape[-1]
    falls = np.full(closes.shape, np.nan)
    if window > length:
        return falls
    blocks = blocks_of(closes, window)
    back = blocks[..., ::-1]
    head_fall = np.maximum.accumulate(1.0 - blocks / np.maximum.accumulate(blocks, axis=-1), axis=-1)
    head_trough = np.minimum.accumulate(blocks, axis=-1)
    tail_fall = np.maximum.accumulate(1.0 - np.minimum.accumulate(back, axis=-1) / back, axis=-1)
    tail_peak = np.maximum.accumulate(back, axis=-1)
    ends, starts = slice(window - 1, length), slice(0, length - window + 1)
    across = 1.0 - joined(head_trough, length)[..., ends] / joined(tail_peak[..., ::-1], length)[..., starts]
    carried = np.maximum(across, joined(tail_fall[..., ::-1], length)[..., starts])
    carried[..., ::window] = 0.0
    falls[..., ends] = np.maximum(joined(head_fall, length)[..., ends], carried) * 100.0
    return falls


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


def _strength(rows: Series, windows: NDArray[np.int64], *, out: Series) -> None:
    # Sessions first: a step of the smoothing is then one stretch of memory, gains before losses.
    count, length = rows.shape
    first = first_known(rows) + 1
    moves = np.zeros((length, 2 * count))
    gains, losses = moves[:, :count], moves[:, count:]
    closes = rows.T.copy()
    np.subtract(closes[1:], closes[:-1], out=gains[1:])
    np.negative(gains[1:], out=losses[1:])
    np.maximum(moves, 0.0, out=moves)
    _seed(moves, np.tile(first, 2), np.tile(windows, 2))
    step_smoothed(moves, 1.0 - 1.0 / np.tile(windows, 2).astype(np.float64))
    np.add(gains, losses, out=closes)
    has_moved = closes != 0.0
    if has_moved.all():
        np.divide(gains, closes, out=gains)
    else:
        np.divide(gains, closes, out=gains, where=has_moved)
        gains[~has_moved] = 0.5
    np.multiply(gains.T, 100.0, out=out)
    for row, defined in enumerate((first + windows - 1).tolist()):
        out[row, :defined] = np.nan


def _seed(moves: Series, first: NDArray[np.int64], windows: NDArray[np.int64]) -> None:
    # Make Wilder's inputs of moves in place, shape (T, rows): zero, then the seed, then what is new a session.
    ends = (first + windows).tolist()
    groups: dict[tuple[int, int], list[int]] = {}
    for row, key in enumerate(zip(first.tolist(), ends, strict=True)):
        groups.setdefault(key, []).append(row)
    seeds = {}
    for (start, end), members in groups.items():
        if end <= len(moves):
            # Added one by one, so the bits do not depend on how many rows are seeded together.
            seeds[start, end] = np.add.accumulate(moves[start:end, members], axis=0)[-1]
    np.divide(moves, windows, out=moves)
    for (start, end), members in groups.items():
        moves[: end - 1, members] = 0.0
        if (start, end) in seeds:
            moves[end - 1, members] = seeds[start, end] / (end - start)
