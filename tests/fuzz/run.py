"""
Try the reader and the compiler with a million damaged texts, a hundred thousand made ones, and all hostile ones.

Every text is a function of the seed, its kind and its number; a failure names all three, and `--replay` shows the text
again and what becomes of it. Run with `make fuzz`; exits with 1 when anything failed.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.pool import IMapIterator
from pathlib import Path

from fuzz import hostile
from fuzz.dice import Dice
from fuzz.grammar import made
from fuzz.mutations import mutated
from fuzz.verdict import Verdict, judged

LIMIT_S = 0.050
SEED = 20_240_102

_KINDS = ("mutated", "made")
_CHUNK = 500
_SILENT_AFTER_S = 300.0
_STRATEGIES = Path(__file__).parents[2] / "strategies"
_MADE_FOR_CORPUS = 400
_LONGEST_MADE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """
    Texts to try: `count` of a kind from number `first` on, `limit_s` for each.
    """

    seed: int
    kind: str
    first: int
    count: int
    limit_s: float = LIMIT_S


@dataclass(slots=True, kw_only=True)
class Tally:
    """
    What became of texts so far.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: int = 0

    def add(self, number: int, verdict: Verdict) -> None:
        """
        Count one text.
        """
        self.outcomes[verdict.outcome] += 1
        if verdict.outcome == "failed":
            self.failures.append((number, verdict.why))
        if verdict.seconds > self.slowest_s:
            self.slowest_s, self.slowest = verdict.seconds, number

    def merge(self, other: "Tally") -> None:
        """
        Add what another tally counted.
        """
        self.outcomes += other.outcomes
        self.failures += other.failures
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest


def text_of(seed: int, kind: str, number: int) -> str:
    """
    Return the text of a number.
    """
    dice = Dice(seed, _KINDS.index(kind), number)
    return made(dice) if kind == "made" else mutated(dice, corpus())


@cache
def corpus() -> tuple[str, ...]:
    """
    Return what is damaged: made texts, and the shipped strategies, the short ones more often.
    """
    shipped = [path.read_text(encoding="utf-8") for path in sorted(_STRATEGIES.glob("*.clj"))]
    pieces = [text for text in shipped if len(text) < 4_000] * 3 + shipped
    grown = (made(Dice(0, len(_KINDS), number)) for number in range(_MADE_FOR_CORPUS))
    # Short texts are damaged more densely, and a million of them have to fit into minutes.
    return (*pieces, *(text for text in grown if len(text) <= _LONGEST_MADE))


def tried(chunk: Chunk) -> Tally:
    """
    Try the texts of a chunk.
    """
    tally = Tally()
    for number in range(chunk.first, chunk.first + chunk.count):
        tally.add(number, judged(text_of(chunk.seed, chunk.kind, number), limit_s=chunk.limit_s))
    return tally


def main() -> int:
    """
    Try everything and print what became of it; return 1 if anything failed.
    """
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--mutated", type=int, default=1_000_000, help="how many damaged texts")
    parser.add_argument("--made", type=int, default=100_000, help="how many texts from the grammar")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", metavar="KIND:NUMBER", help="show one text and what becomes of it")
    asked = parser.parse_args()
    if asked.replay:
        kind, _, number = asked.replay.partition(":")
        return _replayed(text_of(asked.seed, kind, int(number)))
    print(f"seed {asked.seed}, {asked.workers} processes, {LIMIT_S * 1e3:.0f} ms a text", flush=True)
    failed = 0
    with multiprocessing.Pool(asked.workers) as pool:
        for kind, count in (("mutated", asked.mutated), ("made", asked.made)):
            began = time.perf_counter()
            chunks = [
                Chunk(seed=asked.seed, kind=kind, first=first, count=min(_CHUNK, count - first))
                for first in range(0, count, _CHUNK)
            ]
            tally = _gathered(pool.imap_unordered(tried, chunks), kind, len(chunks))
            failed += _told(kind, tally, asked.seed, time.perf_counter() - began)
    failed += _hostile(asked.workers)
    print(f"{failed} failures")
    return 1 if failed else 0


def _gathered(tallies: "IMapIterator[Tally]", kind: str, count: int) -> Tally:
    whole = Tally()
    for done in range(1, count + 1):
        # Silence for minutes is a text that hangs where no signal reaches it: multiprocessing.TimeoutError.
        whole.merge(tallies.next(_SILENT_AFTER_S))
        if done % max(count // 10, 1) == 0:
            print(f"  {kind}: {sum(whole.outcomes.values()):,} texts, {len(whole.failures)} failures", flush=True)
    return whole


def _told(kind: str, tally: Tally, seed: int, seconds: float) -> int:
    count = sum(tally.outcomes.values())
    print(
        f"{kind:8} {count:9,} texts: {tally.outcomes['accepted']:,} accepted, {tally.outcomes['refused']:,} refused, "
        f"{len(tally.failures):,} failed; {seconds:.0f} s, {count / max(seconds, 1e-9):,.0f} a second; "
        f"slowest {tally.slowest_s * 1e3:.1f} ms ({kind}:{tally.slowest})",
        flush=True,
    )
    for number, why in tally.failures[:20]:
        print(f"  {kind}:{number}: {why}\n    again: make fuzz ARGS='--seed {seed} --replay {kind}:{number}'")
    return len(tally.failures)


def _hostile(workers: int) -> int:
    with ThreadPoolExecutor(workers) as threads:
        ordeals = list(threads.map(hostile.survived, hostile.TEXTS))
    for ordeal in ordeals:
        print(
            f"  {ordeal.name:40} {ordeal.outcome:8} {ordeal.seconds:6.2f} s {ordeal.megabytes:5} MB {ordeal.why[:90]}"
        )
    failures = [ordeal for ordeal in ordeals if ordeal.outcome == "failed"]
    slowest, largest = max(one.seconds for one in ordeals), max(one.megabytes for one in ordeals)
    print(f"hostile  {len(ordeals):9,} texts: {len(failures)} failed; slowest {slowest:.1f} s, largest {largest} MB")
    return len(failures)


def _replayed(text: str) -> int:
    verdict = judged(text, limit_s=LIMIT_S)
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    print(f"{verdict.outcome} in {verdict.seconds * 1e3:.1f} ms: {verdict.why}")
    return 1 if verdict.outcome == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
