"""
Three columns of bar files as arrays: date, symbol, close.

Only this module knows pyarrow; its errors are translated here, naming the file.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.errors import ConfigurationError, DataError
from alchemiser.domain.market import Series

if TYPE_CHECKING:
    import pyarrow as pa

EPOCH = date(1970, 1, 1)
_CLOSES = ("adj_close", "close")
_YEARS = (1900, 2200)

Columns = tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64], Series]


def read_columns(paths: Sequence[Path]) -> Columns:
    """
    Return the symbols of the files, and of each row the days since 1970-01-01, the symbol's place, the close.

    Raises:
        ConfigurationError: a file is not there.
        DataError: a file cannot be read, lacks a column, or its dates are no exchange dates.
    """
    import pyarrow as pa

    table = pa.concat_tables([_read(path) for path in paths]).unify_dictionaries()
    symbols = table["symbol"].combine_chunks()
    # pandas would be imported by to_numpy of a whole column, and by any value made from a Python one.
    return (
        tuple(symbols.dictionary.to_pylist()),
        np.from_dlpack(table["date"].cast(pa.int32()).combine_chunks()).astype(np.int64),
        np.from_dlpack(symbols.indices).astype(np.int64),
        _floats(table["close"].combine_chunks()),
    )


def _floats(array: "pa.DoubleArray") -> Series:
    import pyarrow as pa

    if not array.null_count:
        return np.asarray(np.from_dlpack(array), dtype=np.float64)
    values = np.frombuffer(array.buffers()[1], dtype=np.float64)[array.offset : array.offset + len(array)]
    is_there = np.from_dlpack(array.is_valid().cast(pa.uint8())) == 1
    return np.where(is_there, values, np.nan)


def _read(path: Path) -> "pa.Table":
    import pyarrow as pa

    if not path.is_file():
        raise ConfigurationError(f"{path}: expected a Parquet or CSV file of daily bars, found no such file")
    try:
        table = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
        if not table.num_rows:
            raise DataError(f"{path}: expected daily bars, found no row")
        columns = [
            _days(table["date"], path),
            _symbols(table["symbol"], path),
            table.column(2).cast(pa.float64()),
        ]
        # Not pa.table(dict): that asks whether a column is of pandas, and so imports it.
        return pa.Table.from_arrays(columns, names=["date", "symbol", "close"])
    except (pa.ArrowException, OSError) as exc:
        raise DataError(f"{path}: expected a Parquet or CSV file of daily bars, found: {exc}") from exc


def _read_parquet(path: Path) -> "pa.Table":
    from pyarrow import parquet

    with parquet.ParquetFile(path, read_dictionary=["symbol"]) as file:
        return file.read(columns=_needed(file.schema_arrow.names, path)).select(_needed(file.schema_arrow.names, path))


def _read_csv(path: Path) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    with csv.open_csv(path) as head:
        needed = _needed(head.schema.names, path)
    # A ticker may read like a null or a truth value, so its column is text whatever it looks like.
    types = {"symbol": pa.string(), needed[2]: pa.float64()}
    return csv.read_csv(path, convert_options=csv.ConvertOptions(include_columns=needed, column_types=types))


def _needed(found: Sequence[str], path: Path) -> list[str]:
    close = next((name for name in _CLOSES if name in found), None)
    if close is None or "date" not in found or "symbol" not in found:
        named = ", ".join(found) or "none"
        raise DataError(f"{path}: expected the columns date, symbol and adj_close or close, found {named}")
    if len(set(found)) != len(found):
        raise DataError(f"{path}: expected each column once, found {', '.join(found)}")
    return ["date", "symbol", close]


def _symbols(column: "pa.ChunkedArray", path: Path) -> "pa.ChunkedArray":
    import pyarrow as pa

    if column.null_count:
        raise DataError(f"{path}: expected a symbol in every row, found {column.null_count} rows without")
    return column.cast(pa.dictionary(pa.int32(), pa.string()))


def _days(column: "pa.ChunkedArray", path: Path) -> "pa.ChunkedArray":
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        raise DataError(f"{path}: expected dates of the exchange, found instants in {kind.tz}; write plain dates")
    if column.null_count:
        raise DataError(f"{path}: expected a date in every row, found {column.null_count} rows without")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        column = column.cast(pa.string()).cast(pa.timestamp("s"))
    elif not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(f"{path}: expected dates such as 2026-01-02 in the column date, found {kind}")
    days = column.cast(pa.date32(), safe=False)
    if not days.cast(column.type).equals(column):
        raise DataError(f"{path}: expected one bar a day, found times of day in the column date; write plain dates")
    return days
