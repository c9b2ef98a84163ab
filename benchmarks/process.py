"""
Time `alchemiser signal` as a cold process: the made book on a long Parquet file of 290 symbols x 2,514 sessions.

Every run is a new process; its own account of the time is printed for the fastest. The first run compiles the book and
keeps it, the others find it compiled.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
from benchmarks.book import SESSIONS
from benchmarks.synthetic import book_texts, made_closes, symbols
from benchmarks.timing import RUNS
from pyarrow import parquet

from alchemiser.domain.market import Closes

_PROGRAM = "import sys; from alchemiser.interface.cli.main import main; sys.argv[0] = 'alchemiser'; main()"


def main() -> None:
    """
    Print the wall time of cold processes.
    """
    closes = made_closes(symbols(), SESSIONS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_book(folder)
        _write_bars(closes, folder / "bars.parquet")
        print(f"cold process, signal of the made book, {len(closes.symbols)} symbols x {SESSIONS:,} sessions, Parquet")
        print(f"  from text               {_ran(folder, closes, cache='off')[0] * 1e3:9.1f} ms")
        _ran(folder, closes, cache=str(folder / "cache"))
        runs = sorted(_ran(folder, closes, cache=str(folder / "cache")) for _ in range(RUNS))
        print(f"  from compiled           {runs[0][0] * 1e3:9.1f} ms {runs[RUNS // 2][0] * 1e3:9.1f} ms, of the best:")
        print("".join(f"    {line}\n" for line in runs[0][1].splitlines()), end="")


def cold_signal(folder: Path, *, bars: str, as_of: date, cache: str) -> tuple[float, str]:
    """
    Run `signal` of the book in a folder as a new process; return its seconds and its own account of them.
    """
    arguments = ["signal", "--book", "book.toml", "--bars", bars, "--as-of", str(as_of)]
    began = time.perf_counter()
    ended = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", _PROGRAM, *arguments, "--json", "--profile-time"],
        cwd=folder,
        env=os.environ | {"ALCHEMISER_CACHE": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - began, ended.stderr


def _ran(folder: Path, closes: Closes, *, cache: str) -> tuple[float, str]:
    return cold_signal(folder, bars="bars.parquet", as_of=closes.sessions[-1], cache=cache)


def write_book(folder: Path) -> None:
    """
    Write the made book: its strategies and `book.toml`.
    """
    texts = book_texts()
    share = Decimal(1) / 32
    tables = []
    for number, text in enumerate(texts):
        (folder / f"book-{number:02d}.clj").write_text(text, encoding="utf-8")
        allocation = share if number else 1 - share * (len(texts) - 1)
        tables.append(f'[[strategy]]\nfile = "book-{number:02d}.clj"\nallocation = "{allocation}"\n')
    (folder / "book.toml").write_text("\n".join(tables), encoding="utf-8")


def _write_bars(closes: Closes, path: Path) -> None:
    days = np.array(closes.sessions, dtype="datetime64[D]")
    count = len(closes.symbols)
    table = pa.table(
        {
            "date": pa.array(np.tile(days, count)),
            "symbol": pa.array(np.repeat(np.array(closes.symbols), len(days)).tolist()),
            "adj_close": pa.array(closes.values.reshape(-1)),
        }
    )
    parquet.write_table(table, path)


if __name__ == "__main__":
    main()
