"""
Wilder's relative strength of many rows, a stretch of sessions at a time.

Only the ratio of two averages is wanted, so sums that fade are kept instead:

1. take a stretch of sessions for all rows, sessions first, so that one step of all rows is one piece of memory, and
   short enough that everything made of it stays near the processor;
2. add up gains, and moves of either sign, as they come, until a row has its first `window` moves: that is the seed;
3. from then on keep (window - 1) / window of each sum before the new move is added;
4. the index is a hundred times gains over moves.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.indicators.kernels import first_known, step_smoothed
from alchemiser.domain.market import Series

_MOVES_AT_ONCE = 65_536
_FEWEST_SESSIONS = 16


def strengths(rows: Series, windows: NDArray[np.int64]) -> Series:
    """
    Return the relative strength index of rows of closes.

    Args:
        rows: shape (rows, T).
        windows: one a row.

    Returns:
        Shape (rows, T), as `formulas.rsi` says.
    """
    count, length = rows.shape
    index = np.empty(rows.shape)
    first = first_known(rows)
    seeded = first + windows + 1
    fading, ends = 1.0 - 1.0 / np.tile(windows, 2), np.tile(seeded, 2)
    sums = np.zeros(2 * count)
    at_once = max(_FEWEST_SESSIONS, _MOVES_AT_ONCE // count)
    for start in range(0, length, at_once):
        end = min(start + at_once, length)
        moves = _moves(rows, first, start, end)
        cuts = sorted({start, end, *(one for one in set(seeded.tolist()) if start < one < end)})
        for begun, done in pairwise(cuts):
            keep = np.where(ends <= begun, fading, 1.0)
            step_smoothed(moves[begun - start : done - start], keep, sums)
        np.multiply(_ratios(moves[:, :count], moves[:, count:]).T, 100.0, out=index[:, start:end])
    for row, defined in enumerate((seeded - 1).tolist()):
        index[row, :defined] = np.nan
    return index


def _moves(rows: Series, first: NDArray[np.int64], start: int, end: int) -> Series:
    # Gains in the first half of the columns, all moves in the second; none up to a row's first close.
    count = len(rows)
    moves = np.empty((end - start, 2 * count))
    gains, turns = moves[:, :count], moves[:, count:]
    before = max(start - 1, 0)
    closes = rows[:, before:end].T.copy()
    np.subtract(closes[1:], closes[:-1], out=turns[start == 0 :])
    for row in np.flatnonzero(first >= start).tolist():
        turns[: first[row] + 1 - start, row] = 0.0
    np.maximum(turns, 0.0, out=gains)
    np.abs(turns, out=turns)
    return moves


def _ratios(gains: Series, turns: Series) -> Series:
    # In place of the gains; a half where nothing moved.
    is_still = turns == 0.0
    if is_still.any():
        turns[is_still] = 1.0
        gains[is_still] = 0.5
    return np.divide(gains, turns, out=gains)
