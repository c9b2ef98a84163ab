"""
Kill real processes: so many SIGKILLs on SQLite and on PostgreSQL, at seeded calls, before and after their effect.

On SQLite one process trades, is killed, started again, and killed again while it recovers. On PostgreSQL three workers
share one database, one simulated broker and one simulated clock; each is killed and started again on its own.
Every day has to end as it does in peace: positions, ledger, trades, orders; and its audit chain has to verify.
"""

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from chaos import lives, world
from chaos.world import World
from support.databases import a_postgres
from support.small_books import FIRST, SECOND, write_books

_SEED = 20261126
_WORKERS = 3
_MOST_KILLS_A_DAY = 30
_LONGEST_DAY_S, _MOST_LIVES = 1800.0, 500
_SOON = 30
_BOOKS = {
    "account": "SELECT id, cash FROM account",
    "holdings": "SELECT symbol, quantity FROM holdings ORDER BY symbol",
    "orders": "SELECT client_order_id, symbol, side, quantity, limit_price, submitted_at, cancel_asked_at, filled, cost"
    " FROM orders ORDER BY 1",
    "fills": "SELECT order_id, number, at, quantity, price FROM fills ORDER BY 1, 2",
}
Found = dict[str, list[str]]


@dataclass(slots=True, kw_only=True)
class Tally:
    """
    What was done so far.
    """

    kills: int = 0
    lives: int = 0
    days: int = 0
    bad: list[str] = field(default_factory=list)


def main() -> None:
    """
    Kill as often as asked for, and tell what came of it.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--sqlite", type=int, default=1000, help="SIGKILLs on SQLite")
    parser.add_argument("--postgres", type=int, default=1000, help="SIGKILLs on PostgreSQL with three workers")
    parser.add_argument("--starts", type=int, default=20, help="how often three start one session at once")
    parser.add_argument("--seed", type=int, default=_SEED)
    asked = parser.parse_args()
    world.warm()
    tallies = []
    # A killed process loses nothing that it wrote, wherever that is: memory will do for a disk.
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - where Linux has it
    with tempfile.TemporaryDirectory(prefix="alchemiser-chaos-", dir=memory) as name:
        for place, kills in (("sqlite", asked.sqlite), ("postgres", asked.postgres)):
            if kills:
                tallies.append(_chaos(place, kills, asked.starts, asked.seed, Path(name) / place))
    bad = [line for tally in tallies for line in tally.bad]
    for line in bad[:20]:
        print(f"BAD {line}")
    print(f"{sum(tally.kills for tally in tallies):,} kills, {len(bad)} bad")
    sys.exit(1 if bad else 0)


def _chaos(place: str, kills: int, starts: int, seed: int, folder: Path) -> Tally:
    began, tally = time.monotonic(), Tally()
    first = folder / "first"
    first.mkdir(parents=True)
    write_books(first)
    with _first_day(place, first) as template:
        peaceful, calls = _peaceful(place, first, template, folder / "peace")
        for number in range(starts if place == "sqlite" else (starts + 1) // 2):
            with _a_world(place, first, template, folder / f"starts-{number}") as today:
                tally.bad += [f"{place} start {number}: {bad}" for bad in _started_at_once(today, peaceful)]
        while tally.kills < kills:
            most = min(_MOST_KILLS_A_DAY, kills - tally.kills)
            where = folder / f"day-{tally.days}"
            _day(place, tally, seed, first, template, where, most=most, peaceful=peaceful, calls=calls)
            if tally.days % 5 == 0:
                print(f"  {place}: {tally.days} days, {tally.kills} kills, {len(tally.bad)} bad", flush=True)
    workers = f"{_WORKERS} workers" if place == "postgres" else "1 process"
    print(f"{place}: {starts if place == 'sqlite' else (starts + 1) // 2} times three started one session at once")
    print(
        f"{place}, {workers}: {tally.kills:,} SIGKILLs in {tally.days} days and {tally.lives:,} processes, "
        f"{len(tally.bad)} bad, {time.monotonic() - began:.0f} s; a day in peace makes {calls} calls",
        flush=True,
    )
    return tally


@contextmanager
def _first_day(place: str, first: Path) -> Iterator[str]:
    """
    Trade the first session in peace; yield the URL of its records, which every further day begins from a copy of.
    """
    if place == "sqlite":
        _in_peace(World(folder=first, url="sqlite:///records.sqlite3", is_shared=False), FIRST)
        yield ""
        return
    with a_postgres() as url:
        _in_peace(World(folder=first, url=url, is_shared=True), FIRST)
        yield url


@contextmanager
def _a_world(place: str, first: Path, template: str, folder: Path) -> Iterator[World]:
    shutil.copytree(first, folder)
    try:
        if place == "sqlite":
            yield World(folder=folder, url="sqlite:///records.sqlite3", is_shared=False)
        else:
            with a_postgres(template) as url:
                yield World(folder=folder, url=url, is_shared=True)
    finally:
        shutil.rmtree(folder)


def _in_peace(place: World, day: date) -> None:
    code = lives.ended(lives.born(lambda: world.trade(place, day)))
    if code:
        raise RuntimeError(f"a day in peace ended with {code}")


def _peaceful(place: str, first: Path, template: str, folder: Path) -> tuple[Found, int]:
    with _a_world(place, first, template, folder) as peace:
        calls = lives.told_by(lambda: world.count_calls(peace, SECOND))
        return _kept(peace), calls


def _started_at_once(today: World, peaceful: Found) -> list[str]:
    """
    Let three processes start and trade one session; return what is not as if one had.
    """
    names = {lives.born(_life(today, f"worker-{number}", {})): number for number in range(1, 4)}
    codes = sorted(lives.ended(pid) for pid in names)
    bad = [] if 0 in codes and set(codes) <= {0, world.BUSY, world.LOST_RACE} else [f"they ended with {codes}"]
    if not bad:
        found = _kept(today)
        bad += [f"{key} differs" for key in peaceful if peaceful[key] != found[key]]
    return bad


def _day(
    place: str,
    tally: Tally,
    seed: int,
    first: Path,
    template: str,
    folder: Path,
    *,
    most: int,
    peaceful: Found,
    calls: int,
) -> None:
    chance = np.random.Generator(np.random.PCG64([seed, tally.days, len(place)]))
    workers = _WORKERS if place == "postgres" else 1
    name = f"{place} day {tally.days} (--seed {seed})"
    with _a_world(place, first, template, folder) as today:
        stuck = _killed(today, tally, workers, chance, most=most, calls=calls)
        if stuck:
            tally.bad.append(f"{name}: {stuck}")
        else:
            found = _kept(today)
            tally.bad += [f"{name}: {key} differs" for key in peaceful if peaceful[key] != found[key]]
            tally.bad += [f"{name}: {flaw}" for flaw in lives.told_by(lambda: world.audited(today, SECOND))]
    tally.days += 1


def _killed(today: World, tally: Tally, workers: int, chance: np.random.Generator, *, most: int, calls: int) -> str:
    """
    Let workers trade the day, each struck at a call of its own until the day had its share; return what went wrong.
    """
    left, began, born = most, time.monotonic(), tally.lives
    alive: dict[int, str] = {}
    waiting = [f"worker-{number}" for number in range(1, workers + 1)]
    first = waiting[0]
    while waiting or alive:
        for name in waiting:
            # The first strike hits anywhere in the day; most others soon after a start: while something is recovered.
            is_early = (left < most or name != first) and chance.integers(10)
            settings = _strike(chance, _SOON if is_early else calls) if left > len(alive) else {}
            alive[lives.born(_life(today, name, settings))] = name
            tally.lives += 1
        waiting = []
        pid, code = lives.any_ended(alive)
        name = alive.pop(pid)
        if code == -9:
            tally.kills += 1
            left -= 1
            waiting = [name]
        elif code == world.LOST_RACE:
            waiting = [name]
        elif code:
            lives.end(alive)
            return f"{name} ended with {code}: {_log_of(today)}"
        if time.monotonic() - began > _LONGEST_DAY_S or tally.lives - born > _MOST_LIVES:
            lives.end(alive)
            return "the day does not end"
    return ""


def _strike(chance: np.random.Generator, most: int) -> dict[str, str]:
    at, after = 1 + int(chance.integers(most)), bool(chance.integers(2))
    return {"FAULTS__KILL_AT": str(at), "FAULTS__KILL_AFTER": str(after).lower()}


def _life(today: World, name: str, settings: dict[str, str]) -> Callable[[], int]:
    return lambda: world.trade(today, SECOND, name=name, **settings)


def _kept(place: World) -> Found:
    found = lives.told_by(lambda: world.recorded(place, SECOND))
    with closing(sqlite3.connect(place.folder / "broker.sqlite3")) as books:
        found |= {name: [repr(row) for row in books.execute(query)] for name, query in _BOOKS.items()}
    return found


def _log_of(place: World) -> str:
    log = place.folder / "errors.log"
    return log.read_text(encoding="utf-8")[-500:] if log.exists() else "nothing was logged"


if __name__ == "__main__":
    main()
