import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from alchemiser.domain.bars.history import Bars, number_of
from alchemiser.interface.cli.main import run
from support.buckets import fresh_bucket, serving_buckets
from support.commands import Alchemiser
from support.lakes import LAST, some_bars, wavy
from support.vendors import KEY, SECRET, Vendors, serving

SHELF = Path(__file__).parents[4] / "shared" / "data"
needs_shelf = pytest.mark.skipif(not SHELF.exists(), reason="the shelf of real bars is not beside the checkout")


def write_long(path: Path, *many: Bars, times: Mapping[str, float] | None = None) -> Path:
    """
    Write bars as a long file, their adjusted closes multiplied by a factor for each symbol.
    """
    table = {
        "date": np.concatenate([one.days for one in many]).astype("datetime64[D]"),
        "symbol": [one.symbol for one in many for _ in one.days],
        "open": np.concatenate([one.opens for one in many]),
        "high": np.concatenate([one.highs for one in many]),
        "low": np.concatenate([one.lows for one in many]),
        "close": np.concatenate([one.closes for one in many]),
        "adj_close": np.concatenate([one.adj_closes * (times or {}).get(one.symbol, 1.0) for one in many]),
        "volume": np.concatenate([one.volumes for one in many]),
    }
    parquet.write_table(pa.table(table), path)
    return path


def switch_bars(**closes: list[float]) -> list[Bars]:
    """
    Return bars of the three symbols that the strategy of these tests names, some with other closes.
    """
    return [some_bars(closes.get(symbol, wavy(60)), symbol=symbol) for symbol in ("SPY", "UVXY", "BIL")]


def test_a_file_is_imported_and_decides(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    What was imported is what `signal` decides on, as from the file itself.
    """
    write_long(tmp_path / "bars.parquet", *switch_bars())

    told = alchemiser("data", "import", "bars.parquet", "--lake", "lake")
    from_lake = alchemiser("signal", "switch.clj", "--bars", "lake", "--as-of", str(LAST), "--json")
    from_file = alchemiser("signal", "switch.clj", "--bars", "bars.parquet", "--as-of", str(LAST), "--json")

    assert (0, "3 symbols, 180 bars in lake\n") == (told.code, told.out)
    assert (0, from_file.out) == (from_lake.code, from_lake.out)


def test_a_quarantined_symbol_makes_the_strategy_undefined_with_the_reason(
    alchemiser: Alchemiser, tmp_path: Path
) -> None:
    """
    A jump that nobody explained is the reason that `signal` gives, in place of weights.
    """
    jumped = [*wavy(60)[:50], *(close * 3 for close in wavy(60)[50:])]
    write_long(tmp_path / "bars.parquet", *switch_bars(SPY=jumped))

    told = alchemiser("data", "import", "bars.parquet", "--lake", "lake")
    ended = alchemiser("signal", "switch.clj", "--bars", "lake", "--as-of", str(LAST), "--json")

    assert "1 in quarantine: SPY" in told.out
    (line,) = [json.loads(one) for one in ended.out.splitlines()]
    assert 1 == ended.code
    assert "the bars of SPY may not be used, they are in quarantine: " in line["undefined"]
    assert "much like a split of 1 for 3" in line["undefined"]


def test_a_symbol_in_quarantine_that_does_not_decide_changes_nothing(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A strategy that does not reach the symbol decides as ever.
    """
    clean = switch_bars()
    write_long(tmp_path / "clean.parquet", *clean)
    jumped = [*wavy(60)[:50], *(close * 3 for close in wavy(60)[50:])]
    write_long(tmp_path / "bars.parquet", *switch_bars(UVXY=jumped, SPY=sorted(wavy(60))))
    write_long(tmp_path / "clean.parquet", *switch_bars(SPY=sorted(wavy(60))))
    for name in ("bars", "clean"):
        alchemiser("data", "import", f"{name}.parquet", "--lake", f"lake-{name}")

    told = [
        alchemiser("signal", "switch.clj", "--bars", f"lake-{name}", "--as-of", str(LAST), "--json")
        for name in ("bars", "clean")
    ]

    assert told[0].out == told[1].out
    assert "weights" in told[0].out


def test_a_repair_lets_the_symbol_be_used_and_is_logged(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Verify names it, repair resolves it with evidence, the log keeps who and why, and signal decides.
    """
    jumped = [*wavy(60)[:50], *(close * 3 for close in wavy(60)[50:])]
    write_long(tmp_path / "bars.parquet", *switch_bars(SPY=jumped))
    alchemiser("data", "import", "bars.parquet", "--lake", "lake")

    before = alchemiser("data", "verify", "--lake", "lake")
    repaired = alchemiser("data", "repair", "SPY", "--because", "a merger", "--by", "Ann", "--lake", "lake")
    after = alchemiser("data", "verify", "--lake", "lake")
    log = alchemiser("data", "log", "--lake", "lake", "--json")
    ended = alchemiser("signal", "switch.clj", "--bars", "lake", "--as-of", str(LAST), "--json")

    assert (1, 0) == (before.code, after.code)
    assert "In quarantine" in before.out
    assert "2024-03-15" in before.out
    assert "SPY  1 resolved; usable\n" == repaired.out
    (note,) = [json.loads(line) for line in log.out.splitlines()]
    assert ("repaired", "SPY", "Ann") == (note["kind"], note["symbol"], note["by"])
    assert "weights" in ended.out


def test_a_lake_that_is_behind_is_refused(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Without a session that is asked for, bars from which sessions are missing block, and say how many.
    """
    write_long(tmp_path / "bars.parquet", *switch_bars())
    alchemiser("data", "import", "bars.parquet", "--lake", "lake")

    ended = alchemiser("signal", "switch.clj", "--bars", "lake")

    assert 1 == ended.code
    assert "sessions behind: expected a bar for" in ended.err
    assert f"the last one is of {LAST}" in ended.err


def test_status_shows_what_there_is(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Every symbol has its bars, days, source and state.
    """
    write_long(tmp_path / "bars.parquet", *switch_bars())
    alchemiser("data", "import", "bars.parquet", "--lake", "lake", "--label", "vendor")

    ended = alchemiser("data", "status", "SPY", "--lake", "lake", "--json")

    (line,) = [json.loads(one) for one in ended.out.splitlines()]
    assert (60, "2024-03-28", ["vendor"], "") == (line["bars"], line["last"], line["sources"], line["problem"])


def test_status_of_a_book_tells_what_is_missing_or_too_short(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A symbol with fewer closes than its strategies need, and one without any, are named; the exit code says so.
    """
    (tmp_path / "book.toml").write_text('[[strategy]]\nfile = "switch.clj"\nallocation = "1"\n')
    bars = switch_bars()
    write_long(tmp_path / "bars.parquet", bars[0], bars[1].part(58, 60))
    alchemiser("data", "import", "bars.parquet", "--lake", "lake")

    ended = alchemiser("data", "status", "--book", "book.toml", "--lake", "lake")

    assert 1 == ended.code
    assert "has 2 of the 3 closes that are needed" in ended.out
    assert "there are no bars of it" in ended.out


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_exported_can_be_imported(alchemiser: Alchemiser, tmp_path: Path, suffix: str) -> None:
    """
    A lake that is filled from an export holds the same bars.
    """
    write_long(tmp_path / "bars.parquet", *switch_bars())
    alchemiser("data", "import", "bars.parquet", "--lake", "one", "--label", "vendor")
    alchemiser("data", "export", "--output", f"out.{suffix}", "--lake", "one")

    alchemiser("data", "import", f"out.{suffix}", "--lake", "two", "--label", "vendor")

    told = [alchemiser("data", "status", "--lake", lake, "--json").out for lake in ("one", "two")]
    contents = [[json.loads(line)["content"] for line in out.splitlines()] for out in told]
    assert contents[0] == contents[1]


def test_a_lake_may_be_in_a_bucket(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Import, status and signal work on an address as on a folder, and no message shows what opens it.
    """
    write_long(tmp_path / "bars.parquet", *switch_bars())
    with serving_buckets() as server:
        lake = fresh_bucket(server)
        told = alchemiser("data", "import", "bars.parquet", "--lake", lake)
        from_lake = alchemiser("signal", "switch.clj", "--bars", lake, "--as-of", str(LAST), "--json")
    from_file = alchemiser("signal", "switch.clj", "--bars", "bars.parquet", "--as-of", str(LAST), "--json")

    assert (0, 0, from_file.out) == (told.code, from_lake.code, from_lake.out)
    assert "secret" not in told.out


def test_refresh_fills_a_lake_from_the_profiles_source(alchemiser: Alchemiser) -> None:
    """
    The demo's market fills a lake, and the second refresh finds everything done.
    """
    first = alchemiser("data", "refresh", "SPY", "BIL", "--lake", "lake", "--json")
    second = alchemiser("data", "refresh", "--lake", "lake", "--json")

    fates = [[json.loads(line)["fate"] for line in ended.out.splitlines()] for ended in (first, second)]
    assert [["new", "new"], ["current", "current"]] == fates


def test_refresh_asks_alpaca_and_confirms_with_twelve_data(
    alchemiser: Alchemiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A jump that Alpaca tells and Twelve Data shows, too, is confirmed when it comes; one that it does not show blocks.
    """
    jumped = [*wavy(60)[:50], *(close * 3 for close in wavy(60)[50:])]
    told = [some_bars(jumped, symbol="SPY"), some_bars(jumped, symbol="BIL")]
    shown = [some_bars(jumped, symbol="SPY"), some_bars(wavy(60), symbol="BIL")]
    with serving(Vendors(*told)) as first, serving(Vendors(*shown)) as second:
        for name, value in {
            "APCA_API_KEY_ID": KEY,
            "APCA_API_SECRET_KEY": SECRET,
            "TWELVEDATA_API_KEY": KEY,
            "ALCHEMISER__LAKE__SOURCE": "alpaca",
            "ALCHEMISER__LAKE__SECOND": "twelvedata",
            "ALCHEMISER__ALPACA__DATA_URL": first.url,
            "ALCHEMISER__TWELVEDATA__URL": second.url,
        }.items():
            monkeypatch.setenv(name, value)
        ended = alchemiser("data", "refresh", "SPY", "BIL", "--lake", "lake", "--json")

    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [("SPY", "new", 0), ("BIL", "new", 1)] == [(one["symbol"], one["fate"], one["quarantine"]) for one in lines]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "expected Alpaca's keys in the environment, found no APCA_API_KEY_ID and no APCA_API_SECRET_KEY"),
        ({"APCA_API_KEY_ID": "AK"}, "found no APCA_API_SECRET_KEY"),
        ({"APCA_API_KEY_ID": "AK", "ALPACA_SECRET_KEY": "x"}, "expected Alpaca's keys under one pair of names"),
    ],
)
def test_keys_that_are_not_there_are_named(
    alchemiser: Alchemiser, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    """
    A source that needs keys says which variables it looks for; nothing is asked.
    """
    for name, value in {"ALCHEMISER__LAKE__SOURCE": "alpaca", **variables}.items():
        monkeypatch.setenv(name, value)

    ended = alchemiser("data", "refresh", "SPY", "--lake", "lake")

    assert 3 == ended.code
    assert words in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("import", "nowhere.parquet"), 3, "found no such file"),
        (("refresh", "--lake", "empty"), 3, "name some to begin with"),
        (("refresh", "../SPY"), 2, "expected a ticker"),
        (("repair", "--because", "x"), 2, "expected symbols or --all"),
        (("repair", "SPY", "--because", "x", "--by", "Ann", "--lake", "empty"), 1, "expected bars in the lake"),
        (("export", "--output", "out.txt"), 2, "ending in .parquet or .csv"),
        (("export", "SPY", "--output", "out.csv", "--lake", "empty"), 1, "expected bars of SPY"),
        (("verify", "--against", "nowhere.csv", "SPY", "--lake", "empty"), 1, ""),
    ],
)
def test_what_cannot_be_meant_is_told(
    alchemiser: Alchemiser, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """
    Every mistake has its exit code and says what was expected.
    """
    ended = alchemiser("data", *arguments)

    assert code == ended.code
    assert words in ended.err


@pytest.mark.shelf
@needs_shelf
def test_the_real_bars_are_imported_and_their_bad_ticks_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Bad ticks, unexplained moves, ends and the symbol that stopped trading are named, and no gap is.
    """
    lake = str(tmp_path / "lake")
    run(["data", "import", str(SHELF / "real_daily.parquet"), "--lake", lake])
    capsys.readouterr()
    run(["data", "verify", "--lake", lake, "--json"])
    told = {one["symbol"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    found = {
        (symbol, one["day"], one["kind"], one["state"]) for symbol, line in told.items() for one in line["findings"]
    }

    assert {
        ("NAIL", "2020-03-16", "tick", "quarantine"),
        ("DFEN", "2024-06-03", "tick", "quarantine"),
        ("BTAL", "2015-04-29", "tick", "quarantine"),
        ("CPER", "2014-12-04", "tick", "quarantine"),
        ("FNGU.OLD", "2025-02-11", "stopped", "told"),
        ("SVXY", "2018-02-06", "jump", "quarantine"),
        ("AMD", "2016-04-22", "move", "told"),
        ("NAIL", "2025-12-24", "ohlcv-ends", "told"),
    } <= found
    assert set() == {kind for _, _, kind, _ in found} & {"gap", "no-session", "partial", "frozen", "price", "range"}
    assert {"SPY", "QQQ", "TQQQ", "KMLM", "TLT"} <= {symbol for symbol, line in told.items() if line["usable"]}


@pytest.mark.shelf
@needs_shelf
def test_damaged_copies_of_real_bars_are_told_from_the_clean_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A split applied twice is put in quarantine by itself, half a dividend by the clean bars as a second source.
    """
    real = parquet.read_table(SHELF / "real_daily.parquet", filters=[("symbol", "in", ["SOXS", "KMLM"])])
    days = real["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    symbols = np.array(real["symbol"].to_pylist())
    closes = real["adj_close"].to_numpy().copy()
    clean, lake = tmp_path / "clean.parquet", str(tmp_path / "lake")
    parquet.write_table(real, clean)
    is_before = {day: days < number_of(date.fromisoformat(day)) for day in ("2026-05-26", "2022-12-28")}
    closes[(symbols == "SOXS") & is_before["2026-05-26"]] *= 15
    # The dividend of 4.0377 on a close of 34.40: half of it is paid into the closes before.
    closes[(symbols == "KMLM") & is_before["2022-12-28"]] *= (1 - 4.0377 / 34.40 / 2) / (1 - 4.0377 / 34.40)
    damaged = tmp_path / "damaged.parquet"
    parquet.write_table(real.set_column(real.column_names.index("adj_close"), "adj_close", pa.array(closes)), damaged)

    def found(*arguments: str) -> set[tuple[str, str, str]]:
        capsys.readouterr()
        run(["data", "verify", "--lake", lake, "--json", *arguments])
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return {
            (line["symbol"], one["day"], one["kind"])
            for line in told
            for one in line["findings"]
            if one["state"] == "quarantine"
        }

    run(["data", "import", str(clean), "--lake", lake])
    run(["data", "repair", "SOXS", "--because", "three times the market", "--by", "test", "--lake", lake])
    before = found()
    run(["data", "import", str(damaged), "--lake", lake])
    alone, against = found(), found("--against", str(clean))

    assert set() == before
    assert {("SOXS", "2026-05-26", "jump")} == alone
    assert {("SOXS", "2026-05-26", "jump"), ("KMLM", "2022-12-28", "disagrees")} <= against
