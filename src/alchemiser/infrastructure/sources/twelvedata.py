"""
Twelve Data's daily bars, adjusted and as traded, for a second opinion.

1. One symbol a question, twice: adjusted for everything, and not at all.
2. Errors come with a status of their own inside a body of HTTP 200; they mean what the same HTTP status means.
3. A series is 5,000 bars at most; longer ones are asked for backwards, page by page.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import Bars, day_of
from alchemiser.domain.errors import DataError
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.sources.http import Answer, HttpQuestions

if TYPE_CHECKING:
    from alchemiser.application.ports.system import Clock

_MOST = 5000
_COLUMNS = {"opens": "open", "highs": "high", "lows": "low", "closes": "close", "volumes": "volume"}
_NOT_FOUND, _WRONG, _UNKNOWN = 404, 400, 500
_NO_DATA = "No data is available"


class TwelveDataBars(BarSource):
    """
    Bars through Twelve Data's REST.
    """

    def __init__(self, questions: HttpQuestions, *, key: str) -> None:
        self._questions = questions
        self._secret = {"Authorization": f"apikey {key}"}

    @property
    def name(self) -> str:
        """
        Return the label.
        """
        return "twelvedata"

    def bars(self, symbols: Sequence[Symbol], *, first: date, last: date) -> Iterator[Bars]:
        """
        Yield the bars of symbols; see the port.
        """
        for symbol in symbols:
            adjusted = self._rows(symbol, first, last, adjust="all")
            if not adjusted:
                continue
            raw = self._rows(symbol, first, last, adjust="none")
            days = sorted({*adjusted, *raw})
            none = dict.fromkeys(("open", "high", "low", "close", "volume"), float("nan"))
            rows = [raw.get(day, none) for day in days]
            columns: dict[str, Series] = {
                name: np.array([row[key] for row in rows], dtype=np.float64) for name, key in _COLUMNS.items()
            }
            columns["adj_closes"] = np.array([adjusted.get(day, none)["close"] for day in days])
            yield Bars(
                symbol=symbol,
                days=np.array(days, dtype=np.int64),
                sources=(self.name,),
                origins=np.zeros(len(days), dtype=np.int64),
                actions=(),
                **columns,
            )

    def _rows(self, symbol: Symbol, first: date, last: date, *, adjust: str) -> dict[int, dict[str, float]]:
        found: dict[int, dict[str, float]] = {}
        end = last
        while end >= first:
            page = self._page(symbol, first, end, adjust=adjust)
            found |= page
            if len(page) < _MOST:
                break
            end = day_of(min(page)) - timedelta(days=1)
        return found

    def _page(self, symbol: Symbol, first: date, last: date, *, adjust: str) -> dict[int, dict[str, float]]:
        params = {
            "symbol": symbol,
            "interval": "1day",
            "start_date": first.isoformat(),
            # The end is not included.
            "end_date": (last + timedelta(days=1)).isoformat(),
            "outputsize": str(_MOST),
            "order": "ASC",
            "adjust": adjust,
        }
        answer = self._questions.get("/time_series", params, secret=self._secret, problem=self._problem)
        values = [] if answer.get("status") == "error" else answer.get("values")
        if not isinstance(values, list):
            raise DataError(f"twelvedata: expected values of {symbol}, found {str(answer)[:200]!r}")
        rows = [_row(symbol, row) for row in values]
        if len({day for day, _ in rows}) != len(rows):
            raise DataError(f"twelvedata: expected one bar a day of {symbol}, found more")
        return dict(rows)

    def _problem(self, answer: dict[str, Answer]) -> DataError | None:
        if answer.get("status") != "error":
            return None
        code, message = answer.get("code"), str(answer.get("message"))
        if code == _NOT_FOUND or (code == _WRONG and _NO_DATA in message):
            # The caller notices that the symbol is absent.
            return None
        return self._questions.refusal(code if isinstance(code, int) else _UNKNOWN, message)


def twelve_data(key: str, *, url: str, clock: "Clock") -> TwelveDataBars:
    """
    Return the bars at an address.
    """
    return TwelveDataBars(HttpQuestions(url, clock, name="twelvedata"), key=key)


def _row(symbol: Symbol, row: Answer) -> tuple[int, dict[str, float]]:
    if not isinstance(row, dict):
        raise DataError(f"twelvedata: expected a bar of {symbol}, found {str(row)[:200]!r}")
    try:
        day = (date.fromisoformat(str(row["datetime"])) - date(1970, 1, 1)).days
        return day, {key: float(str(row[key])) for key in _COLUMNS.values()}
    except (KeyError, TypeError, ValueError) as exc:
        raise DataError(f"twelvedata: expected a bar of {symbol}, found {str(row)[:200]!r}") from exc
