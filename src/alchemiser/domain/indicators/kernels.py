"""
Sums, deviations and smoothings over windows, the same bits however many rows and later sessions are
computed with them.

Every kernel works along the last axis and reads nothing after the session it writes. A window is put together from
windows of 1, 2, 4, 8 … sessions:

1. two neighbouring windows of one length make one of twice the length;
2. those lengths that add up to the window are put one before the other;
3. so only the window's own numbers are ever combined, in few steps: a price of 5e11 years ago leaves no rounding
   behind, a NaN spoils exactly the windows that hold it, and equal closes give equal bits wherever they stand.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.indicators.fading import BLOCK, fading
from alchemiser.domain.market import Series

# What is known of the windows of one length, by the session each begins at.
State: TypeAlias = tuple[Series, ...]
Join: TypeAlias = Callable[[State, State, int, int], State]


def folded(single: State, window: int, join: Join) -> State:
    """
    Return what is known of every window, from what is known of every session.

    Args:
        single: arrays of shape (…, T).
        window: sessions, at least 1 and at most T.
        join: makes one state of an earlier and a later one that meet, given the sessions each covers; never writes
            into them.

    Returns:
        Arrays of shape (…, T - window + 1): windows by the session they begin at.
    """
    length = single[0].shape[-1]
    power, size = single, 1
    whole: State = ()
    covered = 0
    while True:
        if window & size:
            count = length - covered - size + 1
            early = _cut(power, 0, count)
            whole = join(early, _cut(whole, size, count), size, covered) if covered else early
            covered += size
        if covered == window:
            return whole
        count = length - 2 * size + 1
        power = join(_cut(power, 0, count), _cut(power, size, count), size, size)
        size *= 2


def _cut(state: State, start: int, count: int) -> State:
    return tuple(part[..., start : start + count] for part in state)


def window_sums(values: Series, window: int) -> Series:
    """
    Sum the last `window` values at every session.

    Args:
        values: shape (…, T).
        window: sessions, at least 1.

    Returns:
        Shape (…, T); NaN where the window is incomplete or holds a NaN.
    """
    sums = np.empty(values.shape)
    sums[..., : window - 1] = np.nan
    if window <= values.shape[-1]:
        (sums[..., window - 1 :],) = folded((values,), window, _added)
    return sums


def window_deviations(values: Series, window: int, *, freedom_lost: int) -> Series:
    """
    Return the standard deviation of the last `window` values at every session.

    Windows are joined with their sums and their squares about their own means; nothing is ever subtracted from a
    sum of squares, so nothing cancels, however large the values are.

    Args:
        values: shape (…, T).
        window: sessions, more than `freedom_lost`.
        freedom_lost: 1 for a sample's deviation, 0 for a population's.

    Returns:
        Shape (…, T); NaN where the window is incomplete or holds a NaN.

    Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).
    """
    deviations = np.empty(values.shape)
    deviations[..., : window - 1] = np.nan
    if window <= values.shape[-1]:
        _, squares = folded((values,), window, _spread) if window > 1 else (values, values - values)
        np.divide(squares, window - freedom_lost, out=deviations[..., window - 1 :])
        np.sqrt(deviations[..., window - 1 :], out=deviations[..., window - 1 :])
    return deviations


def window_falls(closes: Series, window: int) -> Series:
    """
    Return the lowest ratio of a close to an earlier or the same one among the last `window` closes.

    The lowest ratio of a window lies in its earlier part, in its later part, or from the peak of the first to the
    trough of the second.

    Returns:
        Shape (…, T), at most 1; NaN where the window is incomplete or holds a NaN.
    """
    ratios = np.empty(closes.shape)
    ratios[..., : window - 1] = np.nan
    if window <= closes.shape[-1]:
        single: State = (closes,) if window > 1 else (closes, closes, closes / closes)
        _, _, ratios[..., window - 1 :] = folded(single, window, _fallen)
        np.minimum(ratios, 1.0, out=ratios)
    return ratios


def _added(early: State, late: State, _early_count: int, _late_count: int) -> State:
    return (np.add(early[0], late[0]),)


def _spread(early: State, late: State, early_count: int, late_count: int) -> State:
    # Sums, and squares about the mean; of a single session there are none.
    apart = early[0] - late[0] if early_count == late_count else early[0] * (late_count / early_count) - late[0]
    squares = np.multiply(apart, apart, out=apart)
    squares *= early_count / (late_count * (early_count + late_count))
    for part in (*early[1:], *late[1:]):
        squares += part
    return early[0] + late[0], squares


def _fallen(early: State, late: State, _early_count: int, _late_count: int) -> State:
    # Peaks, troughs and ratios; a single session is its own peak and trough, and has no ratio.
    ratios: Series = np.divide(late[len(late) > 1], early[0])
    for part in (*early[2:], *late[2:]):
        np.minimum(ratios, part, out=ratios)
    return np.maximum(early[0], late[0]), np.minimum(early[len(early) > 1], late[len(late) > 1]), ratios


def smoothed(inputs: Series, keep: Series) -> Series:
    """
    Return y[t] = keep · y[t-1] + inputs[t], from y = 0 before the first session.

    Args:
        inputs: shape (rows, T).
        keep: shape (rows,), in [0, 1).

    Returns:
        Shape (rows, T); NaN from a row's first NaN on.
    """
    count, length = inputs.shape
    steps = np.zeros((-(-length // BLOCK) * BLOCK, count))
    steps[:length] = inputs.T
    fade = fading(keep)
    fade.on(steps)
    blocks = steps.reshape(-1, BLOCK, count)
    np.multiply(blocks, fade.shrink, out=blocks)
    return np.ascontiguousarray(steps[:length].T)


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
