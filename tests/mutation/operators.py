"""
What is done to a piece of code to damage it: one small fault each.

    comparisons     the boundary moved, the direction turned, `is`, `in` and `==` negated
    arithmetic      + for -, * for /, and the other way round; a sign dropped
    logic           `and` for `or`, a clause dropped, `not` dropped, a bare condition negated
    constants       numbers and the last digit of Decimal texts one up and one down, booleans turned, short texts
    calls           neighbouring arguments swapped, a keyword of `replace` dropped, min for max, any for all
    results         None for a result, a truth turned
    statements      calls, yields, raises, changes in place left out; break for continue
    branches        a case, an exception of a handler, or the whole handler left out
"""

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal, InvalidOperation
from typing import TypeVar

_BOUNDARY: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Whose arguments may stand in any order: conditions, and columns that are read by name.
_ANY_ORDER = {"and_", "or_", "where", "select"}
# A text of more than three words is the wording of a message.
_SHORT_TEXT = re.compile(r"[A-Za-z_]*( [a-z]+){0,2}")
_T = TypeVar("_T", bound=ast.AST)


def damaged(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """
    Yield every way to damage an expression itself, its parts untouched: what was done, and the result.
    """
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            yield _changed_sign(op), _with(node, op=_ARITHMETIC[type(op)]())
        case ast.BoolOp():
            yield from _clauses(node)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield f"{_sign(node.op)} dropped", node.operand
        case ast.Constant():
            yield from _constants(node)
        case ast.Call():
            yield from _calls(node)
        case _:
            return


def negated(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """
    Yield the negation of a condition that no other operator turns.
    """
    if not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
        yield "negated", ast.UnaryOp(op=ast.Not(), operand=node)


def in_place(node: ast.AugAssign) -> Iterator[tuple[str, ast.stmt]]:
    """
    Yield the ways to damage a change in place.
    """
    if type(node.op) in _ARITHMETIC:
        yield _changed_sign(node.op), _with(node, op=_ARITHMETIC[type(node.op)]())


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, ast.expr]]:
    for at, op in enumerate(node.ops):
        for other in _BOUNDARY[type(op)]:
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield f"{_sign(op)} → {_sign(other())}", _with(node, ops=ops)


def _clauses(node: ast.BoolOp) -> Iterator[tuple[str, ast.expr]]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield f"{_sign(node.op)} → {_sign(other)}", _with(node, op=other)
    for at, clause in enumerate(node.values):
        rest = [*node.values[:at], *node.values[at + 1 :]]
        shorter = _with(node, values=rest) if len(rest) > 1 else rest[0]
        yield f"dropped {ast.unparse(clause)}", shorter


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.expr]]:
    for value in _others(node.value):
        yield f"{node.value!r} → {value!r}", ast.Constant(value=value)


def _others(value: object) -> Iterator[bool | float | str]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (value + 1, value - 1)
        case str():
            try:
                yield from _neighbours(Decimal(value))
            except InvalidOperation:
                if _SHORT_TEXT.fullmatch(value):
                    yield f"{value}x"
        case _:
            return


def _neighbours(number: Decimal) -> Iterator[str]:
    if number.is_finite():
        digit = Decimal(1).scaleb(int(number.as_tuple().exponent))
        yield from (str(number + digit), str(number - digit))


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _ANY_ORDER:
        return
    if name in _TWINS:
        yield f"{name} → {_TWINS[name]}", _with(node, func=ast.Name(id=_TWINS[name]))
    if name == "replace":
        for at, keyword in enumerate(node.keywords):
            yield f"dropped {keyword.arg}", _with(node, keywords=[*node.keywords[:at], *node.keywords[at + 1 :]])
    if name in {"isinstance", *_TWINS, *_ANY_ORDER} or any(isinstance(one, ast.Starred) for one in node.args):
        return
    for at in range(len(node.args) - 1):
        first, second = node.args[at : at + 2]
        if ast.dump(first) != ast.dump(second):
            swapped = [*node.args[:at], second, first, *node.args[at + 2 :]]
            yield f"swapped {ast.unparse(first)} and {ast.unparse(second)}", _with(node, args=swapped)


def _with(node: _T, **fields: object) -> _T:
    copy = deepcopy(node)
    for name, value in fields.items():
        setattr(copy, name, value)
    return copy


def _changed_sign(op: ast.operator) -> str:
    return f"{_sign(op)} → {_sign(_ARITHMETIC[type(op)]())}"


def _sign(op: ast.AST) -> str:
    a, b = ast.Name(id="a"), ast.Name(id="b")
    match op:
        case ast.cmpop():
            text = ast.unparse(ast.Compare(left=a, ops=[op], comparators=[b]))
        case ast.operator():
            text = ast.unparse(ast.BinOp(left=a, op=op, right=b))
        case ast.boolop():
            text = ast.unparse(ast.BoolOp(op=op, values=[a, b]))
        case ast.unaryop():
            return ast.unparse(ast.UnaryOp(op=op, operand=a)).removesuffix("a").strip()
        case _:
            raise TypeError(f"expected an operator, found {op!r}")
    return text.removeprefix("a").removesuffix("b").strip()
