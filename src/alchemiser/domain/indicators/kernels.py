"""
Sums, deviations and smoothings over windows, the same bits however many rows and later sessions are
computed with them.

Every kernel works along the last axis and reads nothing after the session it writes. A window sum is built
from blocks of one window's length:

1. cut the sessions into blocks of `window`;
2. add up each block from its start (heads) and from its end (tails);
3. a window is the tail of one block plus the head of the next, so only its own numbers are ever added: a
   price of 5e11 years ago leaves no rounding behind, and a NaN spoils exactly the windows that hold it.
"""

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.market import Series

# From this many rows on, stepping all rows through numpy beats one Python loop a row.
_MANY_ROWS = 12


def blocks_of(values: Series, window: int) -> Series:
    """
    Cut the last axis into blocks: shape (…, T) to (…, ceil(T / window), window), the end padded with NaN.
    """
    length = values.shape[-1]
    count = -(-length // window)
    padded = np.full((*values.shape[:-1], count * window), np.nan)
    padded[..., :length] = values
    return padded.reshape(*values.shape[:-1], count, window)


def joined(blocks: Series, length: int) -> Series:
    """
    Undo `blocks_of`: shape (…, blocks, window) to (…, length).
    """
    return blocks.reshape(*blocks.shape[:-2], -1)[..., :length]


def window_sums(values: Series, window: int) -> Series:
    """
    Sum the last `window` values at every session.

    Args:
        values: shape (…, T).
        window: sessions, at least 1.

    Returns:
        Shape (…, T); NaN where the window is incomplete or holds a NaN.
    """
    length = values.shape[-1]
    sums = np.full(values.shape, np.nan)
    if window > length:
        return sums
    blocks = blocks_of(values, window)
    heads = joined(np.add.accumulate(blocks, axis=-1), length)
    tails = joined(np.add.accumulate(blocks[..., ::-1], axis=-1)[..., ::-1], length)
    carried = tails[..., : length - window + 1].copy()
    carried[..., ::window] = 0.0
    np.add(heads[..., window - 1 :], carried, out=sums[..., window - 1 :])
    return sums


def window_deviations(values: Series, window: int, *, freedom_lost: int) -> Series:
    """
    Return the standard deviation of the last `window` values at every session.

    Values are measured from the last one of the block the window begins in: it belongs to the window, so what
    cancels is at most window + 1 times what is left, however large the values are.

    Args:
        values: shape (…, T).
        window: sessions, more than `freedom_lost`.
        freedom_lost: 1 for a sample's deviation, 0 for a population's.

    Returns:
        Shape (…, T); NaN where the window is incomplete or holds a NaN.
    """
    length = values.shape[-1]
    deviations = np.full(values.shape, np.nan)
    if window > length:
        return deviations
    blocks = blocks_of(values, window)
    lasts = blocks[..., -1:]
    away = np.subtract(blocks, lasts)
    tails = joined(np.add.accumulate(away[..., ::-1], axis=-1)[..., ::-1], length)
    np.multiply(away, away, out=away)
    tail_squares = joined(np.add.accumulate(away[..., ::-1], axis=-1)[..., ::-1], length)
    # Heads continue the block before, so they are measured from where it ended.
    np.subtract(blocks[..., 1:, :], lasts[..., :-1, :], out=away[..., 1:, :])
    heads = joined(np.add.accumulate(away, axis=-1), length)
    np.multiply(away, away, out=away)
    head_squares = joined(np.add.accumulate(away, axis=-1), length)
    drift = _added(tails, heads, window)
    squares = _added(tail_squares, head_squares, window)
    np.multiply(drift, drift, out=drift)
    np.divide(drift, window, out=drift)
    np.subtract(squares, drift, out=squares)
    np.maximum(squares, 0.0, out=squares)
    np.divide(squares, window - freedom_lost, out=squares)
    np.sqrt(squares, out=deviations[..., window - 1 :])
    return deviations


def _added(tails: Series, heads: Series, window: int) -> Series:
    # A window that is one whole block is its tail alone.
    length = tails.shape[-1]
    sums = tails[..., : length - window + 1] + heads[..., window - 1 :]
    sums[..., ::window] = tails[..., : length - window + 1 : window]
    return sums


def smoothed(inputs: Series, keep: Series) -> Series:
    """
    Return y[t] = keep · y[t-1] + inputs[t], from y = 0 before the first session.

    Args:
        inputs: shape (rows, T).
        keep: shape (rows,), in [0, 1).

    Returns:
        Shape (rows, T); NaN from a row's first NaN on.
    """
    steps = inputs.T.copy()
    step_smoothed(steps, keep)
    return np.ascontiguousarray(steps.T)


def step_smoothed(steps: Series, keep: Series) -> None:
    """
    Replace inputs by their smoothing as in `smoothed`, in place, sessions first: shape (T, columns).
    """
    if steps.shape[1] < _MANY_ROWS:
        for column, part in enumerate(keep.tolist()):
            steps[:, column] = _smoothed_row(steps[:, column], part)
        return
    before, kept = np.zeros(steps.shape[1]), np.empty(steps.shape[1])
    multiply, add = np.multiply, np.add
    for step in steps:
        multiply(before, keep, kept)
        add(step, kept, step)
        before = step


def _smoothed_row(inputs: Series, keep: float) -> list[float]:
    return list(accumulate(inputs.tolist(), lambda before, value: before * keep + value))


def first_known(values: Series) -> NDArray[np.int64]:
    """
    Return where each row's first number stands, or T when it has none: shape (rows, T) to (rows,).
    """
    known = ~np.isnan(values)
    first: NDArray[np.int64] = np.where(known.any(axis=-1), known.argmax(axis=-1), values.shape[-1])
    return first


def unbroken(values: Series, count: int) -> NDArray[np.bool_]:
    """
    Tell where the last `count` values are all known: shape (…, T), bool.
    """
    sessions = np.arange(values.shape[-1])
    last_unknown = np.maximum.accumulate(np.where(np.isnan(values), sessions, -1), axis=-1)
    known: NDArray[np.bool_] = sessions - last_unknown >= count
    return known
