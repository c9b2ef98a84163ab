"""
The clauses that hold: assets, groups, weightings, branches, filters.
"""

from collections.abc import Sequence
from decimal import Decimal

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.drafts import (
    Draft,
    Intern,
    children_of,
    condition_of,
    decimal_of,
    described,
    legible,
    node_of,
    refuse,
    symbol_of,
    whole_of,
)
from alchemiser.domain.strategy.forms import Form, List, Num, Str, Sym, Vector
from alchemiser.domain.strategy.measures import WINDOW_LIMIT, head_indicator, parameters_of

COUNT_LIMIT = 100_000


def asset_draft(form: List) -> Draft:
    """
    Draft `(asset "SPY" "display name" or nil)`; the display name changes nothing and is left behind.
    """
    match form.items[1:]:
        case (ticker,) | (ticker, Str() | Sym(name="nil")):
            symbol = symbol_of(ticker)
            return Draft(build=lambda _: ast.Asset(symbol=symbol))
        case rest:
            refuse(form, f'expected (asset "TICKER" "name" or nil), found {_shapes(rest)}')


def group_draft(form: List) -> Draft:
    """
    Draft `(group "name" [child])`.
    """
    match form.items[1:]:
        case (Str() as name, Vector(items=(child,))) | (Str() as name, List() as child):
            label = legible(name.value)
            return Draft(needs=(child,), build=lambda parts: ast.Group(name=label, child=node_of(parts[0], child)))
        case (Str(), Vector() as several):
            refuse(several, f"expected one holding in a group, found {len(several.items)}; weight them first")
        case rest:
            refuse(form, f'expected (group "name" [child]), found {_shapes(rest)}')


def weight_equal_draft(form: List) -> Draft:
    """
    Draft `(weight-equal [child …])`.
    """
    match form.items[1:]:
        case (vector,):
            needs = children_of(vector)
            return Draft(needs=needs, build=lambda parts: ast.WeightEqual(children=_nodes(parts, needs)))
        case rest:
            refuse(form, f"expected (weight-equal [child …]), found {_shapes(rest)}")


def weight_specified_draft(form: List) -> Draft:
    """
    Draft `(weight-specified w child w child …)` and `(weight-specified [(asset "SPY" 0.6) …])`.

    A child of weight 0 is checked and left out.
    """
    arguments = form.items[1:]
    if len(arguments) == 1 and isinstance(arguments[0], Vector):
        pairs = [_weighted_asset(item) for item in children_of(arguments[0])]
    elif arguments and len(arguments) % 2 == 0:
        pairs = [(_weight(weight), child) for weight, child in zip(arguments[::2], arguments[1::2], strict=True)]
    else:
        refuse(form, f"expected (weight-specified w child w child …), found {_shapes(arguments)}")
    if sum(weight for weight, _ in pairs) == 0:
        refuse(form, "expected weights that sum to more than 0, found only zeros")
    needs = tuple(child for _, child in pairs)

    def build(parts: Sequence[ast.Part]) -> ast.Part:
        nodes = [
            part if isinstance(part, ast.Asset) else node_of(part, own) for part, own in zip(parts, needs, strict=True)
        ]
        held = [(weight, node) for (weight, _), node in zip(pairs, nodes, strict=True) if weight > 0]
        return ast.WeightSpecified(weights=tuple(w for w, _ in held), children=tuple(node for _, node in held))

    return Draft(needs=needs, build=build)


def weight_inverse_volatility_draft(form: List) -> Draft:
    """
    Draft `(weight-inverse-volatility n [child …])`.
    """
    match form.items[1:]:
        case (days, vector):
            window = whole_of(days, "the window of weight-inverse-volatility", minimum=2, maximum=WINDOW_LIMIT)
            needs = children_of(vector)
            return Draft(
                needs=needs,
                build=lambda parts: ast.WeightInverseVolatility(window=window, children=_nodes(parts, needs)),
            )
        case rest:
            refuse(form, f"expected (weight-inverse-volatility n [child …]), found {_shapes(rest)}")


def if_draft(form: List, intern: Intern) -> Draft:
    """
    Draft `(if condition [then …] [else …])`; without else, false holds cash.
    """
    arguments = form.items[1:]
    if len(arguments) not in {2, 3}:
        refuse(form, f"expected (if condition [then …] [else …]), found {_shapes(arguments)}")
    condition = arguments[0]
    then = _branch(arguments[1])
    otherwise = _branch(arguments[2]) if len(arguments) == 3 else ()

    def build(parts: Sequence[ast.Part]) -> ast.Part:
        return ast.If(
            condition=condition_of(parts[0], condition),
            then=_joined(parts[1 : 1 + len(then)], then, intern),
            otherwise=_joined(parts[1 + len(then) :], otherwise, intern),
        )

    return Draft(needs=(condition, *then, *otherwise), build=build)


def filter_draft(form: List) -> Draft:
    """
    Draft `(filter (indicator {:window n}) (select-top k) [child …])`.
    """
    match form.items[1:]:
        case (List() as score, List() as selection, vector):
            indicator = head_indicator(score) if score.items else None
            if indicator is None:
                refuse(score, f"expected an indicator to score with, found {described(score)}")
            parameters = parameters_of(score, indicator, score.items[1:])
            needs = children_of(vector)
            select, count = _selection(selection)
            return Draft(
                needs=needs,
                build=lambda parts: ast.Filter(
                    indicator=indicator.name,
                    parameters=parameters,
                    select=select,
                    count=count,
                    children=_nodes(parts, needs),
                ),
            )
        case rest:
            refuse(form, f"expected (filter (indicator …) (select-top k) [child …]), found {_shapes(rest)}")


def _selection(form: List) -> tuple[ast.Selection, int]:
    match form.items:
        case (Sym(name="select-top"), count):
            return "top", whole_of(count, "how many to select", minimum=1, maximum=COUNT_LIMIT)
        case (Sym(name="select-bottom"), count):
            return "bottom", whole_of(count, "how many to select", minimum=1, maximum=COUNT_LIMIT)
        case _:
            refuse(form, f"expected (select-top k) or (select-bottom k), found {described(form)}")


def _branch(form: Form) -> tuple[Form, ...]:
    return (form,) if isinstance(form, List) else children_of(form)


def _joined(parts: Sequence[ast.Part], forms: Sequence[Form], intern: Intern) -> ast.Node:
    if not forms:
        cash = intern(ast.Cash())
        return cash if isinstance(cash, ast.Cash) else ast.Cash()
    nodes = _nodes(parts, forms)
    if len(nodes) == 1:
        return nodes[0]
    joined = intern(ast.WeightEqual(children=nodes))
    return node_of(joined, forms[0])


def _nodes(parts: Sequence[ast.Part], forms: Sequence[Form]) -> tuple[ast.Node, ...]:
    return tuple(node_of(part, form) for part, form in zip(parts, forms, strict=True))


def _weight(form: Form) -> Decimal:
    weight = decimal_of(form, "a weight")
    if weight < 0:
        refuse(form, f"expected a weight of at least 0, found {weight}")
    return weight


def _weighted_asset(form: Form) -> tuple[Decimal, Form]:
    match form:
        case List(items=(Sym(name="asset"), Str() as ticker, Num() as weight)):
            return _weight(weight), ticker
        case List(items=(Sym(name="asset"), Str() as ticker, Str() | Sym(name="nil"), Num() as weight)):
            return _weight(weight), ticker
        case _:
            refuse(form, f'expected (asset "SPY" 0.6), found {described(form)}')


def _shapes(forms: Sequence[Form]) -> str:
    return " ".join(described(form) for form in forms[:6]) or "nothing"
