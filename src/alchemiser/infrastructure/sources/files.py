"""
Bars from Parquet or CSV files, long or wide, and splits and dividends from such a file beside them.

1. Long: `date, symbol, adj_close`, and `open, high, low, close, volume` where the file has them.
2. Wide: `date` and one column of adjusted closes for each symbol; what is missing before the first and after the last
   close of a column is no bar.
3. Dates are exchange dates, each once for a symbol; symbols are tickers.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import Action, ActionKind, Bars, Days, day_of, number_of
from alchemiser.domain.errors import ConfigurationError, DataError, SuspectBars
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol, as_symbol

if TYPE_CHECKING:
    import pyarrow as pa

_VALUES = {
    "opens": "open",
    "highs": "high",
    "lows": "low",
    "closes": "close",
    "adj_closes": "adj_close",
    "volumes": "volume",
}


class FileSource(BarSource):
    """
    The bars in a file.

    Args:
        path: the file of bars.
        actions: a file of `date, symbol, split_ratio, dividend`, None when there is none.
        label: what the bars are labelled with; the file's name when empty.
    """

    def __init__(self, path: Path, *, actions: Path | None = None, label: str = "") -> None:
        self._path = path
        self._label = label or path.name
        self._actions = read_actions(actions) if actions is not None else {}

    @property
    def name(self) -> str:
        """
        Return the label.
        """
        return self._label

    def bars(self, symbols: Sequence[Symbol], *, first: date, last: date) -> Iterator[Bars]:
        """
        Yield the bars of symbols; see the port.
        """
        wanted = set(symbols)
        for bars in self.all_bars():
            begin, end = np.searchsorted(bars.days, [number_of(first), number_of(last) + 1])
            if bars.symbol in wanted and end > begin:
                yield bars.part(int(begin), int(end))

    def all_bars(self) -> Iterator[Bars]:
        """
        Yield every symbol's bars, ascending by symbol.

        Raises:
            ConfigurationError: there is no such file.
            DataError: it cannot be read or believed.
        """
        table = _read(self._path)
        _check_names(table.column_names, self._path)
        days = _days(table["date"], self._path)
        if "symbol" in table.column_names:
            yield from self._long(table, days)
        else:
            yield from self._wide(table, days)

    def _long(self, table: "pa.Table", days: Days) -> Iterator[Bars]:
        if "adj_close" not in table.column_names:
            found = ", ".join(table.column_names)
            raise DataError(
                f"{self._path}: expected a column adj_close, adjusted for splits and dividends, found {found}"
            )
        names, codes = _symbols(table["symbol"], self._path)
        values = {
            name: _floats(table[column], self._path) if column in table.column_names else np.full(len(days), np.nan)
            for name, column in _VALUES.items()
        }
        order = np.lexsort((days, codes))
        codes, days = codes[order], days[order]
        cuts = np.flatnonzero(np.diff(codes)) + 1
        for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(codes)], strict=True):
            rows = order[begin:end]
            columns = {name: column[rows] for name, column in values.items()}
            yield self._bars(names[int(codes[begin])], days[begin:end], columns)

    def _wide(self, table: "pa.Table", days: Days) -> Iterator[Bars]:
        order = np.argsort(days, kind="stable")
        for column in sorted(name for name in table.column_names if name != "date"):
            closes = _floats(table[column], self._path)[order]
            known = np.flatnonzero(~np.isnan(closes))
            if not len(known):
                continue
            life = slice(int(known[0]), int(known[-1]) + 1)
            none = np.full(len(days[life]), np.nan)
            columns = dict.fromkeys(_VALUES, none) | {"adj_closes": closes[life]}
            yield self._bars(column, days[order][life], columns)

    def _bars(self, name: str, days: Days, columns: dict[str, Series]) -> Bars:
        symbol = _ticker(name, self._path)
        twice = np.flatnonzero(np.diff(days) == 0)
        if len(twice):
            found = f"found {day_of(int(days[twice[0]]))} more than once in {self._path}"
            raise SuspectBars(symbol, f"expected one row for each date, {found}")
        return Bars(
            symbol=symbol,
            days=days,
            sources=(self._label,),
            origins=np.zeros(len(days), dtype=np.int64),
            actions=self._actions.get(symbol, ()),
            **columns,
        )


def read_actions(path: Path) -> dict[Symbol, tuple[Action, ...]]:
    """
    Return the splits and dividends in a file, by symbol.

    Raises:
        ConfigurationError: there is no such file.
        DataError: it cannot be read.
    """
    table = _read(path)
    kinds = {"split_ratio": ActionKind.SPLIT, "dividend": ActionKind.DIVIDEND}
    columns = [name for name in kinds if name in table.column_names]
    if not {"date", "symbol"} <= set(table.column_names) or not columns:
        found = ", ".join(table.column_names)
        raise DataError(f"{path}: expected the columns date, symbol, split_ratio and dividend, found {found}")
    days = _days(table["date"], path)
    names, codes = _symbols(table["symbol"], path)
    found_of: dict[Symbol, list[Action]] = {}
    for column in columns:
        values = _floats(table[column], path)
        for place in np.flatnonzero(np.isfinite(values) & (values > 0)):
            action = Action(day=day_of(int(days[place])), kind=kinds[column], value=float(values[place]))
            found_of.setdefault(_ticker(names[int(codes[place])], path), []).append(action)
    return {symbol: tuple(actions) for symbol, actions in found_of.items()}


def _read(path: Path) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv, parquet

    if not path.is_file():
        raise ConfigurationError(f"{path}: expected a Parquet or CSV file of daily bars, found no such file")
    try:
        if path.suffix.lower() != ".csv":
            with parquet.ParquetFile(path) as file:
                return file.read()
        with csv.open_csv(path) as head:
            names = head.schema.names
        # A ticker may read like a null or a truth value, so its column is text whatever it looks like.
        types = {name: pa.string() for name in names if name == "symbol"}
        types |= {name: pa.float64() for name in names if name in _VALUES.values()}
        return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=types))
    except (pa.ArrowException, OSError) as exc:
        raise DataError(f"{path}: expected a Parquet or CSV file of daily bars, found: {exc}") from exc


def _check_names(found: Sequence[str], path: Path) -> None:
    if "date" not in found or len(found) < 2:
        named = ", ".join(found) or "none"
        raise DataError(
            f"{path}: expected a column date, with symbol and adj_close or one column a symbol, found {named}"
        )
    if len(set(found)) != len(found):
        raise DataError(f"{path}: expected each column once, found {', '.join(found)}")


def _days(column: "pa.ChunkedArray", path: Path) -> Days:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        raise DataError(f"{path}: expected dates of the exchange, found instants in {kind.tz}; write plain dates")
    if column.null_count:
        raise DataError(f"{path}: expected a date in every row, found {column.null_count} rows without")
    try:
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
            column = column.cast(pa.string()).cast(pa.timestamp("s"))
        elif not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise DataError(f"{path}: expected dates such as 2026-01-02 in the column date, found {kind}")
        days = column.cast(pa.date32(), safe=False)
        if not days.cast(column.type).equals(column):
            raise DataError(f"{path}: expected one bar a day, found times of day in the column date; write plain dates")
    except pa.ArrowException as exc:
        raise DataError(f"{path}: expected dates such as 2026-01-02 in the column date, found: {exc}") from exc
    if not len(days):
        raise DataError(f"{path}: expected daily bars, found no row")
    return np.from_dlpack(days.cast(pa.int32()).combine_chunks()).astype(np.int64)


def _symbols(column: "pa.ChunkedArray", path: Path) -> tuple[list[str], Days]:
    import pyarrow as pa

    if column.null_count:
        raise DataError(f"{path}: expected a symbol in every row, found {column.null_count} rows without")
    try:
        whole = column.cast(pa.string()).combine_chunks().dictionary_encode()
    except pa.ArrowException as exc:
        raise DataError(f"{path}: expected tickers in the column symbol, found: {exc}") from exc
    return whole.dictionary.to_pylist(), np.from_dlpack(whole.indices).astype(np.int64)


def _floats(column: "pa.ChunkedArray", path: Path) -> Series:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        filled = pc.fill_null(column.cast(pa.float64()), float("nan")).combine_chunks()
    except pa.ArrowException as exc:
        raise DataError(f"{path}: expected numbers, found: {exc}") from exc
    return np.asarray(np.from_dlpack(filled), dtype=np.float64)


def _ticker(name: str, path: Path) -> Symbol:
    try:
        return as_symbol(name)
    except ValueError as exc:
        raise DataError(f"{path}: {exc}") from exc
