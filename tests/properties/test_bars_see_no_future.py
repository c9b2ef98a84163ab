"""
Bars of later dates never change what a file says of earlier ones.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.bars.files import BarsFile, read_bars

FIRST = date(2026, 1, 5)
SYMBOLS = tuple(map(Symbol, ("AAA", "BBB", "CCC", "DDD")))
LAST = 24

Row = tuple[int, Symbol]
Rows = st.sets(st.tuples(st.integers(0, LAST), st.sampled_from(SYMBOLS)), min_size=1, max_size=60).map(sorted)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bars") / "bars.parquet"


def bars_of(rows: list[Row], file: Path) -> BarsFile:
    """
    Write rows of (day, symbol) to a file, with closes that follow from both, and read it.
    """
    table = {
        "date": pa.array([FIRST + timedelta(days=day) for day, _ in rows]),
        "symbol": [symbol for _, symbol in rows],
        "adj_close": [100.0 + day + 50 * SYMBOLS.index(symbol) for day, symbol in rows],
    }
    parquet.write_table(pa.table(table), file)
    return read_bars(file)


@given(rows=Rows, after=st.integers(0, LAST))
def test_a_file_that_ends_earlier_tells_the_same_of_the_past(rows: list[Row], after: int, file: Path) -> None:
    """
    Without the rows after a day, sessions and closes through that day are the same.
    """
    kept = [row for row in rows if row[0] <= after]
    if not kept:
        return
    through = FIRST + timedelta(days=after)
    symbols = sorted({symbol for _, symbol in kept})
    whole = bars_of(rows, file).closes(symbols, through=through)

    short = bars_of(kept, file).closes(symbols, through=through)

    assert short.sessions == whole.sessions
    assert np.array_equal(short.values, whole.values, equal_nan=True)


@given(rows=Rows)
def test_the_rule_counts_the_symbols_of_the_last_five_days(rows: list[Row], file: Path) -> None:
    """
    The sessions are those that counting symbols by hand, day by day, finds.
    """
    expected = []
    for day in sorted({day for day, _ in rows}):
        living = {symbol for earlier, symbol in rows if day - 5 < earlier <= day}
        if 2 * sum((day, symbol) in rows for symbol in SYMBOLS) >= len(living):
            expected.append(FIRST + timedelta(days=day))

    assert tuple(expected) == bars_of(rows, file).sessions
