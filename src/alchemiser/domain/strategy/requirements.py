"""
What a strategy needs before it can be evaluated: symbols, and how many closes of each.
"""

from dataclasses import dataclass

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
