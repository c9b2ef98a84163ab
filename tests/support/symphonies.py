"""
Short ways to write strategies and closes.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.market import Closes, panel
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.evaluator import SymphonyEvaluation
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Symbol
from support.trees import days

NAN = float("nan")


def a_symphony(body: str, *, name: str = "Test", settings: str = "{:rebalance-frequency :daily}") -> Symphony:
    """
    Compile a body.
    """
    return compile_text(f'(defsymphony "{name}" {settings} {body})', file="test.clj")


def closes_of(**rows: Sequence[float]) -> Closes:
    """
    Return a panel from rows of closes: `closes_of(SPY=[1, 2, 3])`.
    """
    length = len(next(iter(rows.values())))
    return panel(days(length), {Symbol(symbol): row for symbol, row in rows.items()})


def evaluated(body: str, **rows: Sequence[float]) -> SymphonyEvaluation:
    """
    Evaluate a body on rows of closes.
    """
    return a_symphony(body).evaluate(closes_of(**rows))


def last_weights(evaluation: SymphonyEvaluation) -> Mapping[str, str] | SignalUndefined:
    """
    Return the last session's weights as text, without needless zeros, or why there are none.
    """
    try:
        weights = evaluation.signal(evaluation.panel.closes.sessions[-1]).weights
    except SignalUndefined as undefined:
        return undefined
    return {symbol: format((weight + Decimal(0)).normalize(), "f") for symbol, weight in weights.items()}
