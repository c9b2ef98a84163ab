"""
A compiled strategy file.
"""

from dataclasses import dataclass, field

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.evaluator import SymphonyEvaluation, evaluate_book
from alchemiser.domain.strategy.plan import Plan
from alchemiser.domain.strategy.printer import formatted_strategy
from alchemiser.domain.strategy.requirements import Requirements


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Symphony:
    """
    A strategy written in the language.

    Args:
        name: as `defsymphony` calls it.
        file: where it was read from.
        root: its tree.
        plan: what the tree means.
        rebalance: how often it is brought back to its target.
        fingerprint: SHA-256 of plan and rebalancing; names do not count.
        requirements: the bars it needs.
    """

    name: str
    file: str
    root: ast.Node = field(repr=False)
    plan: Plan = field(repr=False)
    rebalance: ast.Rebalance
    fingerprint: str
    requirements: Requirements

    @property
    def text(self) -> str:
        """
        The canonical text.
        """
        return formatted_strategy(self.name, self.rebalance, self.root)

    def evaluate(self, closes: Closes) -> SymphonyEvaluation:
        """
        Evaluate every session of a panel; strategies of one book are cheaper together: `evaluate_book`.
        """
        return evaluate_book((self,), closes)[0]
