import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from support.commands import Alchemiser
from support.houses import files_below
from support.lakes import some_bars, wavy
from support.vendors import KEY, SECRET, Fault, Vendors, serving

DAYS = some_bars(wavy(5)).days.astype("datetime64[D]")


def table(**changed: object) -> pa.Table:
    """
    Return five bars of SPY, some columns in another way; None leaves one out.
    """
    columns: dict[str, object] = {"date": DAYS, "symbol": ["SPY"] * 5, "adj_close": wavy(5)} | changed
    return pa.table({name: column for name, column in columns.items() if column is not None})


def instants() -> pa.Array:
    """
    Return the days as instants of a time zone.
    """
    return pa.array([datetime(2024, 3, day, tzinfo=UTC) for day in range(21, 26)], pa.timestamp("us", "UTC"))


@pytest.fixture
def lake(alchemiser: Alchemiser, tmp_path: Path) -> dict[str, bytes]:
    """
    Return the files of a lake that was there before.
    """
    parquet.write_table(table(symbol=["QQQ"] * 5), tmp_path / "before.parquet")
    assert 0 == alchemiser("data", "import", "before.parquet", "--lake", "lake").code
    return kept(tmp_path)


def kept(place: Path) -> dict[str, bytes]:
    """
    Return every file of a lake but its locks.
    """
    return {name: body for name, body in files_below(place / "lake").items() if not name.startswith(".locks")}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        pytest.param(lambda: table(adj_close=None), "expected a column", id="no adjusted close"),
        pytest.param(lambda: table(date=None), "expected a column date", id="no date"),
        pytest.param(
            lambda: table(adj_close=None, close=wavy(5)), "adjusted for splits and dividends", id="raw closes alone"
        ),
        pytest.param(lambda: table(date=DAYS[[0, 1, 1, 3, 4]]), "more than once", id="a date twice"),
        pytest.param(lambda: table(date=instants()), "found instants in UTC", id="instants for dates"),
        pytest.param(lambda: table(date=list(range(5))), "expected dates such as", id="numbers for dates"),
        pytest.param(lambda: table(date=["x"] * 5), "expected dates such as", id="words for dates"),
        pytest.param(lambda: table(symbol=["../SPY"] * 5), "expected a ticker", id="a path for a symbol"),
        pytest.param(lambda: table(symbol=["/etc/SPY"] * 5), "expected a ticker", id="a root for a symbol"),
        pytest.param(lambda: table(symbol=["A..B"] * 5), "expected a ticker", id="two dots in a symbol"),
        pytest.param(lambda: table(symbol=["spy"] * 5), "expected a ticker", id="small letters"),
        pytest.param(lambda: table(symbol=["S\x00Y"] * 5), "expected a ticker", id="a zero byte"),
        pytest.param(lambda: table(symbol=["SPY", None, "SPY", "SPY", "SPY"]), "a symbol in every row", id="no symbol"),
        pytest.param(lambda: table(adj_close=["a"] * 5), "expected numbers", id="words for closes"),
        pytest.param(lambda: table().slice(0, 0), "found no row", id="no row"),
    ],
)
def test_a_file_that_cannot_be_believed_is_refused(
    alchemiser: Alchemiser, tmp_path: Path, lake: dict[str, bytes], made: Callable[[], pa.Table], words: str
) -> None:
    """
    The error names the file and what is wrong with it, and the lake is as it was.
    """
    parquet.write_table(made(), tmp_path / "bad.parquet")

    ended = alchemiser("data", "import", "bad.parquet", "--lake", "lake")

    assert 1 == ended.code
    assert "bad.parquet" in ended.err
    assert words in ended.err
    assert lake == kept(tmp_path)


@pytest.mark.parametrize("body", [b"", b"no parquet at all", b"PAR1xxxxPAR1"])
@pytest.mark.parametrize("name", ["bad.parquet", "bad.csv"])
def test_a_file_that_cannot_be_read_is_refused(
    alchemiser: Alchemiser, tmp_path: Path, lake: dict[str, bytes], body: bytes, name: str
) -> None:
    """
    Whatever the bytes are, the error is about the file, and nothing is lost.
    """
    (tmp_path / name).write_bytes(body)

    ended = alchemiser("data", "import", name, "--lake", "lake")

    assert (1, True, lake) == (ended.code, f"error: {name}: expected" in ended.err, kept(tmp_path))


def test_a_slash_in_a_ticker_makes_no_folder(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    BRK/B is a file of its own in the folder of all, and comes back under its name.
    """
    parquet.write_table(table(symbol=["BRK/B"] * 5), tmp_path / "bars.parquet")

    alchemiser("data", "import", "bars.parquet", "--lake", "lake")

    assert ["BRK%2FB.parquet"] == [path.name for path in (tmp_path / "lake" / "bars").iterdir()]
    assert "BRK/B" in alchemiser("data", "status", "--lake", "lake").out


def test_a_wide_file_is_read(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    One column a symbol is a history each; what is missing at both ends is no bar.
    """
    nothing = float("nan")
    wide = {"date": DAYS, "SPY": wavy(5), "QQQ": [nothing, *wavy(4)], "OLD": [*wavy(3), nothing, nothing]}
    parquet.write_table(pa.table(wide), tmp_path / "bars.parquet")

    ended = alchemiser("data", "import", "bars.parquet", "--lake", "lake")

    assert "3 symbols, 12 bars in lake\n" == ended.out


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path, alchemiser: Alchemiser) -> None:
    """
    Where a file cannot grow, the one before stays, and the error says what the system said.
    """
    parquet.write_table(table(), tmp_path / "small.parquet")
    assert 0 == alchemiser("data", "import", "small.parquet", "--lake", "lake").code
    before = kept(tmp_path)
    days = some_bars(wavy(3000)).days.astype("datetime64[D]")
    noise = np.random.default_rng(7).uniform(99.0, 101.0, 3000)
    parquet.write_table(table(date=days, symbol=["SPY"] * 3000, adj_close=noise), tmp_path / "large.parquet")
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        "from alchemiser.interface.cli.main import run; "
        "sys.exit(run(['data', 'import', 'large.parquet', '--lake', 'lake']))"
    )

    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert 1 == ended.returncode
    assert "cannot be written, what was there before still is" in ended.stderr
    after = kept(tmp_path)
    assert before["bars/SPY.parquet"] == after["bars/SPY.parquet"]
    assert not [name for name in after if ".draft" in name]


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    """
    Alpaca on loopback, as the profile's source.
    """
    with serving(Vendors(some_bars(wavy(60), symbol="QQQ"))) as told:
        for name, value in {
            "APCA_API_KEY_ID": KEY,
            "APCA_API_SECRET_KEY": SECRET,
            "ALCHEMISER__LAKE__SOURCE": "alpaca",
            "ALCHEMISER__ALPACA__DATA_URL": told.url,
        }.items():
            monkeypatch.setenv(name, value)
        yield told


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(Fault(status=401, body='{"message":"unauthorized."}'), "found 401", id="401"),
        pytest.param(Fault(status=403, body='{"message":"forbidden."}'), "found 403", id="403"),
        pytest.param(Fault(status=422, body='{"message":"invalid"}'), "found 422", id="422"),
        pytest.param(Fault(body='{"bars":7,"next_page_token":null}'), "expected bars by symbol", id="garbage"),
    ],
)
def test_a_source_that_refuses_loses_nothing(
    alchemiser: Alchemiser, tmp_path: Path, lake: dict[str, bytes], vendors: Vendors, fault: Fault, words: str
) -> None:
    """
    The error says what came, the next step is told where there is one, and the lake is as it was.
    """
    vendors.faults.append(fault)

    ended = alchemiser("data", "refresh", "--lake", "lake")

    assert (1, lake) == (ended.code, kept(tmp_path))
    assert words in ended.err
