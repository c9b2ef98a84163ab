"""
Refreshes that are killed: `python -m support.killing FOLDER SEED…` kills one for each seed and tells what was left.

1. fill a lake, and count the operations on files that a refresh of it makes when nobody kills it;
2. for each seed, on a copy of that lake, a child refreshes and kills itself with SIGKILL before one of the operations;
3. every file must then be the one before or the one after, whole; and another refresh must end as the one in peace.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from alchemiser.application.data import DataPorts
from alchemiser.application.refresh_data import refresh
from alchemiser.domain.bars.history import Bars
from alchemiser.domain.values import Symbol
from support.lakes import data_ports, filled, lake_bars, some_bars, wavy
from support.sources import GivenSource

_COUNT = 100
NAMES = tuple(Symbol(f"S{number:02d}") for number in range(12))
_WATCHED = {"open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "tempfile.mkstemp", "fcntl.flock", "os.scandir"}


def main() -> None:
    """
    Print one JSON object: operations of a refresh, and the seeds that left something wrong.
    """
    folder, seeds = Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]]
    before, peaceful = folder / "before", folder / "peaceful"
    if not before.exists():
        filled(data_ports(before), [_bars(name, times=1.0).part(0, 90) for name in NAMES[:8]])
    shutil.rmtree(peaceful, ignore_errors=True)
    shutil.copytree(before, peaceful)
    operations = _counted(peaceful)
    after = _contents(peaceful)
    failed = {}
    for seed in seeds:
        wrong = _killed(before, folder / f"seed-{seed}", after, point=_point(seed, operations))
        if wrong:
            failed[seed] = wrong
    print(json.dumps({"operations": operations, "failed": failed}))  # noqa: T201 - the answer to whoever started it


def _bars(name: Symbol, *, times: float) -> Bars:
    number = NAMES.index(name)
    return some_bars([close * times for close in wavy(_COUNT, level=50.0 + number)], symbol=name)


def _ports(place: Path) -> DataPorts:
    # Four symbols go on, four were restated, four are new.
    told = [_bars(name, times=0.98 if 4 <= place < 8 else 1.0) for place, name in enumerate(NAMES)]
    return data_ports(place, source=GivenSource(*told))


def _refreshed(place: Path) -> None:
    for _ in refresh(NAMES, _ports(place)):
        pass


def _point(seed: int, operations: int) -> int:
    return int(np.random.default_rng(seed).integers(1, operations + 1))


def _counted(place: Path) -> int:
    counter = place.with_suffix(".count")

    def work() -> None:
        seen = [0]
        sys.addaudithook(lambda event, _: seen.__setitem__(0, seen[0] + (event in _WATCHED)))
        _refreshed(place)
        counter.write_text(str(seen[0]))

    if _in_child(work):
        raise RuntimeError("the refresh in peace failed")
    return int(counter.read_text())


def _killed(before: Path, place: Path, after: dict[str, str], *, point: int) -> list[str]:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(before, place)
    old = _contents(before)

    def work() -> None:
        seen = [0]

        def count(event: str, _: object) -> None:
            if event in _WATCHED:
                seen[0] += 1
                if seen[0] == point:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        _refreshed(place)

    wrong = [] if _in_child(work) == -signal.SIGKILL else [f"expected a kill at operation {point}, found none"]
    for name, content in _contents(place).items():
        if content not in {old.get(name), after.get(name)}:
            wrong.append(f"{name}: neither as before nor as after")
    if missing := set(old) - set(_contents(place)):
        wrong.append(f"gone: {', '.join(sorted(missing))}")
    if _in_child(lambda: _refreshed(place)):
        wrong.append("the next refresh failed")
    if _contents(place) != after:
        wrong.append("the next refresh did not end as the one in peace")
    if _in_child(lambda: _read(place)):
        wrong.append("strategies cannot read it")
    shutil.rmtree(place)
    return wrong


def _read(place: Path) -> None:
    closes = lake_bars(place).closes(NAMES, through=some_bars(wavy(5)).last)
    if closes.values.shape != (len(NAMES), _COUNT) or closes.absent or bool(np.isnan(closes.values).any()):
        raise ValueError("expected every bar")


def _contents(place: Path) -> dict[str, str]:
    """
    Return the content hash of every symbol, read back and checked.
    """
    lake = data_ports(place).lake
    found = {}
    for symbol in lake.symbols():
        history = lake.read(symbol)
        found[str(symbol)] = "" if history is None else history.bars.content_hash()
    return found


def _in_child(work: Callable[[], None]) -> int:
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
