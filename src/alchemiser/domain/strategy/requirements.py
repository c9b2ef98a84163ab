"""
What a strategy needs before it can be evaluated: symbols, and how many closes of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alchemiser.domain.indicators.registry import indicator_named
from alchemiser.domain.strategy.ops import AssetOp, IndicatorOp, Op, inputs_of
from alchemiser.domain.strategy.plan import Plan
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """
    The bars a strategy needs.

    Args:
        symbols: every symbol it holds or measures; ascending, each once.
        lookback_sessions: closes needed, the session's own included, until every node is defined; 1 for a
            bare asset. Indicators with infinite memory (rsi, ema) keep changing with more history: load all
            there is.
    """

    symbols: tuple[Symbol, ...]
    lookback_sessions: int

    def __post_init__(self) -> None:
        if list(self.symbols) != sorted(set(self.symbols)):
            raise ValueError(f"expected symbols ascending, each once, found {self.symbols}")
        if self.lookback_sessions < 1:
            raise ValueError(f"expected a lookback of at least 1 session, found {self.lookback_sessions}")


def requirements_of(plan: Plan) -> Requirements:
    """
    Return what a plan needs, without looking at any data.
    """
    ops, known = plan.graph.ops, plan.graph.lookbacks
    for number in plan.order:
        if number not in known:
            known[number] = _lookback(ops[number], known)
    symbols = {op.symbol for op in map(ops.__getitem__, plan.order) if isinstance(op, AssetOp)}
    return Requirements(symbols=tuple(sorted(symbols)), lookback_sessions=known[plan.order[-1]])


def _lookback(op: Op, known: Mapping[int, int]) -> int:
    needed = max((known[one] for one in inputs_of(op)), default=1)
    if not isinstance(op, IndicatorOp):
        return needed
    indicator = indicator_named(op.name)
    if indicator is None:
        raise ValueError(f"expected an indicator of the registry, found {op.name!r}")
    # A sub-tree's own series starts when the sub-tree is first defined.
    return needed + indicator.closes_needed(op.parameters) - 1
