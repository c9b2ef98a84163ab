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
from datetime import date, timedelta
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
        panel = np.full((len(symbols), len(sessions)), np.nan)
        rows, columns, values = self._rows_of(symbols, sessions)
        self._refuse_twice(symbols, sessions, rows, columns)
        panel[rows, columns] = values
        has_bar = np.zeros(panel.shape, dtype=np.bool_)
        has_bar[rows, columns] = True
        _refuse_bad(symbols, sessions, panel, has_bar)
        return Closes(sessions=sessions, symbols=tuple(symbols), values=panel)

    def _rows_of(self, symbols: Sequence[Symbol], sessions: Sequence[date]) -> tuple[_Ints, _Ints, Series]:
        row_of = np.full(len(self.names), -1, dtype=np.int64)
        for row, symbol in enumerate(symbols):
            row_of[self._place[symbol]] = row
        needed = np.flatnonzero(row_of[self.codes] >= 0)
        days, rows, values = self.days[needed], row_of[self.codes[needed]], self.values[needed]
        known = np.array([(session - EPOCH).days for session in sessions], dtype=np.int64)
        if not len(known):
            return rows[:0], rows[:0], values[:0]
        columns = np.minimum(np.searchsorted(known, days), len(known) - 1)
        on_session = known[columns] == days
        return rows[on_session], columns[on_session], values[on_session]

    def _refuse_twice(self, symbols: Sequence[Symbol], sessions: Sequence[date], rows: _Ints, columns: _Ints) -> None:
        cells = np.bincount(rows * len(sessions) + columns, minlength=1)
        if cells.max() > 1:
            row, column = divmod(int(cells.argmax()), len(sessions))
            found = f"found {cells.max()} in {self.where}; remove the others"
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
    bars = np.sort(codes * span + (days - first_day))
    to_next = np.diff(bars, append=bars[-1:] + _LIFE_DAYS)
    begins = bars[to_next > 0] % span
    # A life that goes on begins anew with the next bar, so that no symbol counts twice on a day.
    ends = np.minimum(begins + np.minimum(to_next[to_next > 0], _LIFE_DAYS), span)
    with_bar = np.bincount(begins, minlength=span)
    living = np.cumsum(with_bar - np.bincount(ends, minlength=span + 1)[:span])
    return (with_bar > 0) & (2 * with_bar >= living), first_day


def _dates(days: _Ints) -> tuple[date, ...]:
    return tuple(EPOCH + timedelta(days=day) for day in days.tolist())


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
