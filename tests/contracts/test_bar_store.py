"""
What every store of bars owes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from alchemiser.application.ports.market import BarStore
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.bars.files import read_bars
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.lake.blobs import Blobs, blobs_at
from alchemiser.infrastructure.lake.store import LakeBars
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from support.buckets import fresh_bucket, serving_buckets
from support.lakes import data_ports, filled, lake_bars, simulated_source

SPY, TQQQ, ARM = Symbol("SPY"), Symbol("TQQQ"), Symbol("ARM")
SYMBOLS = (TQQQ, ARM, SPY)


@pytest.fixture(scope="module")
def bars_file(tmp_path_factory: pytest.TempPathFactory) -> BarStore:
    path: Path = tmp_path_factory.mktemp("bars") / "bars.csv"
    closes = SimulatedMarket(new_york()).closes(SYMBOLS, through=date(2024, 12, 31))
    path.write_text(
        "date,symbol,adj_close\n"
        + "".join(
            f"{day},{symbol},{close}\n"
            for symbol in SYMBOLS
            for day, close in zip(closes.sessions, closes.of(symbol).tolist(), strict=True)
            if not np.isnan(close)
        )
    )
    return read_bars(path)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("lake")
    source = simulated_source()
    ports = data_ports(path, source=source, now=datetime(2025, 1, 4, tzinfo=UTC))
    filled(ports, source.bars(SYMBOLS, first=date(2009, 1, 1), last=date(2024, 12, 31)))
    return path


@pytest.fixture(scope="module")
def bucket(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blobs]:
    with serving_buckets() as server:
        blobs = blobs_at(fresh_bucket(server), locks=tmp_path_factory.mktemp("locks"))
        for file in sorted(lake.glob("[!.]*/*")):
            blobs.put(str(file.relative_to(lake)), file.read_bytes())
        yield blobs


class BarStoreContract:
    def test_rows_come_in_the_order_asked(self, store: BarStore) -> None:
        """
        The panel has one row a symbol, in the order of the question.
        """
        closes = store.closes(SYMBOLS, through=date(2024, 3, 28))

        assert SYMBOLS == closes.symbols

    def test_nothing_asked_is_nothing_found(self, store: BarStore) -> None:
        """
        No symbols make a panel without rows, whatever else the store holds; its sessions end where they should.
        """
        closes = store.closes([], through=date(2024, 3, 28))

        assert ((), (0, len(closes.sessions))) == (closes.symbols, closes.values.shape)

    def test_sessions_end_at_the_day_asked(self, store: BarStore) -> None:
        """
        The last session is the day asked, included, and the days around it are there.
        """
        closes = store.closes([SPY], through=date(2024, 3, 28))

        assert (date(2024, 3, 26), date(2024, 3, 27), date(2024, 3, 28)) == closes.sessions[-3:]

    def test_a_day_without_trading_ends_at_the_session_before(self, store: BarStore) -> None:
        """
        Through Good Friday means through Thursday.
        """
        closes = store.closes([SPY], through=date(2024, 3, 29))

        assert date(2024, 3, 28) == closes.sessions[-1]

    def test_the_past_does_not_change(self, store: BarStore) -> None:
        """
        Bars of a date are bit for bit the same however far beyond it is asked.
        """
        longer = store.closes(SYMBOLS, through=date(2024, 6, 28))

        shorter = store.closes(SYMBOLS, through=date(2024, 3, 28))

        assert np.array_equal(longer.upto(date(2024, 3, 28)).values, shorter.values, equal_nan=True)

    def test_a_symbol_not_yet_listed_is_nan(self, store: BarStore) -> None:
        """
        A listing of September 2023 has no close before, and closes from then on.
        """
        closes = store.closes([ARM, SPY], through=date(2024, 3, 28))
        listed = closes.sessions.index(date(2023, 9, 14))

        assert [True, False] == np.isnan(closes.of(ARM)[listed - 1 : listed + 1]).tolist()

    def test_before_its_listing_a_symbol_is_all_nan(self, store: BarStore) -> None:
        """
        A symbol that the store holds is no missing one, even before its first bar.
        """
        closes = store.closes([ARM, SPY], through=date(2023, 9, 13))

        assert np.isnan(closes.of(ARM)).all()

    def test_the_history_is_long(self, store: BarStore) -> None:
        """
        Whatever exists is returned, not a window of it.
        """
        closes = store.closes([SPY], through=date(2024, 3, 28))

        assert len(closes.sessions) > 1_600


class TestSimulatedMarket(BarStoreContract):
    """
    The seeded market.
    """

    @pytest.fixture
    def store(self) -> BarStore:
        return SimulatedMarket(new_york())


class TestBarsFile(BarStoreContract):
    """
    A file that holds a stretch of the seeded market.
    """

    @pytest.fixture
    def store(self, bars_file: BarStore) -> BarStore:
        return bars_file


class TestLakeBars(BarStoreContract):
    """
    A lake that was filled with a stretch of the seeded market.
    """

    @pytest.fixture
    def store(self, lake: Path) -> BarStore:
        return lake_bars(lake)


class TestBucketBars(BarStoreContract):
    """
    The same lake in a bucket.
    """

    @pytest.fixture
    def store(self, bucket: Blobs) -> BarStore:
        return LakeBars(bucket)


class TestKeptLakeBars(BarStoreContract):
    """
    The same, read from what was aligned before.
    """

    @pytest.fixture
    def store(self, lake: Path, tmp_path: Path) -> BarStore:
        for symbols in (SYMBOLS, (SPY,), (ARM, SPY)):
            lake_bars(lake, kept=tmp_path).closes(symbols, through=date(2024, 3, 28))
        return lake_bars(lake, kept=tmp_path)
