"""
Hold the planner and the gate to their promises, a million random cases of each, on every core there is.

Every case is a function of the seed, its kind and its number; a failure names all three, and `--replay` tries it again.
Run with `make properties`; exits with 1 when a promise was broken.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cases import gating, planning
from fuzz.dice import Dice

SEED = 20_261_126
KINDS: dict[str, Callable[[Dice], Iterator[str]]] = {
    "plan": planning.broken_promises,
    "gate": gating.broken_promises,
}
_CHUNK = 500
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """
    Cases to try: `count` of a kind from number `first` on.
    """

    seed: int
    kind: str
    first: int
    count: int


def broken(seed: int, kind: str, number: int) -> list[str]:
    """
    Return the promises that one case breaks; a crash is one.
    """
    try:
        return list(KINDS[kind](Dice(seed, list(KINDS).index(kind), number)))
    except Exception as exc:  # noqa: BLE001 - whatever a case raises has to be told with its number
        return [f"{type(exc).__name__}: {exc}"]


def tried(chunk: Chunk) -> list[tuple[str, int, str]]:
    """
    Try the cases of a chunk; return what is broken, with kind and number.
    """
    return [
        (chunk.kind, number, why)
        for number in range(chunk.first, chunk.first + chunk.count)
        for why in broken(chunk.seed, chunk.kind, number)
    ]


def main() -> int:
    """
    Try everything and print what became of it; return 1 if a promise was broken.
    """
    parser = argparse.ArgumentParser(prog="make properties", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="how many of each kind")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", metavar="KIND:NUMBER", help="try one case again")
    asked = parser.parse_args()
    if asked.replay:
        kind, _, number = asked.replay.partition(":")
        found = broken(asked.seed, kind, int(number))
        print("\n".join(found) or "nothing is broken")
        return bool(found)
    return _tried_all(asked.cases, seed=asked.seed, workers=asked.workers)


def _tried_all(count: int, *, seed: int, workers: int) -> int:
    begun = time.monotonic()
    chunks = [
        Chunk(seed=seed, kind=kind, first=first, count=min(_CHUNK, count - first))
        for first in range(0, count, _CHUNK)
        for kind in KINDS
    ]
    failures: list[tuple[str, int, str]] = []
    with multiprocessing.Pool(workers) as pool:
        for done, found in enumerate(pool.imap_unordered(tried, chunks), start=1):
            failures += found
            if done % 200 == 0:
                print(f"{done * _CHUNK:>9,} cases, {len(failures)} broken", file=sys.stderr, flush=True)
    for kind, number, why in failures[:_SHOWN]:
        print(f"{kind}:{number} (seed {seed}): {why}")
    total = count * len(KINDS)
    print(f"{total:,} cases, {len(failures)} broken, {time.monotonic() - begun:,.0f} s on {workers} workers")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
