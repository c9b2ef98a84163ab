"""
What a strategy means: numbered operations, each reading only operations before it, each distinct one once.

Lowering leaves behind whatever changes no weight: names, layout, groups, weightings of a single child. Two texts of
equal meaning become equal plans, and the plans of a whole book merge into one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import assert_never

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.ops import (
    AndOp,
    AssetOp,
    CashOp,
    CompareOp,
    FilterOp,
    IfOp,
    IndicatorOp,
    InverseVolatilityOp,
    MixOp,
    NotOp,
    NumberOp,
    Op,
    OrOp,
    inputs_of,
    pattern_of,
    renumbered,
)

# The volatility that inverse-volatility weighting measures children by.
VOLATILITY = "stdev-return"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """
    Distinct operations of one strategy or of a whole book, each after what it reads.

    Args:
        ops: in order of arrival.
        numbers: of every node that was lowered, the operation it became.
        lookbacks: of operations whose requirements were asked for, the closes they need.
    """

    ops: list[Op] = field(default_factory=list)
    numbers: dict[ast.Part, int] = field(default_factory=dict)
    lookbacks: dict[int, int] = field(default_factory=dict, repr=False)
    _known: dict[Op, int] = field(default_factory=dict, repr=False)
    _reads: list[tuple[int, ...]] = field(default_factory=list, repr=False)
    _patterns: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict, repr=False)

    def add(self, op: Op) -> int:
        """
        Return the number of an operation, a new one if it is new.
        """
        if len(self._reads) < len(self.ops):
            self._index()
        number = self._known.setdefault(op, len(self.ops))
        if number == len(self.ops):
            self.ops.append(op)
            self._reads.append(_in_source_order(op))
        return number

    def order(self, root: int) -> tuple[int, ...]:
        """
        Return a root with everything below it, in the order in which a strategy of its own would number them.
        """
        if len(self._reads) < len(self.ops):
            self._index()
        order: list[int] = []
        seen: set[int] = set()
        stack = [root]
        while stack:
            number = stack.pop()
            if number < 0:
                order.append(~number)
            elif number not in seen:
                seen.add(number)
                reads = self._reads[number]
                if reads:
                    stack.append(~number)
                    stack.extend(reads)
                else:
                    order.append(number)
        return tuple(order)

    def lines(self, order: Sequence[int]) -> list[str]:
        """
        Return the operations of an order as text, numbered by their place in it.
        """
        place = {number: place for place, number in enumerate(order)}
        patterns = [self._patterns.get(number) or self._pattern(number) for number in order]
        return [pattern % tuple([place[one] for one in inputs]) if inputs else pattern for pattern, inputs in patterns]

    def _index(self) -> None:
        # A graph that was given its operations has not looked at them yet: most are only ever evaluated.
        self._known.update(zip(self.ops, range(len(self.ops)), strict=True))
        self._reads[:] = map(_in_source_order, self.ops)

    def _pattern(self, number: int) -> tuple[str, tuple[int, ...]]:
        op = self.ops[number]
        pattern = self._patterns[number] = pattern_of(op), inputs_of(op)
        return pattern


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """
    The operations of one strategy.

    Args:
        graph: where they stand, perhaps among those of other strategies.
        order: their numbers there, so that each follows what it reads and the root is last.
    """

    graph: Graph = field(repr=False)
    order: tuple[int, ...]

    @property
    def ops(self) -> tuple[Op, ...]:
        """
        The operations, referring to each other by their place in the order.
        """
        place = {number: place for place, number in enumerate(self.order)}
        return tuple(renumbered(self.graph.ops[number], place) for number in self.order)

    @property
    def root(self) -> int:
        """
        The number in `ops` of the one that holds the whole portfolio.
        """
        return len(self.order) - 1

    def digest(self, rebalance: ast.Rebalance) -> str:
        """
        Return the SHA-256 of the meaning, rebalancing included, in hex.
        """
        lines = self.graph.lines(self.order)
        return hashlib.sha256("\n".join([*lines, str(self.root), repr(rebalance)]).encode()).hexdigest()


def lower(root: ast.Node, graph: Graph) -> Plan:
    """
    Return the plan of a tree; its operations are added to a graph.
    """
    for part in ast.postorder(root, known=graph.numbers):
        graph.numbers[part] = _lowered(part, graph.numbers, graph)
    return Plan(graph=graph, order=graph.order(graph.numbers[root]))


def merged(plans: Sequence[Plan]) -> tuple[Graph, tuple[tuple[int, ...], ...]]:
    """
    Merge plans into one graph of distinct operations; also return, for each plan, its order in it.

    Plans that share a graph already are taken as they are.
    """
    graphs = {id(plan.graph): plan.graph for plan in plans}
    if len(graphs) == 1:
        (graph,) = graphs.values()
        return graph, tuple(plan.order for plan in plans)
    whole = Graph()
    moves: dict[int, dict[int, int]] = {key: {} for key in graphs}
    for plan in plans:
        moved = moves[id(plan.graph)]
        for number in plan.order:
            if number not in moved:
                moved[number] = whole.add(renumbered(plan.graph.ops[number], moved))
    for key, graph in graphs.items():
        moved = moves[key]
        whole.numbers.update({part: moved[number] for part, number in graph.numbers.items() if number in moved})
    return whole, tuple(tuple(moves[id(plan.graph)][number] for number in plan.order) for plan in plans)


def _in_source_order(op: Op) -> tuple[int, ...]:
    # Children come before what scores them, as in the text; last first, for a stack.
    match op:
        case FilterOp():
            return (*reversed(op.scores), *reversed(op.children))
        case InverseVolatilityOp():
            return (*reversed(op.volatilities), *reversed(op.children))
        case _:
            return tuple(reversed(inputs_of(op)))


def _lowered(part: ast.Part, numbers: Mapping[ast.Part, int], numbering: Graph) -> int:
    match part:
        case ast.Cash():
            return numbering.add(CashOp())
        case ast.Asset():
            return numbering.add(AssetOp(part.symbol))
        case ast.Group():
            return numbers[part.child]
        case ast.WeightEqual():
            children = _all(part.children, numbers)
            return children[0] if len(children) == 1 else numbering.add(MixOp((1,) * len(children), children))
        case ast.WeightSpecified():
            return _mixed([Fraction(w) for w in part.weights], _all(part.children, numbers), numbering)
        case ast.WeightInverseVolatility():
            children = _all(part.children, numbers)
            if len(children) == 1:
                return children[0]
            measured = tuple(numbering.add(IndicatorOp(VOLATILITY, (part.window,), child)) for child in children)
            return numbering.add(InverseVolatilityOp(measured, children))
        case ast.If():
            return numbering.add(IfOp(numbers[part.condition], numbers[part.then], numbers[part.otherwise]))
        case ast.Filter():
            children = _all(part.children, numbers)
            scores = tuple(numbering.add(IndicatorOp(part.indicator, part.parameters, child)) for child in children)
            return numbering.add(FilterOp(part.select, part.count, scores, children))
        case ast.Number():
            return numbering.add(NumberOp(part.value.normalize()))
        case ast.Indicator():
            return numbering.add(IndicatorOp(part.name, part.parameters, numbers[part.of]))
        case ast.Compare():
            return numbering.add(CompareOp(part.operator, numbers[part.left], numbers[part.right]))
        case ast.And():
            return numbering.add(AndOp(_all(part.conditions, numbers)))
        case ast.Or():
            return numbering.add(OrOp(_all(part.conditions, numbers)))
        case ast.Not():
            return numbering.add(NotOp(numbers[part.condition]))
        case _:
            assert_never(part)


def _all(parts: Iterable[ast.Part], numbers: Mapping[ast.Part, int]) -> tuple[int, ...]:
    return tuple(numbers[part] for part in parts)


def _mixed(weights: Sequence[Fraction], children: tuple[int, ...], numbering: Graph) -> int:
    if len(children) == 1:
        return children[0]
    common = 1
    for weight in weights:
        common = common * weight.denominator // gcd(common, weight.denominator)
    whole = [int(weight * common) for weight in weights]
    divisor = gcd(*whole)
    return numbering.add(MixOp(tuple(part // divisor for part in whole), children))
