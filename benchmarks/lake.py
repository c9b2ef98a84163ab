"""
Time the lake: 290 symbols x 2,514 sessions.

1. the closes of all of them, from the lake's Parquet, from what was aligned before, and from a plain concat of frames;
2. `alchemiser signal` of the made book as a cold process on the lake;
3. a refresh of all of them from Alpaca's own client and a loopback server that runs as a process of its own.
"""

import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.process import cold_signal, write_book
from benchmarks.synthetic import made_closes, symbols
from benchmarks.timing import RUNS, timed

from alchemiser.application.data import DataPorts
from alchemiser.application.import_data import import_bars
from alchemiser.application.refresh_data import refresh
from alchemiser.domain.bars.history import Bars, Days, numbers_of
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.alpaca.bars import alpaca_bars
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.lake.archive import BlobLake
from alchemiser.infrastructure.lake.blobs import LocalBlobs
from alchemiser.infrastructure.lake.matrix import MatrixFiles
from alchemiser.infrastructure.lake.store import LakeBars
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.vendors import KEY, SECRET, Fault, Vendors, serving

SESSIONS = 2_514
LAST = date(2026, 7, 31)
_NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


class RenderedVendors(Vendors):
    """
    Alpaca's pages, put together from bars that were rendered once: the server must not be what is measured.
    """

    def __init__(self, many: Sequence[Bars]) -> None:
        super().__init__(*many)
        self._rows = {one.symbol: _rendered(one) for one in many}

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Fault:
        """
        Return a page of rendered bars; whatever else is asked is answered as ever.
        """
        if path != "/v2/stocks/bars":
            return super().answer(path, query, headers)
        limit, start = int(query["limit"]), int(query.get("page_token", "0"))
        left, parts, total = limit, [], 0
        for symbol in sorted(query["symbols"].split(",")):
            rows = self._rows[Symbol(symbol)]
            begin = max(0, start - total)
            total += len(rows)
            taken = rows[begin : begin + left] if begin < len(rows) else []
            if taken:
                left -= len(taken)
                parts.append(f'"{symbol}":[{",".join(taken)}]')
        token = json.dumps(str(start + limit) if start + limit < total else None)
        return Fault(body=f'{{"bars":{{{",".join(parts)}}},"next_page_token":{token}}}')


def main() -> None:
    """
    Print the times of the lake.
    """
    made = _made()
    names = tuple(one.symbol for one in made)
    print(f"lake, {len(made)} symbols x {SESSIONS:,} sessions; best and median of {RUNS}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder / "lake", made)
        _loads(folder, names)
        _signal(folder)
        _refresh(folder, made)


def _made() -> tuple[Bars, ...]:
    closes = made_closes(symbols(), SESSIONS)
    days = numbers_of(new_york().sessions(date(2000, 1, 1), LAST)[-SESSIONS:])
    return tuple(_bars(symbol, days, closes.of(symbol)) for symbol in closes.symbols)


def _bars(symbol: Symbol, days: Days, closes: Series) -> Bars:
    return Bars(
        symbol=symbol,
        days=days,
        opens=closes,
        highs=closes * 1.01,
        lows=closes * 0.99,
        closes=closes,
        adj_closes=closes,
        volumes=np.full(len(days), 1000.0),
        sources=("made",),
        origins=np.zeros(len(days), dtype=np.int64),
    )


def _ports(place: Path, url: str = "") -> DataPorts:
    clock, calendar = ManualClock(_NOW), new_york()
    source = alpaca_bars(KEY, SECRET, url=url, feed="sip", clock=clock) if url else None
    return DataPorts(lake=BlobLake(LocalBlobs(place), calendar), calendar=calendar, clock=clock, source=source)


def _fill(place: Path, made: Sequence[Bars]) -> None:
    began = time.perf_counter()
    found = [one for one in import_bars(made, _ports(place), label="made") if one.quarantine]
    seconds = time.perf_counter() - began
    print(f"  {'import, checked':<28}{len(made) * SESSIONS / seconds:12,.0f} bars/s, {len(found)} in quarantine")


def _loads(folder: Path, names: Sequence[Symbol]) -> None:
    place, kept = folder / "lake", MatrixFiles(folder / "kept")
    _load(place, names, kept)
    first = timed(partial(_load, place, names, None))
    later = timed(partial(_load, place, names, kept))
    frames = timed(partial(_concatenated, place, names), runs=3)
    print(f"  {'first load, Parquet':<28}{first}")
    print(f"  {'later load, mapped':<28}{later}")
    print(f"  {'concat of frames':<28}{frames}")
    print(f"  the frames take {frames.best_cpu / first.best_cpu:.1f} times the first load (CPU)")


def _load(place: Path, names: Sequence[Symbol], kept: MatrixFiles | None) -> None:
    closes = LakeBars(LocalBlobs(place), kept=kept).closes(names, through=LAST)
    if (len(closes.symbols), len(closes.sessions)) != (len(names), SESSIONS):
        raise ValueError(f"expected every bar, found {len(closes.symbols)} x {len(closes.sessions)}")


def _concatenated(place: Path, names: Sequence[Symbol]) -> None:
    frames = {
        name: pd.read_parquet(place / "bars" / f"{name}.parquet", columns=["date", "adj_close"]).set_index("date")
        for name in names
    }
    pd.concat({name: frame["adj_close"] for name, frame in frames.items()}, axis=1)


def _signal(folder: Path) -> None:
    write_book(folder)
    cache = str(folder / "cache")
    run: Callable[[], tuple[float, str]] = partial(cold_signal, folder, bars="lake", as_of=LAST, cache=cache)
    run()
    began = _children()
    runs = sorted(run() for _ in range(RUNS))
    cpu = (_children() - began) / RUNS
    print(f"cold process, signal of the made book from the lake: best and median of {RUNS}")
    best, median = runs[0][0] * 1e3, runs[RUNS // 2][0] * 1e3
    print(f"  {'from compiled':<28}{best:9.1f} ms {median:9.1f} ms   ({cpu * 1e3:.1f} ms of CPU), of the best:")
    print("".join(f"    {line}\n" for line in runs[0][1].splitlines()), end="")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _refresh(folder: Path, made: Sequence[Bars]) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    ports = _ports(folder / "refreshed", ours.recv())
    began, began_cpu = time.perf_counter(), time.process_time()
    done = list(refresh([one.symbol for one in made], ports))
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    ours.send("enough")
    server.join()
    bars = sum(one.bars for one in done)
    if bars != len(made) * SESSIONS:
        raise ValueError(f"expected every bar, found {bars}")
    print(f"refresh from Alpaca's client on loopback: {bars:,} bars, each asked for raw and adjusted, checked and kept")
    print(f"  {bars / seconds:12,.0f} bars/s in {seconds:.1f} s, {bars / cpu:,.0f} bars a second of CPU")


def _serve(pipe: Connection) -> None:
    os.environ.setdefault("PYTHONHASHSEED", "0")
    with serving(RenderedVendors(_made())) as vendors:
        pipe.send(vendors.url)
        pipe.recv()


def _rendered(bars: Bars) -> list[str]:
    calendar = new_york()
    days = bars.days.astype("datetime64[D]").astype(str).tolist()
    rows = []
    for place, day in enumerate(days):
        hour = 4 if calendar.session(date.fromisoformat(day)).opens_at.hour == 13 else 5
        told = {"o": bars.opens, "h": bars.highs, "l": bars.lows, "c": bars.closes}
        row: dict[str, object] = {key: float(values[place]) for key, values in told.items()}
        row |= {"t": f"{day}T0{hour}:00:00Z", "v": 1000, "n": 10, "vw": float(bars.closes[place])}
        rows.append(json.dumps(row))
    return rows


if __name__ == "__main__":
    main()
