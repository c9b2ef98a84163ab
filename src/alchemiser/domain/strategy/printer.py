"""
Forms and nodes to canonical text: the inverse of the reader.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import assert_never

from alchemiser.domain.indicators.registry import Parameters, indicator_named
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Source, Str, Sym, Vector

LINE_WIDTH = 100

_NOWHERE = Source(text="", file="<printed>")
_BRACKETS: dict[type[List | Vector | Map], tuple[str, str]] = {
    List: ("(", ")"),
    Vector: ("[", "]"),
    Map: ("{", "}"),
}


def printed(form: Form) -> str:
    """
    Return a form on one line.
    """
    return _laid_out(form, width=None)


def formatted(form: Form) -> str:
    """
    Return a form on as many lines as it takes to keep them short; no comment survives.
    """
    return _laid_out(form, width=LINE_WIDTH)


def printed_part(part: ast.Part) -> str:
    """
    Return a node on one line.
    """
    return printed(form_of(part))


def formatted_strategy(name: str, rebalance: ast.Rebalance, root: ast.Node) -> str:
    """
    Return the canonical text of a whole strategy.
    """
    match rebalance:
        case ast.Periodic():
            setting: tuple[Form, Form] = (_kw("rebalance-frequency"), _kw(rebalance.frequency.value))
        case ast.Corridor():
            setting = (_kw("rebalance-threshold"), _num(rebalance.width))
        case _:
            assert_never(rebalance)
    settings = _map((_kw("asset-class"), _str("EQUITIES"), *setting))
    return formatted(_list((_sym("defsymphony"), _str(name), settings, form_of(root)))) + "\n"


def form_of(root: ast.Part) -> Form:
    """
    Return the form of a node; compiling it gives an equal node.
    """
    forms: dict[ast.Part, Form] = {}
    for part in ast.postorder(root):
        forms[part] = _form(part, forms)
    return forms[root]


def _form(part: ast.Part, forms: Mapping[ast.Part, Form]) -> Form:
    match part:
        case ast.Cash():
            return _sym("nil")
        case ast.Asset():
            return _list((_sym("asset"), _str(part.symbol), _sym("nil")))
        case ast.Group():
            return _list((_sym("group"), _str(part.name), _vector((forms[part.child],))))
        case ast.WeightEqual():
            return _list((_sym("weight-equal"), _children(part.children, forms)))
        case ast.WeightSpecified():
            pairs = zip(part.weights, part.children, strict=True)
            shares = [form for weight, child in pairs for form in (_num(weight), forms[child])]
            return _list((_sym("weight-specified"), *shares))
        case ast.WeightInverseVolatility():
            window = _num(Decimal(part.window))
            return _list((_sym("weight-inverse-volatility"), window, _children(part.children, forms)))
        case ast.If():
            otherwise = () if isinstance(part.otherwise, ast.Cash) else (_vector((forms[part.otherwise],)),)
            return _list((_sym("if"), forms[part.condition], _vector((forms[part.then],)), *otherwise))
        case ast.Filter():
            score = _list((_sym(part.indicator), *_parameters(part.indicator, part.parameters)))
            select = _list((_sym(f"select-{part.select}"), _num(Decimal(part.count))))
            return _list((_sym("filter"), score, select, _children(part.children, forms)))
        case ast.Number():
            return _num(part.value)
        case ast.Indicator():
            return _indicator(part, forms)
        case ast.Compare():
            return _list((_sym(part.operator), forms[part.left], forms[part.right]))
        case ast.And():
            return _list((_sym("and"), *[forms[one] for one in part.conditions]))
        case ast.Or():
            return _list((_sym("or"), *[forms[one] for one in part.conditions]))
        case ast.Not():
            return _list((_sym("not"), forms[part.condition]))
        case _:
            assert_never(part)


def _indicator(part: ast.Indicator, forms: Mapping[ast.Part, Form]) -> Form:
    parameters = _parameters(part.name, part.parameters)
    if isinstance(part.of, ast.Asset):
        return _list((_sym(part.name), _str(part.of.symbol), *parameters))
    return _list((_sym(part.name), *parameters, forms[part.of]))


def _parameters(name: str, parameters: Parameters) -> tuple[Form, ...]:
    indicator = indicator_named(name)
    if indicator is None or not parameters:
        return ()
    pairs = zip(indicator.parameters, parameters, strict=True)
    return (_map(tuple(form for own, value in pairs for form in (_kw(own.name), _num(Decimal(value))))),)


def _children(children: Iterable[ast.Node], forms: Mapping[ast.Part, Form]) -> Form:
    return _vector(tuple(forms[child] for child in children))


def _laid_out(root: Form, *, width: int | None) -> str:
    widths = _widths(root)
    pieces: list[str] = []
    stack: list[str | tuple[Form, int]] = [(root, 0)]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            pieces.append(top)
            continue
        form, indent = top
        if not isinstance(form, List | Vector | Map):
            pieces.append(_atom(form))
            continue
        opener, closer = _BRACKETS[type(form)]
        pieces.append(opener)
        stack.append(closer)
        is_whole = width is None or indent + widths[form] <= width
        inner = indent + (2 if isinstance(form, List) else 1)
        for place in range(len(form.items) - 1, -1, -1):
            item = form.items[place]
            stack.append((item, inner))
            if place:
                stack.append(_separator(form, place, is_whole=is_whole, indent=inner))
    return "".join(pieces)


def _separator(form: List | Vector | Map, place: int, *, is_whole: bool, indent: int) -> str:
    if isinstance(form, Map):
        between = ", " if is_whole else ",\n" + " " * indent
        return " " if place % 2 else between
    # The head keeps its first argument on its line, a weight its child.
    is_beside = isinstance(form, List) and (place == 1 or isinstance(form.items[place - 1], Num))
    return " " if is_whole or is_beside else "\n" + " " * indent


def _widths(root: Form) -> dict[Form, int]:
    widths: dict[Form, int] = {}
    stack = [root]
    while stack:
        form = stack[-1]
        if not isinstance(form, List | Vector | Map):
            widths[form] = len(_atom(form))
        elif any(item not in widths for item in form.items):
            stack.extend(item for item in form.items if item not in widths)
            continue
        else:
            # Two brackets, a blank between items, a comma between the pairs of a map.
            widths[form] = sum(widths[item] for item in form.items) + max(len(form.items) - 1, 0) + 2
            widths[form] += max((len(form.items) - 1) // 2, 0) if isinstance(form, Map) else 0
        stack.pop()
    return widths


def _atom(form: Sym | Kw | Str | Num) -> str:
    match form:
        case Sym():
            return form.name
        case Kw():
            return f":{form.name}"
        case Num():
            return form.text
        case Str():
            escaped = form.value.replace("\\", "\\\\").replace('"', '\\"')
            return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'
        case _:
            assert_never(form)


def _sym(name: str) -> Form:
    return Sym(source=_NOWHERE, first=0, last=0, name=name)


def _kw(name: str) -> Form:
    return Kw(source=_NOWHERE, first=0, last=0, name=name)


def _str(value: str) -> Form:
    return Str(source=_NOWHERE, first=0, last=0, value=value)


def _num(value: Decimal) -> Form:
    return Num(source=_NOWHERE, first=0, last=0, text=format(value, "f"))


def _list(items: tuple[Form, ...]) -> Form:
    return List(source=_NOWHERE, first=0, last=0, items=items)


def _vector(items: tuple[Form, ...]) -> Form:
    return Vector(source=_NOWHERE, first=0, last=0, items=items)


def _map(items: tuple[Form, ...]) -> Form:
    return Map(source=_NOWHERE, first=0, last=0, items=items)
