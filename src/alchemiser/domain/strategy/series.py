"""
What is known at every session: closes with the reason of their gaps, indicator values, truths.

Unknown is NaN, and it has one of two reasons. It is *short* while a history has not begun or not filled a window:
time cures it. It is *broken* where a bar should be and is not: a gap, a stale or absent symbol, a volatility of zero.
`broken` flags the second; None stands for nowhere. Every array has shape (T,).

A series may live several times: a sub-tree is undecided while something it would hold is short, and begins anew
after. Indicators never look beyond the life they are in, and a life that begins after a break gives indicators with
infinite memory nothing to stand on.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.indicators.registry import Indicator, Parameters
from alchemiser.domain.market import Series

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """
    Closes of an asset, or synthesised ones of a sub-tree.

    Args:
        closes: NaN where there is none.
        missing: where there is none; None for nowhere.
        broken: the part of it that time does not cure.
    """

    closes: Series
    missing: Flags | None
    broken: Flags | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """
    Values of an indicator, or of a constant.
    """

    values: Series
    broken: Flags | None
    constant: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """
    Where a condition is true, and where it is false; elsewhere it is unknown.
    """

    true: Flags
    false: Flags
    broken: Flags | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """
    What a holding decided at t - 1 earns at t, and where it is decided at all.
    """

    returns: Series
    decided: Flags
    broken: Flags | None


def either(first: Flags | None, second: Flags | None) -> Flags | None:
    """
    Return where one of two flags stands.
    """
    if first is None:
        return second
    if second is None:
        return first
    both: Flags = first | second
    return both


def somewhere(flags: Flags) -> Flags | None:
    """
    Return the flags, or None when they stand nowhere.
    """
    return flags if flags.any() else None


def asset_track(closes: Series | None, length: int) -> Track:
    """
    Return the track of a symbol; one the panel has no row for is broken throughout.
    """
    if closes is None:
        missing = np.ones(length, dtype=np.bool_)
        return Track(closes=np.full(length, np.nan), missing=missing, broken=missing)
    missing = np.isnan(closes)
    if not missing.any():
        return Track(closes=closes, missing=None, broken=None)
    has_begun = np.logical_or.accumulate(~missing)
    return Track(closes=closes, missing=missing, broken=somewhere(missing & has_begun))


def stream_track(stream: Stream) -> Track:
    """
    Return the synthesised closes of a sub-tree: 1 where it is first decided, then compounded by its returns.

    A session on which the return of what was held is unknown is a gap; the level goes on after it.
    """
    was_decided = np.zeros_like(stream.decided)
    was_decided[1:] = stream.decided[:-1]
    is_earned = was_decided & ~np.isnan(stream.returns)
    is_alive = stream.decided & (is_earned | ~was_decided)
    growth = np.ones_like(stream.returns)
    np.add(stream.returns, 1.0, out=growth, where=is_alive & is_earned)
    closes = np.multiply.accumulate(growth)
    missing = ~is_alive
    closes[missing] = np.nan
    lost = somewhere(stream.decided & missing)
    return Track(closes=closes, missing=somewhere(missing), broken=either(stream.broken, lost))


def read_track(track: Track, indicator: Indicator, parameters: Parameters) -> Reading:
    """
    Return the values of an indicator on a track.
    """
    if not indicator.has_infinite_memory:
        values = indicator.measure(track.closes[None, :], (parameters,))[0]
        return Reading(values=values, broken=broken_values(track, values, indicator))
    values = np.full(track.closes.shape, np.nan)
    for life in _lives(track):
        values[life] = indicator.measure(track.closes[None, life], (parameters,))[0]
    after_break = _after_break(track)
    if after_break is not None:
        values[after_break] = np.nan
    return Reading(values=values, broken=broken_values(track, values, indicator))


def broken_values(track: Track, values: Series, indicator: Indicator) -> Flags | None:
    """
    Return where values are unknown for another reason than a short history.
    """
    if track.broken is None:
        return None
    if indicator.has_infinite_memory:
        reason = _after_break(track)
    else:
        # The last session without a close is what a window that is not filled has run into.
        sessions = np.arange(len(values))
        last_dead = np.maximum.accumulate(np.where(np.isnan(track.closes), sessions, -1))
        reason = (last_dead >= 0) & track.broken[np.maximum(last_dead, 0)]
    return None if reason is None else somewhere(reason & np.isnan(values))


def _after_break(track: Track) -> Flags | None:
    # Where the latest break is later than the latest session that was merely short.
    if track.broken is None:
        return None
    sessions = np.arange(len(track.closes))
    is_short = np.isnan(track.closes) & ~track.broken
    last_break = np.maximum.accumulate(np.where(track.broken, sessions, -1))
    last_short = np.maximum.accumulate(np.where(is_short, sessions, -1))
    after: Flags = last_break > last_short
    return after


def _lives(track: Track) -> list[slice]:
    # The stretches between sessions that are merely short.
    is_short = np.isnan(track.closes)
    if track.broken is not None:
        is_short &= ~track.broken
    edges = np.flatnonzero(np.diff(np.concatenate(([True], is_short, [True]))))
    return [slice(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
