"""
What strategies want on given bars, session by session, and why; needs no account and records nothing.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from alchemiser.application.evaluation import evaluate_all, near_thresholds, symbols_of
from alchemiser.application.ports.market import BarStore
from alchemiser.domain.errors import MissingBars, SignalUndefined
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.evaluator import SymphonyEvaluation
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.signal import Signal, from_row
from alchemiser.domain.strategy.strategy import Evaluation, Strategy
from alchemiser.domain.strategy.trace import ExplainedNode, Extent

Verdict: TypeAlias = Signal | SignalUndefined

_PUNCTUATION = ".,:;()\"'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    One strategy on one session; `tree` is None for a strategy that is written in Python.

    Args:
        near: the conditions on its way that a small move of one close would have turned over.
    """

    strategy: str
    session: date
    verdict: Verdict
    tree: ExplainedNode | None
    near: tuple[Flip, ...] = ()


def known_closes(strategies: Sequence[Strategy], bars: BarStore, *, through: date) -> Closes:
    """
    Return the closes of the symbols that have bars.

    A symbol without any is left out of the panel: strategies are undefined where it decides, and only there.

    Raises:
        SuspectBars: a bar is no price.
    """
    symbols = symbols_of(strategies)
    while True:
        try:
            return bars.closes(symbols, through=through)
        except MissingBars as missing:
            known = tuple(symbol for symbol in symbols if symbol not in missing.symbols)
            if known == symbols:
                raise
            symbols = known


def last_session(closes: Closes) -> date:
    """
    Return the last session on which at least half of the symbols have a bar.

    The last session of a file may be one that few symbols have been refreshed to.
    """
    counts = (closes.values > 0).sum(axis=0).tolist()
    most = max(counts)
    return next(
        day for day, count in zip(reversed(closes.sessions), reversed(counts), strict=True) if 2 * count >= most
    )


def verdicts(
    strategies: Sequence[Strategy], closes: Closes, sessions: Sequence[date]
) -> Iterator[tuple[Strategy, date, Verdict]]:
    """
    Yield what every strategy says of every session, session by session; everything is evaluated once.

    Signals come without the decisions that led to them.
    """
    evaluations = evaluate_all(strategies, closes)
    for session in sessions:
        for strategy, evaluation in zip(strategies, evaluations, strict=True):
            yield strategy, session, _weights_alone(evaluation, session) or _verdict(evaluation, session)


def explain(
    strategy: Strategy,
    closes: Closes,
    session: date,
    extent: Extent = Extent.HELD,
    *,
    near_within: Decimal = Decimal(0),
) -> Explanation:
    """
    Return why a strategy wants what it wants on a session, or why it cannot say.

    Args:
        near_within: the largest move of a close, as a fraction, that a condition is called near by; 0 for none.
    """
    (evaluation,) = evaluate_all([strategy], closes)
    return Explanation(
        strategy=strategy.name,
        session=session,
        verdict=_verdict(evaluation, session),
        tree=evaluation.explain(session, extent) if isinstance(evaluation, SymphonyEvaluation) else None,
        near=near_thresholds(evaluation, session, within=near_within),
    )


def undefined_words(undefined: SignalUndefined) -> str:
    """
    Return why there is no signal, naming the node and every symbol to look at.
    """
    named = {word.strip(_PUNCTUATION) for word in undefined.why.split()}
    unnamed = [symbol for symbol in undefined.symbols if symbol not in named]
    return f"{undefined.node}: {undefined.why}" + (f" ({', '.join(unnamed)})" if unnamed else "")


def _weights_alone(evaluation: Evaluation, session: date) -> Signal | None:
    # Thousands of sessions are read off at once; the way each was decided is asked for one at a time.
    if not isinstance(evaluation, SymphonyEvaluation):
        return None
    index = bisect_left(evaluation.panel.closes.sessions, session)
    if not evaluation.defined[index]:
        return None
    weights = from_row(evaluation.symbols, evaluation.rows[:, index])
    return Signal(strategy=evaluation.name, session=session, weights=weights)


def _verdict(evaluation: Evaluation, session: date) -> Verdict:
    try:
        return evaluation.signal(session)
    except SignalUndefined as undefined:
        return undefined
