"""
The operations of a compiled book as plain lists and back, one list for each, its kind first.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, assert_never

from alchemiser.domain.indicators.registry import Parameters
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
)
from alchemiser.domain.values import Symbol

COMPARISONS: Mapping[str, ast.Comparison] = {">": ">", "<": "<", ">=": ">=", "<=": "<=", "=": "="}
SELECTIONS: Mapping[str, ast.Selection] = {"top": "top", "bottom": "bottom"}

_Numbers: TypeAlias = Sequence[int]


def plain_ops(ops: Sequence[Op]) -> list[list[object]]:
    """
    Return operations as lists, strings and whole numbers.
    """
    return [_plain(op) for op in ops]


def ops_of(plain: Sequence[Sequence[str]], symbols: Mapping[str, Symbol]) -> list[Op]:
    """
    Return the operations that `plain_ops` has written, on symbols that are known.

    Raises:
        KeyError, TypeError, ArithmeticError: they are something else.
    """
    makers: Mapping[str, Callable[..., Op]] = {"asset": lambda name: AssetOp(symbols[name]), **_MAKERS}
    return [makers[kind](*fields) for kind, *fields in plain]


def plain_parameters(parameters: Parameters) -> list[int | str]:
    """
    Return the parameters of an indicator as whole numbers and text.
    """
    return [one if isinstance(one, int) else str(one) for one in parameters]


def parameters_of(plain: Sequence[int | str]) -> Parameters:
    """
    Return the parameters that `plain_parameters` has written.
    """
    return tuple([one if isinstance(one, int) else Decimal(one) for one in plain])


def _plain(op: Op) -> list[object]:
    match op:
        case CashOp():
            return ["cash"]
        case AssetOp():
            return ["asset", op.symbol]
        case MixOp():
            return ["mix", list(op.parts), list(op.children)]
        case InverseVolatilityOp():
            return ["inverse", list(op.volatilities), list(op.children)]
        case IfOp():
            return ["if", op.condition, op.then, op.otherwise]
        case FilterOp():
            return ["filter", op.select, op.count, list(op.scores), list(op.children)]
        case NumberOp():
            return ["number", str(op.value)]
        case IndicatorOp():
            return ["indicator", op.name, plain_parameters(op.parameters), op.of]
        case CompareOp():
            return ["compare", op.operator, op.left, op.right]
        case AndOp():
            return ["and", list(op.conditions)]
        case OrOp():
            return ["or", list(op.conditions)]
        case NotOp():
            return ["not", op.condition]
        case _:
            assert_never(op)


def _filter(select: str, count: int, scores: _Numbers, children: _Numbers) -> Op:
    return FilterOp(SELECTIONS[select], count, tuple(scores), tuple(children))


def _inverse(volatilities: _Numbers, children: _Numbers) -> Op:
    return InverseVolatilityOp(tuple(volatilities), tuple(children))


_MAKERS: Mapping[str, Callable[..., Op]] = {
    "cash": CashOp,
    "mix": lambda parts, children: MixOp(tuple(parts), tuple(children)),
    "inverse": _inverse,
    "if": IfOp,
    "filter": _filter,
    "number": lambda value: NumberOp(Decimal(value)),
    "indicator": lambda name, parameters, of: IndicatorOp(name, parameters_of(parameters), of),
    "compare": lambda operator, left, right: CompareOp(COMPARISONS[operator], left, right),
    "and": lambda conditions: AndOp(tuple(conditions)),
    "or": lambda conditions: OrOp(tuple(conditions)),
    "not": NotOp,
}
