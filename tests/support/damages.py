"""
Ways in which bars go wrong, each done to the clean bars of one symbol.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from alchemiser.domain.bars.history import COLUMNS, Action, ActionKind, Bars, Days, day_of
from alchemiser.domain.market import Series

Damage: TypeAlias = Callable[[Bars], Bars]
Actions: TypeAlias = tuple[Action, ...]

# Inside every window that the strategies look through.
_PLACE = -30
_PRICES = ("opens", "highs", "lows", "closes", "adj_closes")


def _set(name: str, place: int, value: float) -> Damage:
    def damaged(bars: Bars) -> Bars:
        values = getattr(bars, name).copy()
        values[place] = value
        return _changed(bars, {name: values})

    return damaged


def _scaled(place: slice, times: float, names: tuple[str, ...] = _PRICES) -> Damage:
    def damaged(bars: Bars) -> Bars:
        columns: dict[str, Series] = {}
        for name in names:
            columns[name] = getattr(bars, name).copy()
            columns[name][place] *= times
        return _changed(bars, columns)

    return damaged


def _split_left_out(bars: Bars) -> Bars:
    split = Action(day=day_of(int(bars.days[_PLACE])), kind=ActionKind.SPLIT, value=1.5)
    return _changed(_scaled(slice(None, _PLACE), 1.5)(bars), {}, actions=(split,))


def _without(place: slice) -> Damage:
    def damaged(bars: Bars) -> Bars:
        kept = np.delete(np.arange(len(bars)), place)
        return _changed(bars, {name: getattr(bars, name)[kept] for name in COLUMNS}, days=bars.days[kept])

    return damaged


def _repeated(bars: Bars) -> Bars:
    columns: dict[str, Series] = {}
    for name in _PRICES:
        columns[name] = getattr(bars, name).copy()
        columns[name][-5:] = bars.adj_closes[-6]
    return _changed(bars, columns)


def _shifted(days: int) -> Damage:
    return lambda bars: _changed(bars, {}, days=bars.days + days)


def _one_session_late(bars: Bars) -> Bars:
    columns = {name: np.concatenate([getattr(bars, name)[:1], getattr(bars, name)[:-1]]) for name in COLUMNS}
    return _changed(bars, columns)


def _mirrored(bars: Bars) -> Bars:
    # Another instrument's bars under this symbol's name.
    columns = {name: getattr(bars, name)[0] ** 2 / getattr(bars, name) for name in _PRICES}
    columns["highs"], columns["lows"] = columns["lows"], columns["highs"]
    return _changed(bars, columns)


def _without_dividends(bars: Bars) -> Bars:
    return _changed(bars, {"adj_closes": bars.adj_closes * (1 - 0.0002) ** np.arange(len(bars))})


def _next_sessions_bar(bars: Bars) -> Bars:
    columns = {name: np.append(getattr(bars, name), getattr(bars, name)[-1:] * 1.01) for name in COLUMNS}
    # Three days on is the Monday after the Friday these bars end on.
    days = np.append(bars.days, bars.days[-1] + 3)
    return _changed(bars, columns, days=days)


def _changed(bars: Bars, columns: Mapping[str, Series], *, days: Days | None = None, actions: Actions = ()) -> Bars:
    held = {name: columns.get(name, getattr(bars, name)) for name in COLUMNS}
    length = len(bars) if days is None else len(days)
    return Bars(
        symbol=bars.symbol,
        days=bars.days if days is None else days,
        sources=bars.sources,
        origins=np.zeros(length, dtype=np.int64),
        actions=actions,
        **held,
    )


DAMAGES: dict[str, Damage] = {
    "a close of zero": _set("adj_closes", _PLACE, 0.0),
    "a negative close": _set("adj_closes", _PLACE, -1.0),
    "an infinite close": _set("adj_closes", _PLACE, float("inf")),
    "a missing close": _set("adj_closes", _PLACE, float("nan")),
    "a missing last close": _set("adj_closes", -1, float("nan")),
    "a session left out": _without(slice(_PLACE, _PLACE + 1)),
    "a week left out": _without(slice(_PLACE, _PLACE + 5)),
    "the last session left out": _without(slice(-1, None)),
    "the last week left out": _without(slice(-5, None)),
    "only the last sixty sessions": lambda bars: bars.part(len(bars) - 60, len(bars)),
    "a split left out": _split_left_out,
    "a split of 2 for 1 nobody knows of": _scaled(slice(None, _PLACE), 2.0),
    "a split of 1 for 15 applied twice": _scaled(slice(None, _PLACE), 15.0),
    "the same in adjusted closes alone": _scaled(slice(None, _PLACE), 15.0, ("adj_closes",)),
    "a dividend left out": _scaled(slice(None, _PLACE), 1.05, ("adj_closes",)),
    "half a dividend": _scaled(slice(None, _PLACE), 1.0246, ("adj_closes",)),
    "small dividends left out": _without_dividends,
    "a bad tick": _scaled(slice(_PLACE, _PLACE + 1), 0.36),
    "a bad tick in the last bar": _scaled(slice(-1, None), 1.5),
    "cents for dollars": _scaled(slice(_PLACE, None), 100.0),
    "another exchange's last close": _scaled(slice(-1, None), 1.03),
    "a bar of the session under way": _next_sessions_bar,
    "a feed that stands still": _repeated,
    "high and low changed round": lambda bars: _changed(bars, {"highs": bars.lows, "lows": bars.highs}),
    "a negative volume": _set("volumes", _PLACE, -1.0),
    "dates a day late": _shifted(1),
    "bars a session late": _one_session_late,
    "another instrument's bars": _mirrored,
}
