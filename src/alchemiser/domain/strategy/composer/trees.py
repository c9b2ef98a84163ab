"""
A compiled strategy to Composer's tree, the inverse of reading it.

Two things have no words in Composer's notation and are written in our own: `not`, and an indicator of a holding that
is not a ticker. `foreign` names them, so that nobody hands them to Composer unaware.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import assert_never

from alchemiser.domain.indicators.registry import Parameters, indicator_named
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.composer.conditions import COMPARATORS, CONNECTIVES
from alchemiser.domain.strategy.composer.spots import Plain
from alchemiser.domain.strategy.symphony import Symphony

_COMPARATOR_OF = {operator: word for word, operator in COMPARATORS.items()}
_CONNECTIVE_OF = {operator: word for word, operator in CONNECTIVES.items()}
_HUNDRED = Decimal(100)

_Written = Mapping[ast.Part, Mapping[str, Plain]]


def tree_of(symphony: Symphony) -> Plain:
    """
    Return the tree of a strategy; reading it gives the same fingerprint.
    """
    written: dict[ast.Part, Mapping[str, Plain]] = {}
    for part in ast.postorder(symphony.root):
        written[part] = _written(part, written)
    body = written[symphony.root]
    is_weight = isinstance(symphony.root, ast.WeightEqual | ast.WeightSpecified | ast.WeightInverseVolatility)
    child: Plain = body if is_weight else {"step": "wt-cash-equal", "children": (body,)}
    return {
        "step": "root",
        "name": symphony.name,
        "asset_class": "EQUITIES",
        **_rebalance(symphony.rebalance),
        "children": (child,),
    }


def foreign(symphony: Symphony) -> Iterator[str]:
    """
    Yield what Composer has no words for, each once.
    """
    parts = list(ast.postorder(symphony.root))
    if any(isinstance(part, ast.Not) for part in parts):
        yield "not"
    if any(isinstance(part, ast.Indicator) and not isinstance(part.of, ast.Asset) for part in parts):
        yield "an indicator of a holding that is not a ticker"
    if any(isinstance(part, ast.Compare) and isinstance(part.left, ast.Number) for part in parts):
        yield "a number on the left of a comparison"


def _rebalance(rebalance: ast.Rebalance) -> Mapping[str, Plain]:
    match rebalance:
        case ast.Periodic():
            return {"rebalance": rebalance.frequency.value}
        case ast.Corridor():
            return {"rebalance": ast.Frequency.NONE.value, "rebalance-corridor-width": rebalance.width}
        case _:
            assert_never(rebalance)


def _written(part: ast.Part, written: _Written) -> Mapping[str, Plain]:
    match part:
        case ast.Cash():
            return {"step": "empty"}
        case ast.Asset():
            return {"step": "asset", "ticker": part.symbol}
        case ast.Group():
            return {"step": "group", "name": part.name, "children": (written[part.child],)}
        case ast.WeightEqual():
            return {"step": "wt-cash-equal", "children": _all(part.children, written)}
        case ast.WeightSpecified():
            return {"step": "wt-cash-specified", "children": tuple(_shares(part, written))}
        case ast.WeightInverseVolatility():
            children = _all(part.children, written)
            return {"step": "wt-inverse-vol", "window-days": Decimal(part.window), "children": children}
        case ast.If():
            return {"step": "if", "children": (_then(part, written), _otherwise(part, written))}
        case ast.Filter():
            return {
                "step": "filter",
                **_measure("sort-by-fn", "sort-by-fn-params", part.indicator, part.parameters),
                "select-fn": part.select,
                "select-n": Decimal(part.count),
                "children": _all(part.children, written),
            }
        case ast.Number():
            return {"constant": part.value}
        case ast.Indicator():
            of: Mapping[str, Plain] = {"of": written[part.of]}
            subject = {"ticker": part.of.symbol} if isinstance(part.of, ast.Asset) else of
            return {**_measure("fn", "params", part.name, part.parameters), **subject}
        case ast.Compare():
            return {
                "type": "binary",
                "lhs": written[part.left],
                "comparator": _COMPARATOR_OF[part.operator],
                "rhs": written[part.right],
            }
        case ast.And():
            return _compound("and", part.conditions, written)
        case ast.Or():
            return _compound("or", part.conditions, written)
        case ast.Not():
            return {"type": "not", "condition": written[part.condition]}
        case _:
            assert_never(part)


def _compound(connective: str, conditions: tuple[ast.Condition, ...], written: _Written) -> Mapping[str, Plain]:
    return {
        "type": "compound",
        "operator": _CONNECTIVE_OF[connective],
        "conditions": tuple(written[one] for one in conditions),
    }


def _then(part: ast.If, written: _Written) -> Mapping[str, Plain]:
    flat = _flat(part.condition)
    condition: Mapping[str, Plain] = {"condition": written[part.condition]} if flat is None else flat
    return {"step": "if-child", "is-else-condition?": False, **condition, "children": (written[part.then],)}


def _otherwise(part: ast.If, written: _Written) -> Mapping[str, Plain]:
    return {"step": "if-child", "is-else-condition?": True, "children": (written[part.otherwise],)}


def _flat(condition: ast.Condition) -> Mapping[str, Plain] | None:
    # The flat fields are the ones that every reader of the notation knows.
    match condition:
        case ast.Compare(left=ast.Indicator(of=ast.Asset() as asset) as left, right=ast.Number() as right):
            return {
                **_measure("lhs-fn", "lhs-fn-params", left.name, left.parameters),
                "lhs-val": asset.symbol,
                "comparator": _COMPARATOR_OF[condition.operator],
                "rhs-fixed-value?": True,
                "rhs-val": right.value,
            }
        case ast.Compare(
            left=ast.Indicator(of=ast.Asset() as asset) as left, right=ast.Indicator(of=ast.Asset() as other) as right
        ):
            return {
                **_measure("lhs-fn", "lhs-fn-params", left.name, left.parameters),
                "lhs-val": asset.symbol,
                "comparator": _COMPARATOR_OF[condition.operator],
                "rhs-fixed-value?": False,
                **_measure("rhs-fn", "rhs-fn-params", right.name, right.parameters),
                "rhs-val": other.symbol,
            }
        case _:
            return None


def _shares(part: ast.WeightSpecified, written: _Written) -> Iterator[Mapping[str, Plain]]:
    # Shares of a hundred stay as they are, fractions of one become such, all others are fractions of their sum.
    total = sum(part.weights, Decimal(0))
    factor, den = (_HUNDRED, _HUNDRED) if total == 1 else (Decimal(1), total.normalize())
    for weight, child in zip(part.weights, part.children, strict=True):
        num = weight * factor
        whole = num == num.to_integral_value()
        yield {
            **written[child],
            "weight": {"num": Decimal(int(num)) if whole else format(num.normalize(), "f"), "den": den},
        }


def _measure(fn: str, params: str, name: str, parameters: Parameters) -> Mapping[str, Plain]:
    indicator = indicator_named(name)
    if indicator is None:
        raise ValueError(f"expected an indicator of the registry, found {name!r}")
    pairs = zip(indicator.parameters, parameters, strict=True)
    told: Mapping[str, Plain] = {own.name: Decimal(value) for own, value in pairs}
    return {fn: (*indicator.synonyms, name)[0], params: told}


def _all(parts: tuple[ast.Node, ...], written: _Written) -> tuple[Plain, ...]:
    return tuple(written[part] for part in parts)
