"""
Daily bars from Parquet or CSV files in long form: `date, symbol` and `adj_close` or `close`.

1. Read only the columns that are needed; with both closes in a file, `adj_close` counts.
2. The sessions are the dates on which at least half of the living symbols have a bar; a symbol lives on the
   day of a bar and the four days after it. Rows of later dates have no say in that, so the past stays as it
   is when a file grows. Sessions belong to the files: every strategy sees the same ones. A date that only a
   few symbols carry is odd: it is no session, and leaves no gap in the history of others.
3. The panel of the asked symbols is scattered from the rows. A missing or NaN close is allowed only before
   the first real one (not listed yet); any other close that is no price is refused, never mended.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alchemiser.application.ports.market import BarStore
from alchemiser.domain.errors import ConfigurationError, MissingBars, SuspectBars
from alchemiser.domain.market import Closes, Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.bars.columns import EPOCH, read_columns

_Ints = NDArray[np.int64]

# Three days without trading in a row are usual, four have been: what trades on them makes no session.
_LIFE_DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarsFile(BarStore):
    """
    The rows of one or more files, in memory.

    Args:
        where: the files' names, for messages.
        names: every symbol in the files.
        days: each row's date, days since 1970-01-01.
        codes: each row's place in `names`.
        values: each row's close, NaN where the file has none.
        sessions: the dates that are sessions, ascending.
        odd_dates: the dates that are not, because most living symbols have no bar on them.
    """

    where: str
    names: tuple[str, ...]
    days: _Ints
    codes: _Ints
    values: Series
    sessions: tuple[date, ...]
    odd_dates: tuple[date, ...]
    _place: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {name: place for place, name in enumerate(self.names)})

    def holds(self, symbol: Symbol) -> bool:
        """
        Tell whether the files have a row for the symbol.
        """
        return symbol in self._place

    def closes(self, symbols: Sequence[Symbol], *, through: date) -> Closes:
        """
        Return the closes of the symbols on every session through a day; see the port.
        """
        missing = [symbol for symbol in symbols if symbol not in self._place]
        if missing:
            raise MissingBars(missing, where=self.where)
        sessions = self.sessions[: bisect_right(self.sessions, through)]
        shape = len(symbols), len(sessions)
        cells, values = self._cells_of(symbols, sessions)
        bars = np.bincount(cells, minlength=shape[0] * shape[1])
        self._refuse_twice(symbols, sessions, bars)
        panel = np.full(len(bars), np.nan)
        panel[cells] = values
        _refuse_bad(symbols, sessions, panel.reshape(shape), bars.reshape(shape) > 0)
        return Closes(sessions=sessions, symbols=tuple(symbols), values=panel.reshape(shape))

    def _cells_of(self, symbols: Sequence[Symbol], sessions: Sequence[date]) -> tuple[_Ints, Series]:
        """
        Return of every row that is asked for its place in the panel, counted row by row, and its close.
        """
        first_day, last_day = int(self.days.min()), int(self.days.max())
        # Added to any place of the panel, this leads out of it.
        nowhere = -1 - max(1, len(symbols)) * len(sessions)
        row_of = np.full(len(self.names), nowhere, dtype=np.int64)
        row_of[[self._place[symbol] for symbol in symbols]] = np.arange(len(symbols)) * len(sessions)
        column_of = np.full(last_day - first_day + 1, nowhere, dtype=np.int64)
        column_of[[(session - EPOCH).days - first_day for session in sessions]] = np.arange(len(sessions))
        cells = row_of[self.codes] + column_of[self.days - first_day]
        is_asked = cells >= 0
        return (cells, self.values) if is_asked.all() else (cells[is_asked], self.values[is_asked])

    def _refuse_twice(self, symbols: Sequence[Symbol], sessions: Sequence[date], bars: _Ints) -> None:
        most = bars.max(initial=0)
        if most > 1:
            row, column = divmod(int(bars.argmax()), len(sessions))
            found = f"found {most} in {self.where}; remove the others"
            raise SuspectBars(symbols[row], f"expected one row for {sessions[column]}, {found}")


def read_bars(*paths: Path) -> BarsFile:
    """
    Read one or more files of daily bars; `.csv` is read as CSV, anything else as Parquet.

    Raises:
        ConfigurationError: a file is not there, or none is named.
        DataError: a file cannot be read, lacks a column, or its dates are no exchange dates.
    """
    if not paths:
        raise ConfigurationError("expected at least one file of bars, found none")
    where = ", ".join(str(path) for path in paths)
    names, days, codes, values = read_columns(paths)
    is_session, first_day = _sessions(days, codes)
    has_rows = np.bincount(days - first_day, minlength=len(is_session)) > 0
    return BarsFile(
        where=where,
        names=names,
        days=days,
        codes=codes,
        values=values,
        sessions=_dates(np.flatnonzero(is_session) + first_day),
        odd_dates=_dates(np.flatnonzero(has_rows & ~is_session) + first_day),
    )


def _sessions(days: _Ints, codes: _Ints) -> tuple[NDArray[np.bool_], int]:
    """
    Tell of every day from the first on whether it is a session; rows dated after a day do not matter to it.
    """
    first_day = int(days.min())
    span = int(days.max()) - first_day + 1
    bars = codes * span + (days - first_day)
    # Most files are sorted by symbol and day already.
    if (bars[1:] < bars[:-1]).any():
        bars.sort()
    to_next = np.diff(bars, append=bars[-1:] + _LIFE_DAYS)
    begins = bars[to_next > 0] % span
    # A life that goes on begins anew with the next bar, so that no symbol counts twice on a day.
    ends = np.minimum(begins + np.minimum(to_next[to_next > 0], _LIFE_DAYS), span)
    with_bar = np.bincount(begins, minlength=span)
    living = np.cumsum(with_bar - np.bincount(ends, minlength=span + 1)[:span])
    return (with_bar > 0) & (2 * with_bar >= living), first_day


def _dates(days: _Ints) -> tuple[date, ...]:
    return tuple(days.astype("datetime64[D]").tolist())


def _refuse_bad(symbols: Sequence[Symbol], sessions: Sequence[date], panel: Series, has_bar: NDArray[np.bool_]) -> None:
    good = np.isfinite(panel) & (panel > 0)
    not_listed_yet = np.isnan(panel) & ~np.logical_or.accumulate(good, axis=1)
    bad = has_bar & ~good & ~not_listed_yet
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise SuspectBars(
            symbols[row],
            f"expected a close above zero on {sessions[column]}, found {panel[row, column]}; mend the bars",
        )
