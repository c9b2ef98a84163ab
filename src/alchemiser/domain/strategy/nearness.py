"""
Which move of one symbol's last close would turn a condition over.

1. take the conditions that a session's weights were decided by, and every symbol each of them reads;
2. make copies of a condition, each reading the symbol under a name of its own;
3. give every name the symbol's closes with the last one moved, and evaluate all copies as any strategy is;
4. narrow each gap between the last move that changes nothing and the first that does, and copy again.

Whatever a condition is made of, it is answered by the evaluator itself. Two turns between neighbouring moves of the
first grid are not seen.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_UP, Decimal

import numpy as np

from alchemiser.domain.market import Closes, Series
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.evaluator import SymphonyEvaluation
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.ops import AssetOp, Op, inputs_of, renumbered
from alchemiser.domain.strategy.panel import Panel, evaluated
from alchemiser.domain.strategy.plan import Graph
from alchemiser.domain.strategy.sight import Sight
from alchemiser.domain.strategy.trace import walked
from alchemiser.domain.values import Symbol

_STEPS = 12
_ROUNDS = 6
_PERCENT = Decimal("0.0001")
_MILLIONTH = Decimal("0.000001")
_MOST_VALUES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    """
    A condition, a symbol and a direction, with the moves, as fractions, the turn lies between.
    """

    entry: int
    condition: int
    symbol: Symbol
    unturned: float
    turned: float

    def moves(self) -> list[float]:
        """
        Return moves that cut the gap evenly, its far end included.
        """
        step = (self.turned - self.unturned) / _STEPS
        return [self.unturned + step * number for number in range(1, _STEPS)] + [self.turned]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Copies:
    """
    Copies of conditions up to a session, and the closes they read.
    """

    panel: Panel
    index: int
    graph: Graph = field(default_factory=Graph)
    rows: dict[Symbol, Series] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """
        Whether evaluating more at once would take too much memory.
        """
        return len(self.graph.ops) * (self.index + 1) > _MOST_VALUES

    def add(self, search: _Search, move: float) -> int:
        """
        Copy a condition with one symbol moved; return the copy's number.
        """
        moved: dict[int, int] = {}
        for number in _below(self.panel.ops, search.condition):
            op = self.panel.ops[number]
            if isinstance(op, AssetOp):
                # No ticker is called so.
                is_moved = op.symbol == search.symbol
                name = Symbol(f"{op.symbol} {move!r}") if is_moved else op.symbol
                self._hold(name, op.symbol, move if is_moved else 0.0)
                moved[number] = self.graph.add(AssetOp(name))
            else:
                moved[number] = self.graph.add(renumbered(op, moved))
        return moved[search.condition]

    def evaluated(self) -> Panel:
        """
        Answer all copies.
        """
        closes = Closes(
            sessions=self.panel.closes.sessions[: self.index + 1],
            symbols=tuple(self.rows),
            values=np.stack(list(self.rows.values())),
        )
        return evaluated(self.graph.ops, closes, range(len(self.graph.ops)))

    def _hold(self, name: Symbol, symbol: Symbol, move: float) -> None:
        if name not in self.rows and self.panel.closes.holds(symbol):
            row = self.panel.closes.of(symbol)[: self.index + 1].copy()
            row[-1] *= 1.0 + move
            self.rows[name] = row


def flips(evaluation: SymphonyEvaluation, session: date, *, within: Decimal) -> tuple[Flip, ...]:
    """
    Return the conditions on a session's way that a move of at most `within` turns over, the smallest move first.

    Each condition and symbol is told of once, with the smaller of the moves up and down.

    Args:
        within: a fraction above 0 and below 1.

    Raises:
        ValueError: the bound is out of range, or the session is not in the panel.
    """
    if not 0 < within < 1:
        raise ValueError(f"expected a bound above 0 and below 1, found {within}")
    panel = evaluation.panel
    index = bisect_left(panel.closes.sessions, session)
    if index == len(panel.closes.sessions) or panel.closes.sessions[index] != session:
        raise ValueError(f"expected a session of the panel, found {session}")
    sight = Sight(panel=panel, numbers=evaluation.numbers, index=index, texts=evaluation.texts)
    asked = _asked(evaluation, sight)
    searches = [
        _Search(
            entry=place,
            condition=evaluation.numbers[condition],
            symbol=symbol,
            unturned=0.0,
            turned=toward * float(within),
        )
        for place, (condition, _) in enumerate(asked)
        for symbol in _symbols_of(panel, evaluation.numbers[condition])
        if panel.closes.holds(symbol) and not np.isnan(panel.closes.of(symbol)[index])
        for toward in (1.0, -1.0)
    ]
    for _ in range(_ROUNDS):
        searches = _narrowed(searches, panel, index)
    nearest: dict[tuple[int, Symbol], _Search] = {}
    for search in sorted(searches, key=lambda one: abs(one.turned)):
        nearest.setdefault((search.entry, search.symbol), search)
    found = [_flip(search, asked[search.entry], sight) for search in nearest.values()]
    return tuple(sorted(found, key=lambda one: (abs(one.move_pct), one.path, one.symbol)))


def _asked(evaluation: SymphonyEvaluation, sight: Sight) -> list[tuple[ast.Condition, str]]:
    # Each distinct condition once, where it is first asked.
    entries = walked(evaluation.name, evaluation.root, sight)
    paths: dict[ast.Condition, str] = {}
    for entry in entries:
        is_asked = entry.parent >= 0 and isinstance(entries[entry.parent].part, ast.If)
        if is_asked and not isinstance(entry.part, ast.Node) and sight.outcome(entry.part) != "unknown":
            paths.setdefault(entry.part, entry.path)
    return list(paths.items())


def _symbols_of(panel: Panel, root: int) -> list[Symbol]:
    below = (panel.ops[number] for number in _below(panel.ops, root))
    return sorted({op.symbol for op in below if isinstance(op, AssetOp)})


def _below(ops: Sequence[Op], root: int) -> list[int]:
    reached = {root}
    stack = [root]
    while stack:
        fresh = set(inputs_of(ops[stack.pop()])) - reached
        reached |= fresh
        stack.extend(fresh)
    return sorted(reached)


def _narrowed(searches: Sequence[_Search], panel: Panel, index: int) -> list[_Search]:
    kept: list[_Search] = []
    waiting = list(searches)
    while waiting:
        copies = _Copies(panel=panel, index=index)
        taken: list[tuple[_Search, list[int]]] = []
        while waiting and not copies.is_full:
            search = waiting.pop(0)
            taken.append((search, [copies.add(search, move) for move in search.moves()]))
        answered = copies.evaluated()
        for search, numbers in taken:
            was_true = bool(panel.truths[search.condition].true[index])
            truths = [answered.truths[number] for number in numbers]
            turned = [bool((truth.false if was_true else truth.true)[-1]) for truth in truths]
            if any(turned):
                place = turned.index(True)
                moves = [search.unturned, *search.moves()]
                kept.append(replace(search, unturned=moves[place], turned=moves[place + 1]))
    return kept


def _flip(search: _Search, asked: tuple[ast.Condition, str], sight: Sight) -> Flip:
    condition, path = asked
    move_pct = Decimal(repr(search.turned * 100)).quantize(_PERCENT, rounding=ROUND_UP)
    close = Decimal(repr(float(sight.panel.closes.of(search.symbol)[sight.index])))
    return Flip(
        node=sight.text(condition),
        path=path,
        outcome=sight.outcome(condition),
        symbol=search.symbol,
        move_pct=move_pct,
        close=(close * (1 + move_pct / 100)).quantize(_MILLIONTH),
    )
