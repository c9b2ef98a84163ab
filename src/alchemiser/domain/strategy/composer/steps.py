"""
Composer's tree to the form of a strategy: every step checked, every field read or known to mean nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, getcontext
from fractions import Fraction
from math import lcm

from alchemiser.domain.strategy.ast import Frequency
from alchemiser.domain.strategy.composer import conditions
from alchemiser.domain.strategy.composer.fields import CONDITION, check_claim, check_fields, claims, is_weight, step_of
from alchemiser.domain.strategy.composer.pieces import (
    Kind,
    Need,
    Piece,
    built,
    kw,
    listed,
    mapped,
    num,
    number,
    sym,
    text,
    vector,
)
from alchemiser.domain.strategy.composer.spots import Spot
from alchemiser.domain.strategy.drafts import NUMBER_LIMIT
from alchemiser.domain.strategy.forms import Form

HOLDINGS = "holdings"


def form_of_tree(root: Spot) -> Form:
    """
    Return the `defsymphony` form of a tree.

    Raises:
        DslCompileError: a step or a field is unknown, or not what it should be; names its path.
    """
    readers: Mapping[Kind, Callable[[Spot], Piece]] = {
        "root": _root,
        "node": _node,
        "branch": conditions.branch_condition,
        "condition": conditions.condition,
        "operand": conditions.operand,
    }
    return built(("root", root), readers)


def _root(spot: Spot) -> Piece:
    if step_of(spot) != "root":
        spot.entry("step").refuse(f'expected "root", the step of a whole strategy, found {spot.entry("step").found}')
    children = _children(spot)
    child = children[0]
    if len(children) != 1:
        spot.entry("children").refuse(f"expected one weight below the root, found {len(children)} steps")
    if not is_weight(step_of(child)):
        child.entry("step").refuse(f"expected a weight below the root, found {child.entry('step').found}")
    _check_asset_classes(spot)
    name = text(spot.entry("name"), spot.entry("name").word("the name of the strategy"))
    settings = mapped(spot, [(kw(spot, "asset-class"), text(spot, "EQUITIES")), *_rebalance(spot)])
    return Piece(
        needs=(("node", child),),
        build=lambda forms: listed(spot, sym(spot, "defsymphony"), name, settings, forms[0]),
    )


def _node(spot: Spot) -> Piece:
    step = step_of(spot)
    match step:
        case "asset":
            return _asset(spot)
        case "group":
            return _group(spot)
        case "filter":
            return _filter(spot)
        case "if":
            return _if(spot)
        case "wt-cash-equal":
            return _weighted(spot, sym(spot, "weight-equal"))
        case "wt-inverse-vol":
            days = number(spot.entry("window-days"), "the window-days of wt-inverse-vol")
            return _weighted(spot, sym(spot, "weight-inverse-volatility"), days)
        case "wt-cash-specified":
            return _specified(spot)
        case "if-child":
            spot.entry("step").refuse('expected a holding, found "if-child" outside an "if"')
        case "root":
            spot.entry("step").refuse('expected a holding, found "root" inside a strategy')
        case _:
            spot.refuse('expected a holding, found the placeholder "empty"')


def _asset(spot: Spot) -> Piece:
    if spot.field("children") not in (None, ()):
        spot.entry("children").refuse("expected no children of an asset, found some")
    where = spot.entry("ticker")
    ticker = text(where, where.word('a ticker such as "SPY"'))
    form = listed(spot, sym(spot, "asset"), ticker, sym(spot, "nil"))
    return Piece(build=lambda _: form)


def _group(spot: Spot) -> Piece:
    name = text(spot.entry("name"), spot.entry("name").word("the name of a group"))
    return Piece(
        needs=_nodes(_children(spot)),
        build=lambda forms: listed(spot, sym(spot, "group"), name, vector(spot.entry("children"), forms)),
    )


def _weighted(spot: Spot, *head: Form) -> Piece:
    return Piece(
        needs=_nodes(_children(spot)),
        build=lambda forms: listed(spot, *head, vector(spot.entry("children"), forms)),
    )


def _specified(spot: Spot) -> Piece:
    children = spot.entry("children").items(HOLDINGS)
    shares = [_share(child.entry("weight")) for child in children]
    pairs = [pair for pair in zip(children, shares, strict=True) if not _is_empty(pair[0])]
    for child, (weight, _) in zip(children, shares, strict=True):
        if _is_empty(child) and weight:
            child.entry("weight").refuse('expected a holding for this weight, found the placeholder "empty"')
    wholes = {whole for _, (_, whole) in pairs}
    common = 1 if len(wholes) == 1 else _common(pairs)
    weights: list[Form] = []
    for child, (weight, whole) in pairs:
        own = weight if len(wholes) == 1 else weight / whole * common
        weights.append(_weight(child.entry("weight").entry("num"), own))

    def build(forms: Sequence[Form]) -> Form:
        turns = [form for pair in zip(weights, forms, strict=True) for form in pair]
        return listed(spot, sym(spot, "weight-specified"), *turns)

    return Piece(needs=_nodes([child for child, _ in pairs]), build=build)


def _common(pairs: Sequence[tuple[Spot, tuple[Fraction, Fraction]]]) -> int:
    common = 1
    for child, (weight, whole) in pairs:
        common = lcm(common, (weight / whole).denominator)
        if common >= NUMBER_LIMIT:
            spot = child.entry("weight")
            spot.refuse("expected weights of a common den below 1e18, found one more den that has none with the others")
    return common


def _share(spot: Spot) -> tuple[Fraction, Fraction]:
    check_fields(spot, frozenset({"num", "den"}), "a weight")
    weight = spot.entry("num").number("the num of a weight")
    whole = spot.entry("den").number("the den of a weight")
    if weight < 0:
        spot.entry("num").refuse(f"expected a weight of at least 0, found {spot.entry('num').found}")
    if whole <= 0:
        spot.entry("den").refuse(f"expected a den above 0, found {spot.entry('den').found}")
    return Fraction(weight), Fraction(whole)


def _weight(spot: Spot, share: Fraction) -> Form:
    written = Decimal(share.numerator) / Decimal(share.denominator)
    if Fraction(written) != share:
        spot.refuse(f"expected a weight of at most {getcontext().prec} digits, found {spot.found}")
    return num(spot, format(written, "f"))


def _filter(spot: Spot) -> Piece:
    for switch in ("sort-by?", "select?"):
        check_claim(spot.entry(switch))
    score = conditions.measured(
        spot.entry("sort-by-fn"),
        (),
        parameters=spot.entry("sort-by-fn-params"),
        days=spot.entry("sort-by-window-days"),
    )
    select = spot.entry("select-fn")
    if select.value not in ("top", "bottom"):
        select.refuse(f'expected "top" or "bottom", found {select.found}')
    count = number(spot.entry("select-n"), "how many to select")
    selection = listed(select, sym(select, f"select-{select.value}"), count)
    return _weighted(spot, sym(spot, "filter"), score, selection)


def _if(spot: Spot) -> Piece:
    condition, other = _branches(spot)
    then = _children(condition)
    otherwise = () if other is None else _children(other, least=0)
    split = 1 + len(then)

    def build(forms: Sequence[Form]) -> Form:
        no = () if other is None or not otherwise else (_branch(other, forms[split:]),)
        return listed(spot, sym(spot, "if"), forms[0], _branch(condition, forms[1:split]), *no)

    return Piece(needs=(("branch", condition), *_nodes(then), *_nodes(otherwise)), build=build)


def _branches(spot: Spot) -> tuple[Spot, Spot | None]:
    found: dict[bool, Spot] = {}
    for child in spot.entry("children").items("if-child steps"):
        if step_of(child) != "if-child":
            child.entry("step").refuse(f'expected "if-child" below an "if", found {child.entry("step").found}')
        is_else = claims(child.entry("is-else-condition?"))
        if is_else in found:
            what = "else branch" if is_else else "branch with a condition"
            child.refuse(f"expected one {what} of an if, found a second one")
        found[is_else] = child
    if False not in found:
        spot.entry("children").refuse("expected a branch with a condition, found only an else branch")
    other = found.get(True)
    if other is not None:
        _check_else(other)
    return found[False], other


def _check_else(spot: Spot) -> None:
    for key in sorted(CONDITION):
        if spot.field(key) is not None:
            spot.entry(key).refuse(f"expected no condition in an else branch, found {key!r}")


def _branch(spot: Spot, forms: Sequence[Form]) -> Form:
    where = spot.entry("children")
    if len(forms) == 1:
        return vector(where, forms)
    return vector(where, [listed(where, sym(where, "weight-equal"), vector(where, forms))])


def _children(spot: Spot, *, least: int = 1) -> tuple[Spot, ...]:
    where = spot.entry("children")
    held = tuple(child for child in where.items(HOLDINGS) if not _is_empty(child))
    if len(held) < least:
        where.refuse('expected at least one holding, found only the placeholder "empty"')
    return held


def _is_empty(spot: Spot) -> bool:
    return spot.field("step") == "empty" and step_of(spot) == "empty"


def _nodes(spots: Sequence[Spot]) -> tuple[Need, ...]:
    return tuple(("node", spot) for spot in spots)


def _rebalance(spot: Spot) -> list[tuple[Form, Form]]:
    frequency, width = spot.entry("rebalance"), spot.entry("rebalance-corridor-width")
    if frequency.value is not None or width.value is None:
        known = [one.value for one in Frequency]
        if frequency.value not in known:
            frequency.refuse(f"expected how often to rebalance ({', '.join(known)}), found {frequency.found}")
    if width.value is None:
        return [(kw(frequency, "rebalance-frequency"), kw(frequency, str(frequency.value)))]
    if frequency.value not in (None, Frequency.NONE.value):
        width.refuse(f'expected a corridor only with rebalance "none", found it with {frequency.found}')
    return [(kw(width, "rebalance-threshold"), number(width, "the width of a corridor"))]


def _check_asset_classes(spot: Spot) -> None:
    for key in ("asset_class", "asset-class", "asset_classes", "asset-classes"):
        where = spot.entry(key)
        if where.value not in (None, "EQUITIES", ("EQUITIES",)):
            where.refuse(f'expected the asset class "EQUITIES", found {where.found}')
