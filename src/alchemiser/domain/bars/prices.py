"""
Values that no bar can have: missing or impossible prices, ranges that contradict themselves, impossible volumes.

1. the adjusted close is there, above zero and finite on every bar;
2. open, high, low and close are above zero and finite where they are there; some that are missing are told;
3. the low is at most, and the high at least, whatever else was traded; a hair's breadth is rounding;
4. a volume is finite and not negative.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import Bars, day_of
from alchemiser.domain.market import Series

_HAIR = 2e-4


def price_findings(bars: Bars) -> Iterator[Finding]:
    """
    Yield what is impossible in single bars.
    """
    adjusted = bars.adj_closes
    for place in map(int, np.flatnonzero(~_is_price(adjusted))):
        yield _found(
            bars, place, Kind.PRICE, adjusted, f"expected an adjusted close above zero, found {adjusted[place]}"
        )
    traded = {"open": bars.opens, "high": bars.highs, "low": bars.lows, "close": bars.closes}
    for name, values in traded.items():
        for place in map(int, np.flatnonzero(~np.isnan(values) & ~_is_price(values))):
            yield _found(
                bars, place, Kind.PRICE, values, f"expected a price above zero as {name}, found {values[place]}"
            )
    yield from _ranges(bars)
    volumes = bars.volumes
    for place in map(int, np.flatnonzero((volumes < 0) | np.isinf(volumes))):
        yield _found(bars, place, Kind.VOLUME, volumes, f"expected a volume of zero or more, found {volumes[place]:g}")


def _ranges(bars: Bars) -> Iterator[Finding]:
    known = np.stack([bars.opens, bars.highs, bars.lows, bars.closes])
    has_all, has_none = ~np.isnan(known).any(axis=0), np.isnan(known).all(axis=0)
    for place in map(int, np.flatnonzero(~has_all & ~has_none)):
        # What decides is the adjusted close; prices as traded may be missing, in part, too.
        why = "of open, high, low and close some are missing"
        yield Finding(day=day_of(int(bars.days[place])), kind=Kind.RANGE, measure=0.0, why=why, blocks=False)
    with np.errstate(invalid="ignore"):
        is_low_above = bars.lows > np.minimum(bars.opens, bars.closes) * (1 + _HAIR)
        is_high_below = bars.highs < np.maximum(bars.opens, bars.closes) * (1 - _HAIR)
        is_upside_down = bars.highs < bars.lows
    for place in map(int, np.flatnonzero(has_all & (is_low_above | is_high_below | is_upside_down))):
        opened, high, low, close = known[:, place].tolist()
        yield Finding(
            day=day_of(int(bars.days[place])),
            kind=Kind.RANGE,
            measure=high - low,
            why=f"expected low, then open and close, then high; found {low:g}, {opened:g}, {close:g}, {high:g}",
            blocks=True,
        )


def _is_price(values: Series) -> NDArray[np.bool_]:
    is_price: NDArray[np.bool_] = np.isfinite(values) & (values > 0)
    return is_price


def _found(bars: Bars, place: int, kind: Kind, values: Series, why: str) -> Finding:
    value = float(values[place])
    measure = value if np.isfinite(value) else 0.0
    return Finding(day=day_of(int(bars.days[place])), kind=kind, measure=measure, why=why, blocks=True)
