"""
Moves between bars that need a reason, judged on adjusted prices.

1. An overnight move is from a close to the next open, both adjusted; without opens, from close to close.
2. Beyond 35 % it needs a reason. One of the size of a known split is that split, left out or applied twice.
   Where the close came back by the evening the closes are continuous: no split does that, so it is only told.
3. A bad tick is a close that the next bar takes back: up and down again within two bars, or a close that merely
   repeats the open while the day and the next open were elsewhere.
4. The last bar has no next one to confirm it: a move beyond 35 % within its session waits for one.
5. Closes more than 40 % apart, wicks and steps of the adjustment that no action explains are told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import ActionKind, Bars, day_of, number_of
from alchemiser.domain.market import Series

OVERNIGHT = 0.35
_MOVE = 0.40
_SEEN_IN_CLOSES = 0.20
_TICK = 0.25
_BACK_WITHIN = 0.04
_STALE_RANGE = 0.15
_LIKE_SPLIT = 0.25
_SMALLEST_SPLIT = 0.05
_WICK = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moves:
    """
    How prices moved into each bar, as fractions; NaN for the first bar and where a price is missing.

    Args:
        overnight: from the close before to the open, or to the close where there is no open.
        closes: from close to close.
        splits: by day, new shares for an old one.
    """

    overnight: Series
    closes: Series
    splits: Mapping[int, float]


def moves_of(bars: Bars) -> Moves:
    """
    Return the moves of adjusted prices.
    """
    with np.errstate(all="ignore"):
        adjusted = np.where(np.isfinite(bars.adj_closes) & (bars.adj_closes > 0), bars.adj_closes, np.nan)
        opens = bars.opens * adjusted / bars.closes
        opens = np.where(np.isfinite(opens) & (opens > 0), opens, adjusted)
        before = np.concatenate([[np.nan], adjusted])[: len(bars)]
        overnight, closes = opens / before - 1, adjusted / before - 1
    splits = {number_of(one.day): one.value for one in bars.actions if one.kind is ActionKind.SPLIT}
    return Moves(overnight=overnight, closes=closes, splits=splits)


def jump_findings(bars: Bars) -> Iterator[Finding]:
    """
    Yield the moves that need a reason, and those that are only told.
    """
    moves = moves_of(bars)
    ticks = dict(_ticks(bars, moves))
    yield from ticks.values()
    told = set(ticks)
    for finding in _overnight(bars, moves, ticks):
        told.add(number_of(finding.day))
        yield finding
    yield from _last(bars, moves, told)
    for place in _beyond(moves.closes, _MOVE):
        if int(bars.days[place]) not in told:
            why = f"closed {moves.closes[place]:+.1%} from the close before, and no action explains it"
            yield _finding(bars, place, Kind.MOVE, moves.closes, why, blocks=False)
    yield from _wicks(bars)
    yield from _factors(bars, moves)


def _overnight(bars: Bars, moves: Moves, ticks: Mapping[int, Finding]) -> Iterator[Finding]:
    splits = {place: split for place in range(1, len(bars)) if (split := moves.splits.get(int(bars.days[place])))}
    for place in sorted({*_beyond(moves.overnight, OVERNIGHT), *splits}):
        move = float(moves.overnight[place])
        if int(bars.days[place]) in ticks or int(bars.days[place - 1]) in ticks:
            continue
        split = splits.get(place)
        if split is not None and _is_like(1 + move, split):
            why = f"moved {move:+.1%} overnight, like the split of {split:g} for 1 left out or applied twice"
            yield _finding(bars, place, Kind.SPLIT, moves.overnight, why, blocks=True)
        elif not abs(move) > OVERNIGHT:
            continue
        elif abs(float(moves.closes[place])) <= _SEEN_IN_CLOSES:
            why = f"opened {move:+.1%} from the close before, and closed {moves.closes[place]:+.1%} from it"
            yield _finding(bars, place, Kind.OPEN, moves.overnight, why, blocks=False)
        else:
            why = (
                f"moved {move:+.1%} overnight{_as_split(1 + move)}, and neither an action nor a second source says why"
            )
            yield _finding(bars, place, Kind.JUMP, moves.overnight, why, blocks=True)


def _is_like(growth: float, split: float) -> bool:
    if not growth > 0 or abs(split - 1) < _SMALLEST_SPLIT:
        return False
    return abs(abs(log(growth)) - abs(log(split))) < _LIKE_SPLIT * abs(log(split))


def _as_split(growth: float) -> str:
    times = max(growth, 1 / growth)
    if abs(times - round(times)) / times > _SMALLEST_SPLIT or round(times) < 2:
        return ""
    return (
        f", much like a split of {round(times)} for 1" if growth < 1 else f", much like a split of 1 for {round(times)}"
    )


def _ticks(bars: Bars, moves: Moves) -> Iterator[tuple[int, Finding]]:
    closes = moves.closes
    with np.errstate(all="ignore"):
        goes, comes = closes[:-1], closes[1:]
        is_back = np.abs((1 + goes) * (1 + comes) - 1) < _BACK_WITHIN
        is_far = (np.abs(goes) > _TICK) & (np.maximum(np.abs(goes), np.abs(comes)) > OVERNIGHT)
        is_taken_back = is_far & (goes * comes < 0) & is_back
    for place in np.flatnonzero(is_taken_back):
        why = f"closed {goes[place]:+.1%} from the close before, and the next close takes it back ({comes[place]:+.1%})"
        yield int(bars.days[place]), _finding(bars, int(place), Kind.TICK, closes, why, blocks=True)
    with np.errstate(all="ignore"):
        span = (bars.highs - bars.lows) / bars.closes
        left = np.append(moves.overnight[1:], np.nan)
        is_repeated = (bars.opens == bars.closes) & ((bars.closes == bars.highs) | (bars.closes == bars.lows))
        is_stale = is_repeated & (span > _STALE_RANGE) & (np.abs(left) > _STALE_RANGE)
    for place in np.flatnonzero(is_stale):
        why = (
            f"closed at {bars.closes[place]:g}, exactly its open, after a range down to {bars.lows[place]:g} and up to "
            f"{bars.highs[place]:g}; the next open is {left[place]:+.1%} from it"
        )
        yield int(bars.days[place]), _finding(bars, int(place), Kind.TICK, closes, why, blocks=True)


def _last(bars: Bars, moves: Moves, told: set[int]) -> Iterator[Finding]:
    if len(bars) < 2 or int(bars.days[-1]) in told:
        return
    if abs(float(moves.closes[-1])) > OVERNIGHT:
        why = f"the last bar closed {moves.closes[-1]:+.1%} from the close before, and no later bar confirms it"
        yield _finding(bars, len(bars) - 1, Kind.UNCONFIRMED, moves.closes, why, blocks=True)


def _wicks(bars: Bars) -> Iterator[Finding]:
    with np.errstate(all="ignore"):
        below = np.minimum(bars.opens, bars.closes) / bars.lows
        above = bars.highs / np.maximum(bars.opens, bars.closes)
        far = np.maximum(below, above)
    for place in np.flatnonzero(far > _WICK):
        why = f"low {bars.lows[place]:g} and high {bars.highs[place]:g} are far from open and close"
        yield _finding(bars, int(place), Kind.WICK, far, why, blocks=False)


def _factors(bars: Bars, moves: Moves) -> Iterator[Finding]:
    with np.errstate(all="ignore"):
        factors = bars.adj_closes / bars.closes
        steps = np.append(np.nan, factors[1:] / factors[:-1]) - 1
    for place in _beyond(steps, OVERNIGHT):
        if int(bars.days[place]) not in moves.splits:
            why = f"the adjustment changes by {1 + steps[place]:.4g} times, and no known action says so"
            yield _finding(bars, place, Kind.FACTOR, steps, why, blocks=False)


def _beyond(values: Series, limit: float) -> list[int]:
    with np.errstate(invalid="ignore"):
        places: NDArray[np.int64] = np.flatnonzero(np.abs(values) > limit)
    return [int(place) for place in places]


def _finding(bars: Bars, place: int, kind: Kind, values: Series, why: str, *, blocks: bool) -> Finding:
    return Finding(day=day_of(int(bars.days[place])), kind=kind, measure=float(values[place]), why=why, blocks=blocks)
