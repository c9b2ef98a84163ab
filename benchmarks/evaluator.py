"""
Time the evaluation of the shipped book on the simulated market, against the per-day oracle in the same run.

The panel evaluates every session at once; the oracle walks the trees day by day. Their ratio is taken on the same,
shorter history, which both evaluate whole. Run with `make bench`.
"""

import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.evaluator import evaluate_book
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.files import strategy_library
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from support.oracle import Oracle

_PORTFOLIO = Path(__file__).parents[1] / "strategies" / "portfolio.toml"
_THROUGH = date(2026, 7, 30)
_RUNS = 7
_ORACLE_SESSIONS = 1000


def main() -> None:
    """
    Print the times and their ratio.
    """
    library = strategy_library(_PORTFOLIO)
    symphonies = [strategy for strategy in library.book().strategies if isinstance(strategy, Symphony)]
    symbols = sorted({symbol for one in symphonies for symbol in one.requirements.symbols})
    closes = SimulatedMarket(new_york()).closes(symbols, through=_THROUGH)
    sessions = len(closes.sessions)
    read = [_timed(library.book) for _ in range(_RUNS)]
    panel = [_timed(lambda: evaluate_book(symphonies, closes)) for _ in range(_RUNS)]
    short = closes.upto(closes.sessions[_ORACLE_SESSIONS - 1])
    short_panel = statistics.median(_timed(lambda: evaluate_book(symphonies, short)) for _ in range(_RUNS))
    oracle = _timed(lambda: _walk(symphonies, short))
    print(f"{len(symphonies)} strategies, {len(symbols)} symbols, {sessions} sessions, best and median of {_RUNS}")
    print(f"  read and compile   {min(read) * 1e3:9.1f} ms {statistics.median(read) * 1e3:9.1f} ms")
    print(f"  evaluate all       {min(panel) * 1e3:9.1f} ms {statistics.median(panel) * 1e3:9.1f} ms")
    print(f"on the first {_ORACLE_SESSIONS} sessions")
    print(f"  evaluate all       {short_panel * 1e3:9.1f} ms")
    print(f"  per-day oracle     {oracle * 1e3:9.1f} ms")
    print(f"  oracle / panel     {oracle / short_panel:9.0f}")


def _walk(symphonies: list[Symphony], closes: Closes) -> None:
    for symphony in symphonies:
        oracle = Oracle(symphony.root, closes)
        for day in range(len(closes.sessions)):
            oracle.on(day)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
