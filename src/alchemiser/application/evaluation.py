"""
Evaluate strategies on closes: what a run and whoever only looks have in common.

Nothing of the workflow is imported here, so that a command that evaluates files starts soon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.evaluator import SymphonyEvaluation, evaluate_book
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.nearness import flips
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Evaluation, Strategy
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Symbol


def symbols_of(strategies: Sequence[Strategy]) -> tuple[Symbol, ...]:
    """
    Return every symbol the strategies name, ascending.
    """
    return tuple(sorted({symbol for one in strategies for symbol in one.requirements.symbols}))


def evaluate_all(strategies: Sequence[Strategy], closes: Closes) -> tuple[Evaluation, ...]:
    """
    Evaluate strategies in order; all symphonies among them share one graph.
    """
    symphonies = [strategy for strategy in strategies if isinstance(strategy, Symphony)]
    evaluated: dict[int, Evaluation] = {
        id(symphony): evaluation
        for symphony, evaluation in zip(symphonies, evaluate_book(symphonies, closes), strict=True)
    }
    return tuple(evaluated.get(id(strategy)) or _evaluated(strategy, closes) for strategy in strategies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfounded(Evaluation):
    """
    The evaluation of a strategy written in Python that names symbols without bars to be used.
    """

    strategy: str
    reasons: Mapping[Symbol, str]

    def signal(self, session: date) -> Signal:
        """
        Say why there is none.
        """
        raise SignalUndefined(
            strategy=self.strategy,
            node=self.strategy,
            session=session.isoformat(),
            symbols=tuple(self.reasons),
            why="; ".join(f"the bars of {symbol} may not be used, {why}" for symbol, why in self.reasons.items()),
        )


def near_thresholds(evaluation: Evaluation, session: date, *, within: Decimal) -> tuple[Flip, ...]:
    """
    Return the conditions that a move of at most `within` of a last close turns over; none where the bound is 0, and
    none of a strategy that is written in Python.
    """
    if not within or not isinstance(evaluation, SymphonyEvaluation):
        return ()
    return flips(evaluation, session, within=within)


def _evaluated(strategy: Strategy, closes: Closes) -> Evaluation:
    # Nobody knows which of its symbols decide: it is not asked at all.
    reasons = {symbol: closes.absent[symbol] for symbol in strategy.requirements.symbols if symbol in closes.absent}
    return Unfounded(strategy=strategy.name, reasons=reasons) if reasons else strategy.evaluate(closes)
