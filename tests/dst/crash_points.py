"""
Die at every single call of a day, before and after its effect, and end as if nothing had happened; `make crash-points`.

1. A day is lived through once, with orders that rest, fill in part, race their cancels and are thrown out.
2. Each of its calls to the outside is a place to die, before its effect or after it. The process is started again and
   has to come to the same end: outcome, positions, each trade's status and shares. When it is back at once, every
   order, ledger row and cent is the same too; when it is away for seconds, orders may rest a little longer.
3. Two small days die twice, at every pair of places.

Every trade is filled in the end, on its fourth attempt at the latest, so that no deadline decides what is compared.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import TypeAlias

from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.gate import Limits
from dst.faults import Crashes, Fault
from dst.quiet import quietly
from dst.scenario import Scenario, scenario_of
from dst.world import World

Points: TypeAlias = tuple[tuple[int, Fault], ...]
_SIDES = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
_RESTARTS_S = (0.0, 0.7, 3.0)
_MOST_SHOWN = 20
_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """
    How a day ended.
    """

    outcome: str
    trades: tuple[tuple[str, str, Decimal], ...]
    orders: tuple[tuple[str, str, Decimal], ...]
    booked: tuple[tuple[str, Decimal], ...]
    held: tuple[tuple[str, Decimal], ...]
    cash: Decimal
    breaches: tuple[str, ...]

    def without_orders(self) -> "End":
        """
        Return what has to be the same however long somebody was away.
        """
        return replace(self, orders=(), booked=(), cash=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """
    Places to die at on the day of a seed, one of them after the other.
    """

    seed: int
    points: tuple[Points, ...]


def plan_of(seed: int) -> Scenario:
    """
    Return the scenario of a seed with one process, one day, one market that stands still, and rough orders.
    """
    drawn = scenario_of(seed, intensity=0, processes=1)
    return replace(
        drawn,
        sessions=1,
        is_rough=True,
        limits=Limits(),
        listings=tuple(replace(listing, is_halted=False) for listing in drawn.listings),
        lead=timedelta(minutes=15),
        poll=timedelta(seconds=15),
    )


def ended(scenario: Scenario, points: Points = (), *, restart_s: float = 0.0) -> tuple[End, int]:
    """
    Return how a day ends that dies at these places, and how many calls it made.
    """
    crashes = Crashes(dict(points))
    world = World(scenario, faults=crashes, restart_s=restart_s)
    verdict = world.run()
    trades = [trade for of_run in world.memory.trades.values() for trade in of_run.values()]
    booked: dict[str, Decimal] = {}
    for entry in world.memory.ledger:
        booked[entry.client_order_id] = booked.get(entry.client_order_id, Decimal(0)) + entry.quantity.value
    end = End(
        outcome=", ".join(verdict.outcomes),
        trades=tuple(sorted((trade.id, trade.status.value, filled(trade).value) for trade in trades)),
        orders=tuple(sorted((name, one.status.value, one.filled) for name, one in world.venue.orders.items())),
        booked=tuple(sorted(booked.items())),
        held=tuple(sorted(world.venue.held.items())),
        cash=world.venue.cash,
        breaches=tuple(sorted({breach.rule for breach in verdict.breaches if breach.rule not in {"P2", "P3"}})),
    )
    return end, crashes.calls


def single_points(seed: int) -> tuple[Points, ...]:
    """
    Return every place to die once on the day of a seed.
    """
    _, calls = ended(plan_of(seed))
    return tuple(((number, side),) for number in range(1, calls + 1) for side in _SIDES)


def pairs_of_points(seed: int) -> Iterator[Points]:
    """
    Return every two places to die at; the second is counted on from the first.
    """
    _, calls = ended(plan_of(seed))
    for first, second in combinations(range(1, calls + 1), 2):
        for one in _SIDES:
            for other in _SIDES:
                yield ((first, one), (second, other))


def differing(task: Task) -> list[tuple[int, Points, str]]:
    """
    Return the places whose end is another than that of the undisturbed day.
    """
    with quietly():
        scenario = plan_of(task.seed)
        expected, _ = ended(scenario)
        found = []
        for points in task.points:
            restart_s = _RESTARTS_S[sum(number for number, _ in points) % len(_RESTARTS_S)]
            end, _ = ended(scenario, points, restart_s=restart_s)
            wanted = expected
            if restart_s:
                wanted, end = expected.without_orders(), end.without_orders()
            if end != wanted:
                found.append((task.seed, points, _difference(wanted, end)))
    return found


def main() -> int:
    """
    Die everywhere; return 1 if an end differs.
    """
    parser = argparse.ArgumentParser(prog="make crash-points", description=__doc__)
    parser.add_argument("--points", type=int, default=30_000, help="at least so many single points")
    parser.add_argument("--plans", type=int, default=100, help="of at least so many plans")
    parser.add_argument("--pairs", type=int, default=2, help="small plans to die twice on")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    with quietly(), multiprocessing.Pool(asked.workers) as pool:
        began = time.perf_counter()
        tasks, plans, points = _single_tasks(asked.plans, asked.points)
        bad = _tried(pool, tasks)
        print(f"{plans} plans, {points:,} crash points: {bad} ended otherwise; {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        tasks, points = _pair_tasks(asked.pairs)
        worse = _tried(pool, tasks)
        print(f"{asked.pairs} plans, {points:,} pairs: {worse} ended otherwise; {time.perf_counter() - began:.0f} s")
    return 1 if bad or worse else 0


def _single_tasks(plans: int, least: int) -> tuple[list[Task], int, int]:
    tasks: list[Task] = []
    points = seed = tried = 0
    while tried < plans or points < least:
        mine = single_points(seed)
        tasks += _batches(seed, mine)
        points += len(mine)
        tried += 1
        seed += 1
    return tasks, tried, points


def _pair_tasks(plans: int) -> tuple[list[Task], int]:
    sizes = sorted((ended(plan_of(seed))[1], seed) for seed in range(200) if _trades_on(seed))
    tasks: list[Task] = []
    points = 0
    for _, seed in sizes[:plans]:
        mine = tuple(pairs_of_points(seed))
        tasks += _batches(seed, mine)
        points += len(mine)
    return tasks, points


def _trades_on(seed: int) -> bool:
    end, _ = ended(plan_of(seed))
    return len(end.orders) > 1


def _batches(seed: int, points: tuple[Points, ...]) -> list[Task]:
    return [Task(seed=seed, points=points[first : first + _BATCH]) for first in range(0, len(points), _BATCH)]


def _tried(pool: "multiprocessing.pool.Pool", tasks: list[Task]) -> int:
    bad = 0
    for found in pool.imap_unordered(differing, tasks):
        for seed, points, why in found:
            bad += 1
            if bad <= _MOST_SHOWN:
                places = " and ".join(f"{side.value} of call {number}" for number, side in points)
                print(f"  plan {seed}, {places}: {why}", flush=True)
    return bad


def _difference(expected: End, found: End) -> str:
    mine, theirs = _fields(expected), _fields(found)
    return "; ".join(
        f"{name}: {mine[name]} was expected, found {theirs[name]}" for name in mine if mine[name] != theirs[name]
    )


def _fields(end: End) -> Mapping[str, object]:
    return {name: getattr(end, name) for name in ("outcome", "trades", "orders", "booked", "held", "cash", "breaches")}


if __name__ == "__main__":
    sys.exit(main())
