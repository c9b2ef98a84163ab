"""
The operations a strategy is made of once names and layout are left behind; they refer to each other by number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, assert_never

from alchemiser.domain.indicators.registry import Parameters
from alchemiser.domain.strategy import ast
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True)
class CashOp:
    """
    Hold nothing.
    """


@dataclass(frozen=True, slots=True)
class AssetOp:
    """
    Hold one symbol.
    """

    symbol: Symbol


@dataclass(frozen=True, slots=True)
class MixOp:
    """
    Hold two children or more in fixed shares: whole numbers without a common divisor.
    """

    parts: tuple[int, ...]
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InverseVolatilityOp:
    """
    Hold two children or more in inverse proportion to their volatilities.
    """

    volatilities: tuple[int, ...]
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IfOp:
    """
    Hold one branch or the other.
    """

    condition: int
    then: int
    otherwise: int


@dataclass(frozen=True, slots=True)
class FilterOp:
    """
    Hold the children that score best.
    """

    select: ast.Selection
    count: int
    scores: tuple[int, ...]
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NumberOp:
    """
    A constant.
    """

    value: Decimal


@dataclass(frozen=True, slots=True)
class IndicatorOp:
    """
    An indicator of a child's closes.
    """

    name: str
    parameters: Parameters
    of: int


@dataclass(frozen=True, slots=True)
class CompareOp:
    """
    Compare two numbers.
    """

    operator: ast.Comparison
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class AndOp:
    """
    True when all are.
    """

    conditions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrOp:
    """
    True when any is.
    """

    conditions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NotOp:
    """
    True when the other is false.
    """

    condition: int


Op: TypeAlias = (
    CashOp
    | AssetOp
    | MixOp
    | InverseVolatilityOp
    | IfOp
    | FilterOp
    | NumberOp
    | IndicatorOp
    | CompareOp
    | AndOp
    | OrOp
    | NotOp
)


def inputs_of(op: Op) -> tuple[int, ...]:
    """
    Return the operations an operation reads.
    """
    match op:
        case CashOp() | AssetOp() | NumberOp():
            return ()
        case MixOp():
            return op.children
        case InverseVolatilityOp():
            return (*op.volatilities, *op.children)
        case FilterOp():
            return (*op.scores, *op.children)
        case IfOp():
            return (op.condition, op.then, op.otherwise)
        case IndicatorOp():
            return (op.of,)
        case CompareOp():
            return (op.left, op.right)
        case AndOp() | OrOp():
            return op.conditions
        case NotOp():
            return (op.condition,)
        case _:
            assert_never(op)


def pattern_of(op: Op) -> str:
    """
    Return an operation as text, with a place to print a number in for each it reads, in the order of `inputs_of`.

    Fingerprints are made of these texts, so they stay as they are.
    """
    match op:
        case CashOp() | AssetOp() | NumberOp():
            return repr(op)
        case MixOp():
            return f"MixOp(parts={op.parts!r}, children={_places(op.children)})"
        case InverseVolatilityOp():
            return f"InverseVolatilityOp(volatilities={_places(op.volatilities)}, children={_places(op.children)})"
        case FilterOp():
            scores, children = _places(op.scores), _places(op.children)
            return f"FilterOp(select={op.select!r}, count={op.count!r}, scores={scores}, children={children})"
        case IfOp():
            return "IfOp(condition=%d, then=%d, otherwise=%d)"
        case IndicatorOp():
            return f"IndicatorOp(name={op.name!r}, parameters={op.parameters!r}, of=%d)"
        case CompareOp():
            return f"CompareOp(operator={op.operator!r}, left=%d, right=%d)"
        case AndOp():
            return f"AndOp(conditions={_places(op.conditions)})"
        case OrOp():
            return f"OrOp(conditions={_places(op.conditions)})"
        case NotOp():
            return "NotOp(condition=%d)"
        case _:
            assert_never(op)


def _places(numbers: tuple[int, ...]) -> str:
    return "(%d,)" if len(numbers) == 1 else "(" + ", ".join(["%d"] * len(numbers)) + ")"


def renumbered(op: Op, moved: Mapping[int, int]) -> Op:
    """
    Return an operation that reads by new numbers: what was i is moved[i].
    """
    match op:
        case CashOp() | AssetOp() | NumberOp():
            return op
        case MixOp():
            return MixOp(op.parts, tuple(moved[i] for i in op.children))
        case InverseVolatilityOp():
            return InverseVolatilityOp(tuple(moved[i] for i in op.volatilities), tuple(moved[i] for i in op.children))
        case FilterOp():
            return FilterOp(
                op.select, op.count, tuple(moved[i] for i in op.scores), tuple(moved[i] for i in op.children)
            )
        case IfOp():
            return IfOp(moved[op.condition], moved[op.then], moved[op.otherwise])
        case IndicatorOp():
            return IndicatorOp(op.name, op.parameters, moved[op.of])
        case CompareOp():
            return CompareOp(op.operator, moved[op.left], moved[op.right])
        case AndOp():
            return AndOp(tuple(moved[i] for i in op.conditions))
        case OrOp():
            return OrOp(tuple(moved[i] for i in op.conditions))
        case NotOp():
            return NotOp(moved[op.condition])
        case _:
            assert_never(op)
