"""
What every clause of the language shares: the check of its shape first, its construction once its parts are built.

A clause becomes a `Draft`: the forms it needs compiled, and how to build its node from them. The compiler keeps the
stack, so no clause calls another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn, TypeAlias, assert_never

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Str, Sym, Vector
from alchemiser.domain.values import Symbol, as_symbol

NUMBER_LIMIT = Decimal("1e18")
DECIMALS_LIMIT = 30
NUMBER_LENGTH_LIMIT = 100
_SHOWN_LIMIT = 40
_FIRST_LEGIBLE = 0x20
_CONTROLS = frozenset(map(chr, range(0x7F, 0xA0)))

Intern: TypeAlias = Callable[[ast.Part], ast.Part]
Build: TypeAlias = Callable[[Sequence[ast.Part]], ast.Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    A clause whose shape is right.

    Args:
        needs: the forms to compile first.
        build: their parts, in that order, to the clause's own.
    """

    needs: tuple[Form, ...] = ()
    build: Build


def refuse(form: Form, problem: str) -> NoReturn:
    """
    Raise DslCompileError at a form.
    """
    raise form.source.refusal(problem, form.first, form.last)


def described(form: Form) -> str:
    """
    Name a form in an error: what it is, or how it begins.
    """
    match form:
        case Sym():
            return shortened(form.name)
        case Kw():
            return f":{shortened(form.name)}"
        case Str():
            return f'"{shortened(form.value)}"'
        case Num():
            return shortened(form.text)
        case List():
            return f"({described(form.items[0])} …)" if form.items and is_atom(form.items[0]) else "a list"
        case Vector():
            return "a vector"
        case Map():
            return "a map"
        case _:
            assert_never(form)


def is_atom(form: Form) -> bool:
    """
    Tell whether a form has no brackets.
    """
    return isinstance(form, Sym | Kw | Str | Num)


def decimal_of(form: Form, what: str) -> Decimal:
    """
    Return the number a form is; refuse anything else.
    """
    if not isinstance(form, Num):
        refuse(form, f"expected {what}, found {described(form)}")
    if len(form.text) > NUMBER_LENGTH_LIMIT:
        refuse(form, f"expected {what} of at most {NUMBER_LENGTH_LIMIT} characters, found {len(form.text):,}")
    value = Decimal(form.text)
    if abs(value) >= NUMBER_LIMIT:
        refuse(form, f"expected {what} below 1e18, found {described(form)}")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMALS_LIMIT:
        refuse(form, f"expected {what} of at most {DECIMALS_LIMIT} decimals, found {-exponent:,}")
    return value


def legible(text: str) -> str:
    """
    Return a name with its control characters replaced: a file's text must not steer the terminal it is shown on.
    """
    return "".join("�" if ord(char) < _FIRST_LEGIBLE or char in _CONTROLS else char for char in text)


def shortened(text: str) -> str:
    """
    Return the beginning of a text as an error can show it: on one line, nothing in it that moves a cursor.
    """
    shown = text if len(text) <= _SHOWN_LIMIT else f"{text[:_SHOWN_LIMIT]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)


def whole_of(form: Form, what: str, *, minimum: int, maximum: int) -> int:
    """
    Return the whole number a form is; refuse anything else and anything outside the limits.
    """
    value = decimal_of(form, what)
    if value != value.to_integral_value() or not minimum <= value <= maximum:
        refuse(form, f"expected {what}, a whole number from {minimum} to {maximum:,}, found {described(form)}")
    return int(value)


def symbol_of(form: Form) -> Symbol:
    """
    Return the ticker of a string: `SPY`, `BRK/B` or `EQUITIES::SOXL//USD`; refuse anything else.
    """
    if not isinstance(form, Str):
        refuse(form, f'expected a ticker such as "SPY", found {described(form)}')
    kind, separator, rest = form.value.partition("::")
    if separator and kind != "EQUITIES":
        refuse(form, f"expected an equity, found {shortened(form.value)!r}; only US stocks and funds can be traded")
    ticker = rest.removesuffix("//USD") if separator else form.value
    try:
        return as_symbol(ticker)
    except ValueError as exc:
        refuse(form, str(exc))


def children_of(form: Form) -> tuple[Form, ...]:
    """
    Return the holdings of a vector; refuse an empty one.
    """
    if not isinstance(form, Vector):
        refuse(form, f"expected a vector of holdings in [ ], found {described(form)}")
    if not form.items:
        refuse(form, "expected at least one holding in [ ], found none")
    return form.items


def node_of(part: ast.Part, form: Form) -> ast.Node:
    """
    Return a part as a holding; refuse conditions, indicators and bare strings.
    """
    if not isinstance(part, ast.Node) or not isinstance(form, List):
        refuse(form, f'expected a holding such as (asset "SPY" nil), found {described(form)}')
    return part


def condition_of(part: ast.Part, form: Form) -> ast.Condition:
    """
    Return a part as a condition; refuse anything else.
    """
    if not isinstance(part, ast.Condition):
        refuse(form, f'expected a condition such as (> (rsi "SPY" {{:window 10}}) 79), found {described(form)}')
    return part


def operand_of(part: ast.Part, form: Form) -> ast.Operand:
    """
    Return a part as a number or an indicator; refuse anything else.
    """
    if not isinstance(part, ast.Operand) or isinstance(form, Str):
        refuse(form, f"expected a number or an indicator, found {described(form)}")
    return part
