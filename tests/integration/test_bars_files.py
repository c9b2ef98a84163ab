"""
Bars read from real files on disk, CSV and Parquet, good and bad.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from alchemiser.domain.errors import ConfigurationError, DataError, MissingBars, SuspectBars
from alchemiser.domain.market import check_session
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.bars.files import read_bars

SPY, BIL, TLT = Symbol("SPY"), Symbol("BIL"), Symbol("TLT")
LAST = date(2026, 1, 31)
SHELF = Path(__file__).parents[3] / "shared" / "data" / "real_daily.parquet"


def a_csv(folder: Path, *rows: str, header: str = "date,symbol,adj_close", name: str = "bars.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def days_of(symbol: str, closes: Sequence[object], first: int = 5) -> list[str]:
    return [f"2026-01-{first + place:02},{symbol},{close}" for place, close in enumerate(closes)]


def test_csv_becomes_a_panel(tmp_path: Path) -> None:
    """
    Rows in any order become closes by symbol and session.
    """
    path = a_csv(tmp_path, "2026-01-06,SPY,101.5", "2026-01-05,BIL,90", "2026-01-05,SPY,100", "2026-01-06,BIL,91")

    closes = read_bars(path).closes([BIL, SPY], through=LAST)

    assert (date(2026, 1, 5), date(2026, 1, 6)) == closes.sessions
    assert [[90.0, 91.0], [100.0, 101.5]] == closes.values.tolist()


def test_adjusted_closes_are_preferred(tmp_path: Path) -> None:
    """
    With both columns in the file the adjusted one counts, and the other may be empty.
    """
    path = a_csv(tmp_path, "2026-01-05,,50,SPY", "2026-01-06,102,51,SPY", header="date,close,adj_close,symbol")

    closes = read_bars(path).closes([SPY], through=LAST)

    assert [50.0, 51.0] == closes.of(SPY).tolist()


def test_close_serves_without_an_adjusted_one(tmp_path: Path) -> None:
    """
    A file that has only `close` is read by it.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100, 101]), header="date,symbol,close")

    closes = read_bars(path).closes([SPY], through=LAST)

    assert [100.0, 101.0] == closes.of(SPY).tolist()


@pytest.mark.parametrize(
    "dates",
    [
        pytest.param(pa.array([date(2026, 1, 5), date(2026, 1, 6)]), id="date"),
        pytest.param(pa.array([datetime(2026, 1, 5), datetime(2026, 1, 6)]), id="timestamp"),  # noqa: DTZ001
        pytest.param(pa.array(["2026-01-05", "2026-01-06"]), id="text"),
    ],
)
def test_parquet_takes_every_kind_of_date(tmp_path: Path, dates: pa.Array) -> None:
    """
    Dates may be dates, timestamps at midnight, or ISO text.
    """
    path = tmp_path / "bars.parquet"
    parquet.write_table(pa.table({"date": dates, "symbol": ["SPY", "SPY"], "adj_close": [1.0, 2.0]}), path)

    closes = read_bars(path).closes([SPY], through=LAST)

    assert (date(2026, 1, 5), date(2026, 1, 6)) == closes.sessions


def test_files_are_read_as_one(tmp_path: Path) -> None:
    """
    Several files make one panel.
    """
    one = a_csv(tmp_path, *days_of("SPY", [100, 101]), name="one.csv")
    other = a_csv(tmp_path, *days_of("TLT", [88, 89]), header="date,symbol,close", name="other.csv")

    closes = read_bars(one, other).closes([TLT, SPY], through=LAST)

    assert [[88.0, 89.0], [100.0, 101.0]] == closes.values.tolist()


def test_a_ticker_that_reads_like_a_truth_value_stays_a_ticker(tmp_path: Path) -> None:
    """
    The symbols TRUE and NA are symbols.
    """
    path = a_csv(tmp_path, *days_of("TRUE", [3]), *days_of("NA", [4]))

    bars = read_bars(path)

    assert ("TRUE", "NA") == bars.names


def test_late_listing_begins_with_nan(tmp_path: Path) -> None:
    """
    A symbol without rows, or with empty ones, before its first close is not listed yet.
    """
    path = a_csv(
        tmp_path,
        *days_of("SPY", [100, 101, 102]),
        *days_of("BIL", [91], first=7),
        *days_of("TLT", ["", "nan", 88]),
    )

    closes = read_bars(path).closes([BIL, TLT], through=LAST)

    assert [[True, True, False]] * 2 == np.isnan(closes.values).tolist()


def test_absent_row_is_a_gap(tmp_path: Path) -> None:
    """
    A session that only one of three symbols lacks stays a session, and NaN for that one.
    """
    path = a_csv(
        tmp_path,
        *days_of("SPY", [100, 101, 102]),
        *days_of("TLT", [88, 89, 90]),
        *days_of("BIL", [91]),
        *days_of("BIL", [92], first=7),
    )

    closes = read_bars(path).closes([BIL], through=LAST)

    assert [91.0, None, 92.0] == [None if np.isnan(close) else close for close in closes.of(BIL)]


def test_odd_date_is_no_session(tmp_path: Path) -> None:
    """
    A date that one of three living symbols carries does not tear a gap into the others, and is reported.
    """
    path = a_csv(
        tmp_path,
        *days_of("SPY", [100, 101, 102]),
        *days_of("TLT", [88]),
        *days_of("TLT", [90], first=7),
        *days_of("BIL", [91]),
        *days_of("BIL", [92], first=7),
    )

    bars = read_bars(path)

    assert (date(2026, 1, 5), date(2026, 1, 7)) == bars.closes([TLT], through=LAST).sessions
    assert (date(2026, 1, 6),) == bars.odd_dates


def test_a_symbol_that_outlives_the_others_gets_its_sessions_back(tmp_path: Path) -> None:
    """
    Four days after the last bar of the others, a symbol that is left alone makes the sessions.
    """
    path = a_csv(
        tmp_path, *days_of("SPY", [100, 101, 102, 103, 104, 105]), *days_of("TLT", [88]), *days_of("BIL", [91])
    )

    bars = read_bars(path)

    assert tuple(date(2026, 1, day) for day in (5, 10)) == bars.sessions
    assert tuple(date(2026, 1, day) for day in (6, 7, 8, 9)) == bars.odd_dates


def test_bars_of_later_dates_do_not_unmake_a_session(tmp_path: Path) -> None:
    """
    Whether a date is a session is the same before and after the next day's bars are added.
    """
    rows = [*days_of("SPY", [100, 99, 102, 97]), *days_of("TLT", [50] * 3), *days_of("BIL", [60] * 3)]
    before = read_bars(a_csv(tmp_path, *rows, name="before.csv"))

    after = read_bars(a_csv(tmp_path, *rows, *[f"2026-01-09,{symbol},70" for symbol in ("SPY", "TLT", "BIL")]))

    assert (*before.sessions, date(2026, 1, 9)) == after.sessions


def test_unknown_symbols_are_all_named(tmp_path: Path) -> None:
    """
    Symbols without any row are named together with the file.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100]))

    with pytest.raises(MissingBars, match=r"daily bars for TLT, BIL, found none in .*bars\.csv"):
        read_bars(path).closes([TLT, SPY, BIL], through=LAST)


@pytest.mark.parametrize("close", ["nan", "", "0", "-3.5", "inf"])
def test_close_that_is_no_price(tmp_path: Path, close: str) -> None:
    """
    A close that is missing, NaN, zero, negative or infinite inside a symbol's life names symbol and date.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100, close, 102]))

    with pytest.raises(SuspectBars, match="SPY: expected a close above zero on 2026-01-06"):
        read_bars(path).closes([SPY], through=LAST)


def test_bad_close_of_another_symbol_is_no_matter(tmp_path: Path) -> None:
    """
    Only the symbols that are asked for are checked.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100, 101]), *days_of("TLT", [88, 0]))

    closes = read_bars(path).closes([SPY], through=LAST)

    assert [100.0, 101.0] == closes.of(SPY).tolist()


def test_two_rows_for_one_session(tmp_path: Path) -> None:
    """
    A symbol with two rows on one date names both.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100, 101]), "2026-01-06,SPY,101")

    with pytest.raises(SuspectBars, match="SPY: expected one row for 2026-01-06, found 2"):
        read_bars(path).closes([SPY], through=LAST)


def test_no_file(tmp_path: Path) -> None:
    """
    A file that is not there is a matter of configuration.
    """
    with pytest.raises(ConfigurationError, match=r"absent\.parquet: .* found no such file"):
        read_bars(tmp_path / "absent.parquet")


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_file_that_is_no_table(tmp_path: Path, name: str) -> None:
    """
    Bytes that are neither Parquet nor CSV are refused, naming the file.
    """
    path = tmp_path / name
    path.write_bytes(b"" if name.endswith("csv") else b"PAR1 but not really")

    with pytest.raises(DataError, match=f"{name}: expected a Parquet or CSV file of daily bars"):
        read_bars(path)


@pytest.mark.parametrize("header", ["date,symbol,open", "day,symbol,close", "date,ticker,adj_close"])
def test_missing_columns(tmp_path: Path, header: str) -> None:
    """
    The columns that were found are named beside those that were expected.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100]), header=header)

    with pytest.raises(DataError, match=f"expected the columns date, symbol .* found {header.replace(',', ', ')}"):
        read_bars(path)


def test_instants_with_a_zone_are_refused(tmp_path: Path) -> None:
    """
    A bar belongs to a date of the exchange; an instant in some zone may belong to another.
    """
    path = tmp_path / "bars.parquet"
    when = pa.array([datetime(2026, 1, 5, tzinfo=UTC)])
    parquet.write_table(pa.table({"date": when, "symbol": ["SPY"], "close": [1.0]}), path)

    with pytest.raises(DataError, match="found instants in UTC"):
        read_bars(path)


def test_times_of_day_are_refused(tmp_path: Path) -> None:
    """
    Intraday bars are not taken for daily ones.
    """
    path = a_csv(tmp_path, "2026-01-05 15:30:00,SPY,100", "2026-01-05 16:00:00,SPY,101")

    with pytest.raises(DataError, match="expected one bar a day, found times of day"):
        read_bars(path)


def test_no_rows(tmp_path: Path) -> None:
    """
    A table without rows holds no bars.
    """
    path = a_csv(tmp_path)

    with pytest.raises(DataError, match="found no row"):
        read_bars(path)


def test_date_that_is_no_session_of_the_file(tmp_path: Path) -> None:
    """
    Asking for a date between two sessions names both.
    """
    path = a_csv(tmp_path, *days_of("SPY", [100, 101]), "2026-01-09,SPY,102")

    with pytest.raises(ConfigurationError, match="found 2026-01-08; the nearest: 2026-01-06, 2026-01-09"):
        check_session(read_bars(path).sessions, date(2026, 1, 8), where="the bars")


@pytest.mark.shelf
@pytest.mark.skipif(not SHELF.exists(), reason="the shelf of real bars is not here")
def test_real_bars() -> None:
    """
    Twenty-six years of real bars have the exchange's sessions, and no odd date before few symbols go on.
    """
    bars = read_bars(SHELF)

    closes = bars.closes([SPY, TLT], through=date(2026, 7, 31))

    assert date(2026, 7, 31) == closes.sessions[-1]
    assert [] == [day for day in bars.odd_dates if day <= date(2026, 7, 31)]
    assert not np.isnan(closes.of(SPY)[-6000:]).any()
