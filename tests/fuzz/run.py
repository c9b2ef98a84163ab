"""
Try the reader and the compiler with a million damaged texts, a hundred thousand made ones, trees in JSON and EDN, and
all hostile ones.

Every text is a function of the seed, its kind and its number; a failure names all three, and `--replay` shows the text
again and what becomes of it. Run with `make fuzz`; exits with 1 when anything failed.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.pool import IMapIterator
from pathlib import Path

from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.composer.edn import edn_text
from alchemiser.domain.strategy.composer.jsons import json_text
from alchemiser.domain.strategy.composer.trees import tree_of
from fuzz import hostile
from fuzz.dice import Dice
from fuzz.grammar import made
from fuzz.mutations import Material, edn_material, json_material, mutated
from fuzz.trees import made_edn, made_json
from fuzz.verdict import Notation, Verdict, judged

LIMIT_S = 0.050
SEED = 20_240_102

# How many of each kind; a text depends on the place of its kind here.
COUNTS: Mapping[str, int] = {
    "mutated": 1_000_000,
    "made": 100_000,
    "mutated-json": 100_000,
    "made-json": 30_000,
    "mutated-edn": 50_000,
    "made-edn": 15_000,
}
_KINDS = tuple(COUNTS)
_CHUNK = 500
_SILENT_AFTER_S = 300.0
_STRATEGIES = Path(__file__).parents[2] / "strategies"
_OF_CORPUS = 2
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
    match kind:
        case "mutated":
            return mutated(dice, Material(corpus=corpus()))
        case "made":
            return made(dice)
        case "mutated-json":
            return mutated(dice, json_material(trees()[0]))
        case "made-json":
            return made_json(dice)
        case "mutated-edn":
            return mutated(dice, edn_material(trees()[1]))
        case "made-edn":
            return made_edn(dice)
        case _:
            raise ValueError(f"expected a kind ({', '.join(_KINDS)}), found {kind!r}")


def notation_of(kind: str) -> Notation:
    """
    Return the notation that texts of a kind are in.
    """
    return "json" if kind.endswith("-json") else "edn" if kind.endswith("-edn") else "clj"


@cache
def corpus() -> tuple[str, ...]:
    """
    Return what is damaged: made texts, and the shipped strategies, the short ones more often.
    """
    shipped = _shipped()
    pieces = [text for text in shipped if len(text) < 4_000] * 3 + shipped
    grown = (made(Dice(0, _OF_CORPUS, number)) for number in range(_MADE_FOR_CORPUS))
    # Short texts are damaged more densely, and a million of them have to fit into minutes.
    return (*pieces, *(text for text in grown if len(text) <= _LONGEST_MADE))


@cache
def trees() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Return the trees that are damaged, in JSON and in EDN: short shipped strategies and made ones.
    """
    exported = [tree_of(compile_text(text)) for text in _shipped() if len(text) < 2_000]
    dice = [Dice(0, _OF_CORPUS + 1, number) for number in range(_MADE_FOR_CORPUS)]
    jsons = [*map(json_text, exported), *(made_json(one) for one in dice)]
    edns = [*map(edn_text, exported), *(made_edn(one) for one in dice)]
    limit = 3 * _LONGEST_MADE
    return tuple(one for one in jsons if len(one) <= limit), tuple(one for one in edns if len(one) <= limit)


def _shipped() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(_STRATEGIES.glob("*.clj"))]


def tried(chunk: Chunk) -> Tally:
    """
    Try the texts of a chunk.
    """
    tally = Tally()
    for number in range(chunk.first, chunk.first + chunk.count):
        text, notation = text_of(chunk.seed, chunk.kind, number), notation_of(chunk.kind)
        tally.add(number, judged(text, limit_s=chunk.limit_s, notation=notation))
    return tally


def main() -> int:
    """
    Try everything and print what became of it; return 1 if anything failed.
    """
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    for kind, count in COUNTS.items():
        parser.add_argument(
            f"--{kind}", type=int, default=count, dest=kind, help=f"how many texts of this kind ({count:,})"
        )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", metavar="KIND:NUMBER", help="show one text and what becomes of it")
    asked = parser.parse_args()
    if asked.replay:
        kind, _, number = asked.replay.partition(":")
        return _replayed(text_of(asked.seed, kind, int(number)), notation_of(kind))
    print(f"seed {asked.seed}, {asked.workers} processes, {LIMIT_S * 1e3:.0f} ms a text", flush=True)
    failed = 0
    with multiprocessing.Pool(asked.workers) as pool:
        for kind in _KINDS:
            count = vars(asked)[kind]
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
        f"{kind:12} {count:9,} texts: {tally.outcomes['accepted']:,} accepted, {tally.outcomes['refused']:,} refused, "
        f"{len(tally.failures):,} failed; {seconds:.0f} s, {count / max(seconds, 1e-9):,.0f} a second; "
        f"slowest {tally.slowest_s * 1e3:.1f} ms ({kind}:{tally.slowest})",
        flush=True,
    )
    for number, why in tally.failures[:20]:
        print(f"  {kind}:{number}: {why}\n    again: make fuzz ARGS='--seed {seed} --replay {kind}:{number}'")
    return len(tally.failures)


def _hostile(workers: int) -> int:
    with ThreadPoolExecutor(workers) as threads:
        ordeals = list(threads.map(hostile.survived, hostile.ALL))
    for ordeal in ordeals:
        print(
            f"  {ordeal.name:48} {ordeal.outcome:8} {ordeal.seconds:6.2f} s {ordeal.megabytes:5} MB {ordeal.why[:90]}"
        )
    failures = [ordeal for ordeal in ordeals if ordeal.outcome == "failed"]
    slowest, largest = max(one.seconds for one in ordeals), max(one.megabytes for one in ordeals)
    print(
        f"hostile      {len(ordeals):9,} texts: {len(failures)} failed; slowest {slowest:.1f} s, largest {largest} MB"
    )
    return len(failures)


def _replayed(text: str, notation: Notation) -> int:
    verdict = judged(text, limit_s=LIMIT_S, notation=notation)
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    print(f"{verdict.outcome} in {verdict.seconds * 1e3:.1f} ms: {verdict.why}")
    return 1 if verdict.outcome == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
