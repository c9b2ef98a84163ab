"""
Alpaca's daily bars: prices as traded, closes adjusted for everything, splits and dividends as known.

1. Symbols are asked for in small groups, so that what came is kept early; a page holds 10,000 bars of all of them.
2. Every group is asked for twice, raw and adjusted; a day that only one of the two has is kept, with what it lacks
   missing, and the checks find it.
3. A bar is stamped with midnight in New York; any other stamp is no daily bar.
4. What nobody asked for, or cannot be read, is an error and no bar.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import Action, ActionKind, Bars, Days
from alchemiser.domain.errors import DataError
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol, as_symbol
from alchemiser.infrastructure.alpaca.clients import data_client
from alchemiser.infrastructure.alpaca.session import AlpacaSession, Answer, table

if TYPE_CHECKING:
    from alchemiser.application.ports.system import Clock

_GROUP = 40
_PAGE = 10_000
_MIDNIGHTS = {"T04:00:00Z", "T05:00:00Z"}
_COLUMNS = {"opens": "o", "highs": "h", "lows": "l", "closes": "c", "volumes": "v"}
_FIRST_ACTION = date(2000, 1, 1)


class AlpacaBars(BarSource):
    """
    Bars through Alpaca's own client.

    Args:
        feed: `sip` for the whole market, `iex` for one exchange.
    """

    def __init__(self, session: AlpacaSession, *, feed: str = "sip") -> None:
        self._session = session
        self._feed = feed

    @property
    def name(self) -> str:
        """
        Return the label.
        """
        return "alpaca" if self._feed == "sip" else f"alpaca-{self._feed}"

    def bars(self, symbols: Sequence[Symbol], *, first: date, last: date) -> Iterator[Bars]:
        """
        Yield the bars of symbols; see the port.
        """
        waiting = iter(symbols)
        while group := tuple(islice(waiting, _GROUP)):
            raw = self._rows(group, first, last, adjustment="raw")
            adjusted = self._rows(group, first, last, adjustment="all")
            actions = self._actions(group, last)
            for symbol in group:
                if symbol in raw or symbol in adjusted:
                    yield self._bars(symbol, raw.get(symbol, []), adjusted.get(symbol, []), actions.get(symbol, ()))

    def _rows(
        self, group: Sequence[Symbol], first: date, last: date, *, adjustment: str
    ) -> Mapping[Symbol, list[dict[str, Answer]]]:
        params: dict[str, str | int] = {
            "symbols": ",".join(map(_theirs, group)),
            "timeframe": "1Day",
            "start": first.isoformat(),
            "end": last.isoformat(),
            "limit": _PAGE,
            "adjustment": adjustment,
            "feed": self._feed,
            "sort": "asc",
        }
        found: dict[Symbol, list[dict[str, Answer]]] = {}
        for page in self._pages("/stocks/bars", params):
            # No bars at all come as null.
            bars = page.get("bars") or {}
            if not isinstance(bars, dict):
                raise _unreadable("bars by symbol", bars)
            for name, rows in bars.items():
                symbol = _ours(name, group)
                if not isinstance(rows, list):
                    raise _unreadable(f"a list of bars of {symbol}", rows)
                found.setdefault(symbol, []).extend(row for row in rows if isinstance(row, dict))
        return found

    def _pages(self, path: str, params: Mapping[str, str | int], *, version: str = "v2") -> Iterator[dict[str, Answer]]:
        asked, seen = dict(params), set[str]()
        while True:
            page = table(self._session.get(path, asked, version=version), "a page")
            if "next_page_token" not in page:
                raise _unreadable("a page with the next one's token", page)
            yield page
            token = page["next_page_token"]
            if token is None:
                return
            if not isinstance(token, str) or not token or token in seen:
                raise _unreadable("another page's token", token)
            seen.add(token)
            asked["page_token"] = token

    def _actions(self, group: Sequence[Symbol], last: date) -> Mapping[Symbol, tuple[Action, ...]]:
        params: dict[str, str | int] = {
            "symbols": ",".join(map(_theirs, group)),
            "types": "forward_split,reverse_split,cash_dividend",
            "start": _FIRST_ACTION.isoformat(),
            "end": last.isoformat(),
            "limit": 1000,
        }
        found: dict[Symbol, tuple[Action, ...]] = {}
        for page in self._pages("/corporate-actions", params, version="v1"):
            kinds = page.get("corporate_actions") or {}
            if not isinstance(kinds, dict):
                raise _unreadable("corporate actions", kinds)
            for kind in ("forward_splits", "reverse_splits", "cash_dividends"):
                rows = kinds.get(kind) or []
                for row in rows if isinstance(rows, list) else []:
                    symbol, action = _action(row, kind, group)
                    found[symbol] = (*found.get(symbol, ()), action)
        return found

    def _bars(
        self,
        symbol: Symbol,
        raw: Sequence[Mapping[str, Answer]],
        adjusted: Sequence[Mapping[str, Answer]],
        actions: tuple[Action, ...],
    ) -> Bars:
        raw_days, adjusted_days = _days(symbol, raw), _days(symbol, adjusted)
        days = np.union1d(raw_days, adjusted_days)
        columns = {name: _spread(days, raw_days, _values(symbol, raw, key)) for name, key in _COLUMNS.items()}
        columns["adj_closes"] = _spread(days, adjusted_days, _values(symbol, adjusted, "c"))
        return Bars(
            symbol=symbol,
            days=days,
            sources=(self.name,),
            origins=np.zeros(len(days), dtype=np.int64),
            actions=actions,
            **columns,
        )


def alpaca_bars(key: str, secret: str, *, url: str, feed: str, clock: "Clock") -> AlpacaBars:
    """
    Return the bars at an address.
    """
    return AlpacaBars(AlpacaSession(data_client(key, secret, url=url), clock), feed=feed)


def _days(symbol: Symbol, rows: Sequence[Mapping[str, Answer]]) -> Days:
    stamps = [row.get("t") for row in rows]
    for stamp in stamps:
        if not isinstance(stamp, str) or stamp[10:] not in _MIDNIGHTS:
            raise _unreadable(f"bars of {symbol} stamped with midnight in New York", stamp)
    try:
        days = np.array([str(stamp)[:10] for stamp in stamps], dtype="datetime64[D]").astype(np.int64)
    except ValueError as exc:
        raise _unreadable(f"dates of bars of {symbol}", exc) from exc
    if bool(np.any(np.diff(days) <= 0)):
        raise _unreadable(f"bars of {symbol} in ascending order, each day once", "others")
    return days


def _values(symbol: Symbol, rows: Sequence[Mapping[str, Answer]], key: str) -> Series:
    values = [row.get(key) for row in rows]
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        raise _unreadable(f"numbers as {key} of {symbol}", exc) from exc
    # Text that reads like a number would be taken for one.
    if any(isinstance(value, str | bool) for value in values):
        raise _unreadable(f"numbers as {key} of {symbol}", "text")
    return found


def _spread(days: Days, known: Days, values: Series) -> Series:
    whole = np.full(len(days), np.nan)
    whole[np.searchsorted(days, known)] = values
    return whole


def _action(row: Answer, kind: str, group: Sequence[Symbol]) -> tuple[Symbol, Action]:
    told = table(row, f"a row of {kind}")
    try:
        day, symbol = date.fromisoformat(str(told["ex_date"])), _ours(str(told["symbol"]), group)
        if kind == "cash_dividends":
            return symbol, Action(day=day, kind=ActionKind.DIVIDEND, value=float(str(told["rate"])))
        ratio = float(str(told["new_rate"])) / float(str(told["old_rate"]))
        return symbol, Action(day=day, kind=ActionKind.SPLIT, value=ratio)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as exc:
        raise _unreadable(f"a row of {kind}", exc) from exc


def _theirs(symbol: Symbol) -> str:
    return symbol.replace("/", ".")


def _ours(name: str, group: Sequence[Symbol]) -> Symbol:
    for symbol in group:
        if _theirs(symbol) == name:
            return symbol
    try:
        raise _unreadable("bars of what was asked for", as_symbol(name))
    except ValueError as exc:
        raise _unreadable("tickers", exc) from exc


def _unreadable(expected: str, found: object) -> DataError:
    return DataError(f"alpaca: expected {expected}, found {str(found)[:200]!r}")
