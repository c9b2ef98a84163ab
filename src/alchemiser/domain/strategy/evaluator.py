"""
A whole book on one panel: plans merged, operations evaluated once, weights read off for each strategy.

1. merge the plans: equal sub-trees of different strategies become one operation;
2. bottom-up: indicators, conditions, choices, each distinct one once for all sessions;
3. top-down: weights, every holding visited once for all strategies.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.market import Closes, Series
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.panel import Panel, evaluated
from alchemiser.domain.strategy.plan import Plan, merged
from alchemiser.domain.strategy.series import Flags
from alchemiser.domain.strategy.sight import Sight
from alchemiser.domain.strategy.signal import Signal, from_row
from alchemiser.domain.strategy.trace import (
    Entry,
    ExplainedNode,
    Extent,
    decisions_of,
    explained,
    first_undefined,
    walked,
)
from alchemiser.domain.strategy.weights import Weights, weights_of
from alchemiser.domain.values import Symbol


class Compiled(Protocol):
    """
    A strategy that has a tree and its plan.
    """

    @property
    def name(self) -> str:
        """
        What the trader calls it.
        """

    @property
    def root(self) -> ast.Node:
        """
        Its tree.
        """

    @property
    def plan(self) -> Plan:
        """
        What the tree means.
        """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymphonyEvaluation:
    """
    A symphony evaluated on every session of a panel.

    Args:
        name: the strategy's.
        root: its tree.
        panel: the operations of the whole book.
        numbers: of every node of the tree, its operation in the panel.
        symbols: what it may hold, ascending, length N.
        rows: the weights, float64, shape (N, T); NaN on sessions that are undefined.
        defined: where missing data decides nothing, shape (T,).
    """

    name: str
    root: ast.Node
    panel: Panel
    numbers: Mapping[ast.Part, int]
    symbols: tuple[Symbol, ...]
    rows: Series
    defined: Flags
    texts: dict[ast.Part, str] = field(default_factory=dict, repr=False)

    @property
    def weights(self) -> tuple[tuple[Symbol, ...], Series]:
        """
        The symbols and their weights, shape (N, T).
        """
        return self.symbols, self.rows

    def signal(self, session: date) -> Signal:
        """
        Return the signal of one session.

        Raises:
            SignalUndefined: missing data decides it.
            ValueError: the session is not in the panel.
        """
        index = self._index(session)
        entries = self._walked(index)
        if not self.defined[index]:
            raise self._undefined(session, entries)
        return Signal(
            strategy=self.name,
            session=session,
            weights=from_row(self.symbols, self.rows[:, index]),
            decisions=decisions_of(entries),
        )

    def explain(self, session: date, extent: Extent = Extent.HELD) -> ExplainedNode:
        """
        Return the tree as one session saw it, also where the session is undefined.

        Raises:
            ValueError: the session is not in the panel.
        """
        index = self._index(session)
        return explained(self._walked(index, extent), self._sight(index))

    def _index(self, session: date) -> int:
        sessions = self.panel.closes.sessions
        index = bisect_left(sessions, session)
        if index == len(sessions) or sessions[index] != session:
            raise ValueError(f"expected a session from {sessions[0]} to {sessions[-1]}, found {session}")
        return index

    def _sight(self, index: int) -> Sight:
        return Sight(panel=self.panel, numbers=self.numbers, index=index, texts=self.texts)

    def _walked(self, index: int, extent: Extent = Extent.HELD) -> tuple[Entry, ...]:
        return walked(self.name, self.root, self._sight(index), extent)

    def _undefined(self, session: date, entries: tuple[Entry, ...]) -> SignalUndefined:
        entry = first_undefined(entries)
        if entry is None or entry.why is None:
            raise ValueError(f"expected a node of {self.name} that is undefined on {session}, found none")
        part = entry.part
        node = self._sight(0).text(part.condition if isinstance(part, ast.If) else part)
        return SignalUndefined(
            strategy=self.name,
            node=node,
            session=session.isoformat(),
            symbols=entry.why.symbols,
            why=entry.why.text,
        )


def evaluate_book(symphonies: Iterable[Compiled], closes: Closes) -> tuple[SymphonyEvaluation, ...]:
    """
    Evaluate strategies together; what they have in common is computed once.

    A symbol without a row in the panel has no bars: what it decides is undefined. A row that begins with NaN is a
    symbol that is listed later.

    Raises:
        ValueError: the panel has no session.
    """
    compiled = list(symphonies)
    graph, orders = merged([symphony.plan for symphony in compiled])
    needed = sorted(set().union(*orders))
    panel = evaluated(graph.ops, closes, needed)
    weights = weights_of(panel, [order[-1] for order in orders])
    return tuple(_evaluation(one, own, panel, graph.numbers) for one, own in zip(compiled, weights, strict=True))


def _evaluation(
    symphony: Compiled, weights: Weights, panel: Panel, numbers: Mapping[ast.Part, int]
) -> SymphonyEvaluation:
    return SymphonyEvaluation(
        name=symphony.name,
        root=symphony.root,
        panel=panel,
        numbers=numbers,
        symbols=weights.symbols,
        rows=weights.rows,
        defined=~weights.undefined,
    )
