"""
Wilder's relative strength of many rows, a stretch of sessions at a time.

Only the ratio of two averages is wanted, so sums that fade are kept instead:

1. add up the first `window` moves of every row, gains and moves of either sign: the seeds;
2. take a stretch of sessions for all rows, sessions first, short enough that everything made of it stays near the
   processor: nothing before a row's seed, then the seed, then a move a session;
3. let the sums fade, (window - 1) / window of them being kept from one session to the next;
4. the index is a hundred times gains over moves.
"""

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.indicators.fading import BLOCK, fading
from alchemiser.domain.indicators.kernels import first_known
from alchemiser.domain.market import Series

_MOVES_AT_ONCE = 32_768


def strengths(closes: Series, rows: NDArray[np.intp], windows: NDArray[np.int64]) -> Series:
    """
    Return the relative strength index of some rows of closes.

    Args:
        closes: shape (…, T).
        rows: which of them, each as often as it is wanted.
        windows: one for each of `rows`.

    Returns:
        Shape (len(rows), T), as `formulas.rsi` says.
    """
    count, length = len(rows), closes.shape[-1]
    index = np.empty((count, length))
    first = first_known(closes)[rows]
    ends, seeds = np.tile(first + windows, 2), _seeds(closes, rows, first, windows)
    fade = fading(1.0 - 1.0 / np.tile(windows, 2))
    at_once = BLOCK * max(1, min(_MOVES_AT_ONCE // count, length) // BLOCK)
    moves = np.empty((at_once, 2 * count))
    for start in range(0, length, at_once):
        end = min(start + at_once, length)
        _fill(moves[: end - start], closes[rows, max(start - 1, 0) : end])
        moves[end - start :] = 0.0
        if start <= ends.max():
            np.copyto(moves, 0.0, where=np.arange(start, start + at_once)[:, None] < ends)
            seeded = np.flatnonzero((start <= ends) & (ends < end))
            moves[ends[seeded] - start, seeded] = seeds[seeded]
        is_moving = bool(fade.handed[count:].all())
        fade.on(moves[: -(-(end - start) // BLOCK) * BLOCK])
        gains, turns = moves[: end - start, :count], moves[: end - start, count:]
        if not is_moving:
            _settle(gains, turns)
        np.divide(gains, turns, out=gains)
        np.multiply(gains.T, 50.0, out=index[:, start:end])
    unknown = min(int(ends.max()), length)
    np.copyto(index[:, :unknown], np.nan, where=np.arange(unknown) < ends[:count, None])
    return index


def _fill(moves: Series, closes: Series) -> None:
    # Twice the gains, then moves of either sign. Doubling is exact and spares asking for the sign.
    count, length = len(closes), len(moves)
    gains, turns = moves[:, :count], moves[:, count:]
    sessions = closes.T.copy()
    known = slice(length + 1 - len(sessions), length)
    moves[: known.start] = 0.0
    gains, turns = gains[known], turns[known]
    np.subtract(sessions[1:], sessions[:-1], out=gains)
    np.abs(gains, out=turns)
    np.add(gains, turns, out=gains)


def _seeds(closes: Series, rows: NDArray[np.intp], first: NDArray[np.int64], windows: NDArray[np.int64]) -> Series:
    # What the first moves come to, gains of all rows before moves of all; NaN for rows that end before.
    seeds = np.full((2, len(rows)), np.nan)
    groups: dict[tuple[int, int], list[int]] = {}
    for row, key in enumerate(zip(first.tolist(), windows.tolist(), strict=True)):
        groups.setdefault(key, []).append(row)
    for (start, window), members in groups.items():
        if start + window < closes.shape[-1]:
            moves = np.empty((window, 2 * len(members)))
            _fill(moves, closes[rows[members], start : start + window + 1])
            # One by one, so the bits do not depend on how many rows are seeded together.
            seeds[:, members] = np.add.accumulate(moves, axis=0)[-1].reshape(2, -1)
    return seeds.reshape(-1)


def _settle(gains: Series, turns: Series) -> None:
    # Where nothing moved, gains are half of moves; they are doubled here.
    is_still = turns == 0.0
    turns[is_still] = 1.0
    gains[is_still] = 1.0
