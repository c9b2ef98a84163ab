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
    renumbered,
)

# The volatility that inverse-volatility weighting measures children by.
VOLATILITY = "stdev-return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    The operations of one strategy.

    Args:
        ops: in an order in which every operation follows what it reads.
        root: the number of the one that holds the whole portfolio.
        numbers: of every node of the tree, the operation it became.
    """

    ops: tuple[Op, ...]
    root: int
    numbers: Mapping[ast.Part, int]

    def digest(self, rebalance: ast.Rebalance) -> str:
        """
        Return the SHA-256 of the meaning, rebalancing included, in hex.
        """
        lines = [repr(op) for op in self.ops]
        return hashlib.sha256("\n".join([*lines, str(self.root), repr(rebalance)]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Numbering:
    """
    Operations in order of arrival, equal ones once.
    """

    numbers: dict[Op, int] = field(default_factory=dict)

    def add(self, op: Op) -> int:
        """
        Return the number of an operation, a new one if it is new.
        """
        return self.numbers.setdefault(op, len(self.numbers))


def lower(root: ast.Node) -> Plan:
    """
    Return the plan of a tree.
    """
    numbering = Numbering()
    numbers: dict[ast.Part, int] = {}
    for part in ast.postorder(root):
        numbers[part] = _lowered(part, numbers, numbering)
    return Plan(ops=tuple(numbering.numbers), root=numbers[root], numbers=numbers)


def merged(plans: Iterable[Plan]) -> tuple[tuple[Op, ...], tuple[tuple[int, ...], ...]]:
    """
    Merge plans into one list of distinct operations; also return, for each plan, its operations' new numbers.
    """
    numbering = Numbering()
    moves = []
    for plan in plans:
        moved: list[int] = []
        for op in plan.ops:
            moved.append(numbering.add(renumbered(op, moved)))
        moves.append(tuple(moved))
    return tuple(numbering.numbers), tuple(moves)


def _lowered(part: ast.Part, numbers: Mapping[ast.Part, int], numbering: Numbering) -> int:
    match part:
        case ast.Cash():
            return numbering.add(CashOp())
        case ast.Asset():
            return numbering.add(AssetOp(part.symbol))
        case ast.Group():
            return numbers[part.child]
        case ast.WeightEqual():
            return _mixed([Fraction(1)] * len(part.children), _all(part.children, numbers), numbering)
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


def _mixed(weights: Sequence[Fraction], children: tuple[int, ...], numbering: Numbering) -> int:
    if len(children) == 1:
        return children[0]
    common = 1
    for weight in weights:
        common = common * weight.denominator // gcd(common, weight.denominator)
    whole = [int(weight * common) for weight in weights]
    divisor = gcd(*whole)
    return numbering.add(MixOp(tuple(part // divisor for part in whole), children))
