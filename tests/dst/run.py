"""
Live through many seeds and say what was found; `make simulate SEEDS=10000`.

A seed is one or two trading days. What breaks an invariant is printed with the command that plays it again. With
`--state FILE` a long run goes on where it was stopped.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from dst.quiet import quietly
from dst.scenario import scenario_of
from dst.world import Verdict, lived

_CHUNK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """
    Seeds to live through, `count` of them from `first` on; intensity and processes when they are set from outside.
    """

    first: int
    count: int
    intensity: int | None = None
    processes: int | None = None


@dataclass(slots=True, kw_only=True)
class Tally:
    """
    What came of seeds so far; `cpu_s` is the time they took on their cores.
    """

    seeds: int = 0
    cpu_s: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    breaches: dict[str, str] = field(default_factory=dict)

    def add(self, verdict: Verdict) -> None:
        """
        Count one seed.
        """
        self.seeds += 1
        self.outcomes.update(verdict.outcomes)
        self.faults += verdict.faults
        self.figures += verdict.figures
        if verdict.breaches:
            self.breaches[str(verdict.seed)] = str(verdict.breaches[0])

    def merge(self, other: "Tally") -> None:
        """
        Add what another tally counted.
        """
        self.seeds += other.seeds
        self.cpu_s += other.cpu_s
        self.outcomes += other.outcomes
        self.faults += other.faults
        self.figures += other.figures
        self.breaches |= other.breaches

    @property
    def days_per_core_second(self) -> float:
        """
        Return how many days a core lives through in a second.
        """
        return self.figures["days"] / self.cpu_s if self.cpu_s else 0.0


def tried(chunk: Chunk) -> Tally:
    """
    Live through the seeds of a chunk.
    """
    tally, began = Tally(), time.process_time()
    with quietly():
        for seed in range(chunk.first, chunk.first + chunk.count):
            tally.add(lived(scenario_of(seed, intensity=chunk.intensity, processes=chunk.processes)))
    tally.cpu_s = time.process_time() - began
    return tally


def main() -> int:
    """
    Live through seeds, or show one; return 1 if an invariant was broken.
    """
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="live through this seed alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: print its history")
    parser.add_argument(
        "--intensity", type=int, choices=(0, 1, 3), help="how much goes wrong; drawn by the seed if not set"
    )
    parser.add_argument("--processes", type=int, choices=range(1, 6), help="drawn by the seed if not set")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--state", type=Path, help="a file to keep the tally in and to go on from")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _shown(asked)
    tally, first = _state(asked.state, asked.first)
    last = asked.first + asked.seeds
    chunks = [
        Chunk(first=number, count=min(_CHUNK, last - number), intensity=asked.intensity, processes=asked.processes)
        for number in range(first, last, _CHUNK)
    ]
    print(f"seeds {asked.first} to {last - 1}, {asked.workers} processes", flush=True)
    with multiprocessing.Pool(asked.workers) as pool:
        for done, part in enumerate(pool.imap(tried, chunks), start=1):
            tally.merge(part)
            for seed, breach in part.breaches.items():
                _tell_breach(seed, breach, asked)
            _keep(asked.state, tally, chunks[done - 1])
            if done % max(len(chunks) // 10, 1) == 0:
                print(f"  {tally.seeds:,} seeds, {len(tally.breaches)} violations", flush=True)
    print(summary(tally))
    return 1 if tally.breaches else 0


def summary(tally: Tally) -> str:
    """
    Return what was lived through, in a few lines fit for a document.
    """
    figures = ", ".join(f"{count:,} {name}" for name, count in tally.figures.items())
    ends = ", ".join(f"{count:,} {name}" for name, count in tally.outcomes.most_common())
    faults = "\n".join(f"    {count:12,}  {name}" for name, count in tally.faults.most_common())
    return (
        f"{tally.seeds:,} seeds: {figures}\n"
        f"  ends: {ends}\n"
        f"  injected: {sum(tally.faults.values()):,} faults\n{faults}\n"
        f"  {tally.days_per_core_second:.0f} days a second and core\n"
        f"  violations: {len(tally.breaches)}"
    )


def _shown(asked: argparse.Namespace) -> int:
    scenario = scenario_of(asked.seed, intensity=asked.intensity, processes=asked.processes)
    with quietly():
        verdict = lived(scenario, is_told=asked.trace)
    if asked.trace:
        print(scenario)
        for at, who, what in verdict.history:
            print(f"{at:%m-%d %H:%M:%S.%f}  {who:9}  {what}")
    for breach in verdict.breaches:
        print(f"violated: {breach}")
    print(f"seed {asked.seed}: {', '.join(verdict.outcomes)}; {len(verdict.breaches)} violations")
    return 1 if verdict.breaches else 0


def _tell_breach(seed: str, breach: str, asked: argparse.Namespace) -> None:
    settings = "".join(
        f" --{name} {value}"
        for name, value in (("intensity", asked.intensity), ("processes", asked.processes))
        if value is not None
    )
    print(f"  seed {seed}: {breach}\n    again: make simulate ARGS='--seed {seed}{settings} --trace'", flush=True)


def _state(path: Path | None, first: int) -> tuple[Tally, int]:
    if path is None or not path.exists():
        return Tally(), first
    kept = json.loads(path.read_text(encoding="utf-8"))
    tally = Tally(
        seeds=kept["seeds"],
        cpu_s=kept["cpu_s"],
        outcomes=Counter(kept["outcomes"]),
        faults=Counter(kept["faults"]),
        figures=Counter(kept["figures"]),
        breaches=kept["breaches"],
    )
    return tally, kept["next"]


def _keep(path: Path | None, tally: Tally, chunk: Chunk) -> None:
    if path is None:
        return
    kept = {
        "next": chunk.first + chunk.count,
        "seeds": tally.seeds,
        "cpu_s": tally.cpu_s,
        "outcomes": tally.outcomes,
        "faults": tally.faults,
        "figures": tally.figures,
        "breaches": tally.breaches,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(kept), encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
