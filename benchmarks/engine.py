"""
Time the engine on SQLite: a message, a restart, and a whole day of twenty strategies without waits.

Each has a baseline beside it: bare sqlite3 doing the same writes, a process that only opens the records, and the
evaluation of the same strategies alone. CPU time decides, wall time depends on the disk.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.timing import Times, timed

from alchemiser.application.dispatch import pump
from alchemiser.application.live_bars import closes_of_book
from alchemiser.application.signals import decide
from alchemiser.application.start import resume, start
from alchemiser.container.houses import House, open_house
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.migrate import prepare_database
from support.houses import environment
from support.records import a_run, a_tick

_MESSAGES = 200
_STRATEGIES = 20
_DAY = date(2026, 7, 31)
_SYMBOLS = ("SPY", "QQQ", "TLT", "GLD", "BIL", "SMH", "TQQQ", "UVXY")
_TEXT = """(defsymphony "{name}" {{:asset-class "EQUITIES", :rebalance-frequency :daily}}
  (if (> (rsi "{a}" {{:window {window}}}) (rsi "{b}" {{:window {window}}}))
    [(weight-specified 0.6 (asset "{a}" nil) 0.4 (asset "{c}" nil))]
    [(filter (moving-average-return {{:window {window}}}) (select-top 1) [(asset "{b}" nil) (asset "{c}" nil)])]))"""
_TARGETS = {"message": 0.005, "resume": 2.0, "day": 1.5}


def main() -> None:
    """
    Print times, targets and ratios.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _message(folder)
        _write_book(folder)
        _resume_and_day(folder)


def _message(folder: Path) -> None:
    ours = timed(lambda: _carried(folder), runs=5)
    bare = timed(lambda: _bare(folder), runs=5)
    _tell(
        "a message, from telling to done", ours, bare, count=_MESSAGES, target=_TARGETS["message"], than="bare sqlite3"
    )


def _carried(folder: Path) -> None:
    """
    Tell of a timer, claim it, and finish it with the next: what a tick costs the engine.
    """
    with _a_file(folder) as file:
        database = prepare_database(f"sqlite:///{file}")
        engine = SqlEngine(database, routes={"ExecutionTickDue": ("tick",)})
        now = a_tick().meta.occurred_at
        with engine.begin() as tx:
            tx.save_run(a_run())
            tx.emit(a_tick(0))
        for number in range(1, _MESSAGES + 1):
            engine.next_due()
            message = engine.claim(now=now + timedelta(seconds=number))
            assert message is not None
            with engine.finishing(message, now=now) as tx:
                tx.emit(a_tick(number))
        database.close()


def _bare(folder: Path) -> None:
    """
    The same rows and the same two commits a message, without engine, events or chain.
    """
    with _a_file(folder) as file, closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE messages (number INTEGER PRIMARY KEY, body TEXT, state TEXT)")
        for number in range(_MESSAGES):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO messages VALUES (?, ?, 'leased')", (number, "x" * 400))
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE messages SET state = 'done' WHERE number = ?", (number,))
            connection.execute("COMMIT")


def _resume_and_day(folder: Path) -> None:
    with _entered(folder), open_house("test") as house:
        ports = house.ports
        book = ports.library.book()
        through = ports.calendar.previous(_DAY).day
        closes = closes_of_book(book, ports.bars, through=through)
        alone = timed(lambda: decide(book, closes, session=through), runs=3)
    days = timed(lambda: _traded(folder), runs=3)
    _tell(
        f"a day of {_STRATEGIES} strategies without waits", days, alone, target=_TARGETS["day"], than="evaluating them"
    )
    with _entered(folder):
        cut = _Cut(folder)
        restarts = timed(cut.resume, runs=3)
        opening = timed(cut.only_open, runs=3)
        cold = cut.cold()
    _tell("a restart in the middle of a day", restarts, opening, target=_TARGETS["resume"], than="opening the records")
    print(f"  {cold * 1e3:9.2f} ms CPU as a cold process, from its start to the end of what was due: imports and all")


def _traded(folder: Path) -> None:
    with _entered(folder):
        for left in folder.glob("day.sqlite3*"):
            left.unlink()
        with open_house("test") as house:
            start(_DAY, house.ports)
            delivered = sum(1 for _ in pump(house.ports))
    assert delivered > _STRATEGIES


class _Cut:
    """
    A day that was cut off; resuming is opening it, finding what is due and delivering the first message of it.
    """

    def __init__(self, folder: Path) -> None:
        for left in folder.glob("day.sqlite3*"):
            left.unlink()
        with open_house("test") as house:
            start(_DAY, house.ports)
            self._deliver(house, count=_STRATEGIES + 3)

    def resume(self) -> None:
        with open_house("test") as house:
            self._deliver(house, count=1)

    def only_open(self) -> None:
        prepare_database("sqlite:///day.sqlite3").close()

    def cold(self) -> float:
        """
        Return the CPU seconds of a process that is started on the day and delivers what is due at that moment.
        """
        before = os.times()
        subprocess.run(  # noqa: S603 - our own command line
            [Path(sys.executable).parent / "alchemiser", "worker", "--profile", "test", "--once", "--name", "embedded"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    def _deliver(self, house: House, *, count: int) -> None:
        messages = resume(house.ports)
        for _ in range(count):
            next(messages)


def _tell(what: str, ours: Times, base: Times, *, target: float, than: str, count: int = 1) -> None:
    cpu, baseline = ours.best_cpu / count, max(base.best_cpu / count, 1e-9)
    print(
        f"{what}\n  {cpu * 1e3:9.2f} ms CPU ({ours.best / count * 1e3:.2f} ms wall), target {target * 1e3:g} ms, "
        f"{cpu / baseline:.1f} x {than} ({baseline * 1e3:.2f} ms)"
    )


def _write_book(folder: Path) -> None:
    tables = []
    for number in range(_STRATEGIES):
        a, b, c = (_SYMBOLS[(number + step) % len(_SYMBOLS)] for step in (0, 1, 3))
        text = _TEXT.format(name=f"S{number:02d}", a=a, b=b, c=c, window=10 + number)
        (folder / f"s{number:02d}.clj").write_text(text, encoding="utf-8")
        tables.append(f'[[strategy]]\nfile = "s{number:02d}.clj"\nallocation = "{Decimal(1) / _STRATEGIES}"\n')
    (folder / "portfolio.toml").write_text("\n".join(tables), encoding="utf-8")


@contextmanager
def _entered(folder: Path) -> Iterator[None]:
    settings = {
        "STRATEGIES__PORTFOLIO": "portfolio.toml",
        "RECORDS__URL": "sqlite:///day.sqlite3",
        "LOGS__LEVEL": "error",
    }
    before, place = dict(os.environ), Path.cwd()
    os.environ.update(environment(settings))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _a_file(folder: Path) -> Iterator[Path]:
    file = folder / f"messages-{time.monotonic_ns()}.sqlite3"
    try:
        yield file
    finally:
        for left in folder.glob(f"{file.name}*"):
            left.unlink()


if __name__ == "__main__":
    main()
