"""
Time a made book of real size: 19 strategies, 110,000 forms, 290 symbols. Run with `make bench`.

1. parse, compile and evaluate the book on 2,514 sessions, on 5,028 sessions, and half of the book;
2. the same from compiled strategies that were kept on the disk;
3. the per-day oracle on the same book: on its last sessions only, and scaled to all of them. What the oracle computes
   once for a whole history (rsi and exponential averages) is counted once; what it computes a day is scaled by days.
"""

import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.synthetic import book_texts, made_closes, symbols
from benchmarks.timing import RUNS, Times, peak_megabytes, timed

from alchemiser.application.ports.strategies import Written
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.evaluator import evaluate_book
from alchemiser.domain.strategy.lines import Shelf
from alchemiser.domain.strategy.reader import read
from alchemiser.domain.strategy.stock import Stock
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.infrastructure.compiled.files import CompiledFiles
from support.oracle import Oracle

SESSIONS = 2_514
ORACLE_SESSIONS = 20


def main() -> None:
    """
    Print the times of the book.
    """
    texts = book_texts()
    print(f"made book: {len(texts)} strategies, {len(symbols())} symbols, one core; best and median of {RUNS}")
    whole = _report("the whole book", texts, SESSIONS)
    double = _report("twice the sessions", texts, 2 * SESSIONS)
    half = _report("half of the book", texts[1::2] + texts[2::4], SESSIONS)
    print(
        f"  twice the sessions cost {double / whole:.2f} of the evaluation (CPU), half of the book {half / whole:.2f}"
    )
    _oracle(texts, whole)


def evaluated_from_text(texts: Sequence[str], sessions: int) -> None:
    """
    Compile and evaluate texts once.
    """
    evaluate_book(_compiled(texts), made_closes(symbols(), sessions))


def _report(title: str, texts: Sequence[str], sessions: int) -> float:
    closes = made_closes(symbols(), sessions)
    book = _compiled(texts)
    lines, nodes = sum(text.count("\n") for text in texts), len(book[0].plan.graph.numbers)
    print(f"{title}: {len(texts)} strategies, {lines:,} lines, {nodes:,} distinct nodes, {sessions:,} sessions")
    evaluate = timed(partial(evaluate_book, book, closes))
    _line("parse", timed(partial(_read, texts)))
    _line("parse and compile", timed(partial(_compiled, texts)))
    _line("evaluate", evaluate)
    _line("total from text", timed(lambda: evaluate_book(_compiled(texts), closes)))
    with tempfile.TemporaryDirectory() as folder:
        kept = CompiledFiles(Path(folder))
        written = [Written(file=f"{number}.clj", text=text) for number, text in enumerate(texts)]
        kept.keep(written, book)
        _line("load compiled", timed(lambda: kept.find(written)))
        _line("total from compiled", timed(lambda: evaluate_book(kept.find(written) or (), closes)))
    print(f"  {'peak memory':<24}{peak_megabytes(partial(evaluated_from_text, texts, sessions)):9.0f} MB")
    return evaluate.best_cpu


def _read(texts: Sequence[str]) -> None:
    shelf = Shelf()
    for text in texts:
        read(text, shelf=shelf)


def _compiled(texts: Sequence[str]) -> tuple[Symphony, ...]:
    stock = Stock()
    return tuple(compile_text(text, stock=stock) for text in texts)


def _line(name: str, times: Times) -> None:
    print(f"  {name:<24}{times}")


def _oracle(texts: Sequence[str], evaluate: float) -> None:
    closes = made_closes(symbols(), SESSIONS)
    once = daily = 0.0
    first, *rest = range(SESSIONS - ORACLE_SESSIONS, SESSIONS)
    for symphony in _compiled(texts):
        oracle = Oracle(symphony.root, closes)
        once += _seconds(oracle, [first])
        daily += _seconds(oracle, rest) / len(rest)
    scaled = once + daily * (SESSIONS - 1)
    print(f"per-day oracle on {ORACLE_SESSIONS} sessions: the first {once:.1f} s, then {daily:.3f} s a session")
    print(f"  scaled to {SESSIONS:,} sessions {scaled:,.0f} s, {scaled / evaluate:,.0f} times the evaluation (CPU)")


def _seconds(oracle: Oracle, days: Sequence[int]) -> float:
    began = time.process_time()
    for day in days:
        oracle.on(day)
    return time.process_time() - began


if __name__ == "__main__":
    main()
