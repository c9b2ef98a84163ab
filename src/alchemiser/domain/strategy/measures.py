"""
The clauses that measure and compare: indicators, comparisons, `and`, `or`, `not`.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from alchemiser.domain.indicators.registry import INDICATORS, Indicator, Parameter, Parameters, indicator_named
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.drafts import (
    Draft,
    condition_of,
    decimal_of,
    described,
    operand_of,
    refuse,
    whole_of,
)
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Str, Sym

WINDOW_LIMIT = 10_000
COMPARISONS: Final = (">", "<", ">=", "<=", "=")
CONNECTIVES: Final = ("and", "or", "not")


def compare_draft(form: List, operator: str) -> Draft:
    """
    Draft `(> a b)` and its like.
    """
    arguments = form.items[1:]
    if len(arguments) != 2:
        refuse(form, f"expected two sides in ({operator} a b), found {len(arguments)}")
    left, right = arguments

    def build(parts: Sequence[ast.Part]) -> ast.Part:
        sides = operand_of(parts[0], left), operand_of(parts[1], right)
        return ast.Compare(operator=_comparison(operator), left=sides[0], right=sides[1])

    return Draft(needs=arguments, build=build)


def connective_draft(form: List, operator: str) -> Draft:
    """
    Draft `(and c …)`, `(or c …)` and `(not c)`.
    """
    arguments = form.items[1:]
    if not arguments or (operator == "not" and len(arguments) != 1):
        wanted = "one condition" if operator == "not" else "at least one condition"
        refuse(form, f"expected {wanted} in ({operator} …), found {len(arguments)}")

    def build(parts: Sequence[ast.Part]) -> ast.Part:
        conditions = tuple(condition_of(part, own) for part, own in zip(parts, arguments, strict=True))
        if operator == "not":
            return ast.Not(condition=conditions[0])
        if operator == "and":
            return ast.And(conditions=conditions)
        return ast.Or(conditions=conditions)

    return Draft(needs=arguments, build=build)


def indicator_draft(form: List, indicator: Indicator) -> Draft:
    """
    Draft `(rsi "SPY" {:window 10})`, also with the map first, a sub-tree, or the old positional window.
    """
    subjects = [item for item in form.items[1:] if isinstance(item, Str | List)]
    if len(subjects) != 1:
        refuse(form, f"expected one ticker or holding to measure in {described(form)}, found {len(subjects)}")
    parameters = parameters_of(form, indicator, [item for item in form.items[1:] if item is not subjects[0]])

    def build(parts: Sequence[ast.Part]) -> ast.Part:
        if not isinstance(parts[0], ast.Node):
            refuse(subjects[0], f"expected a ticker or a holding to measure, found {described(subjects[0])}")
        return ast.Indicator(name=indicator.name, parameters=parameters, of=parts[0])

    return Draft(needs=(subjects[0],), build=build)


def head_indicator(form: List) -> Indicator | None:
    """
    Return the indicator a list begins with, `((unimplemented :name) …)` included, or None if it is another clause.
    """
    head = form.items[0]
    if isinstance(head, Sym):
        return indicator_named(head.name)
    match head.items if isinstance(head, List) else ():
        case (Sym(name="unimplemented"), Kw() as keyword):
            indicator = indicator_named(keyword.name)
            if indicator is None:
                refuse(keyword, f"expected an indicator ({_known()}), found {described(keyword)}")
            return indicator
        case _:
            return None


def parameters_of(form: Form, indicator: Indicator, given: Sequence[Form]) -> Parameters:
    """
    Return the parameters of an indicator from what stands beside its subject: one map, or one window, or nothing.
    """
    match given:
        case []:
            values: dict[str, Form] = {}
        case [Map() as entries]:
            values = _entries(entries, indicator)
        case [Num() as window] if [p.name for p in indicator.parameters] == ["window"]:
            values = {"window": window}
        case _:
            refuse(given[0], f"expected {_shape(indicator)} for {indicator.name}, found {described(given[0])}")
    parameters = tuple(_parameter(form, indicator, parameter, values) for parameter in indicator.parameters)
    named = {p.name: value for p, value in zip(indicator.parameters, parameters, strict=True)}
    if "long-window" in named and named["short-window"] >= named["long-window"]:
        refuse(form, f"expected :short-window below :long-window, found {_pair(named)}")
    return parameters


def _comparison(operator: str) -> ast.Comparison:
    for known in COMPARISONS:
        if known == operator:
            return known
    raise ValueError(f"expected a comparison, found {operator!r}")


def _pair(named: dict[str, int | Decimal]) -> str:
    return f"{named['short-window']} and {named['long-window']}"


def _entries(entries: Map, indicator: Indicator) -> dict[str, Form]:
    names = {name: p.name for p in indicator.parameters for name in (p.name, *p.synonyms)}
    values: dict[str, Form] = {}
    if len(entries.items) % 2:
        refuse(entries, f"expected keys and values in turn, found {len(entries.items)} forms")
    for key, value in zip(entries.items[::2], entries.items[1::2], strict=True):
        name = names.get(key.name) if isinstance(key, Kw) else None
        if name is None:
            refuse(key, f"expected {_shape(indicator)} for {indicator.name}, found {described(key)}")
        if name in values:
            refuse(key, f"expected :{name} once, found it again")
        values[name] = value
    return values


def _parameter(form: Form, indicator: Indicator, parameter: Parameter, values: dict[str, Form]) -> int | Decimal:
    value = values.get(parameter.name)
    if value is None:
        if parameter.default is None:
            refuse(form, f"expected {_shape(indicator)} for {indicator.name}, found no :{parameter.name}")
        return parameter.default
    what = f":{parameter.name} of {indicator.name}"
    if parameter.is_whole:
        return whole_of(value, what, minimum=parameter.minimum, maximum=WINDOW_LIMIT)
    number = decimal_of(value, what)
    if number <= 0:
        refuse(value, f"expected {what} above zero, found {number}")
    return number.normalize()


def _shape(indicator: Indicator) -> str:
    if not indicator.parameters:
        return "no parameters"
    return "{" + ", ".join(f":{p.name} n" for p in indicator.parameters) + "}"


def _known() -> str:
    return ", ".join(indicator.name for indicator in INDICATORS)
