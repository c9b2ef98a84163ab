"""
Short ways to write trees as Composer's API gives them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from alchemiser.domain.strategy.composer.documents import compile_json
from alchemiser.domain.strategy.symphony import Symphony

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
Fields: TypeAlias = dict[str, Json]

SPY: Fields = {"step": "asset", "ticker": "SPY"}
TLT: Fields = {"step": "asset", "ticker": "TLT"}
RSI_ABOVE_79: Fields = {
    "lhs-fn": "relative-strength-index",
    "lhs-fn-params": {"window": 10},
    "lhs-val": "SPY",
    "comparator": "gt",
    "rhs-fixed-value?": True,
    "rhs-val": 79,
}


def a_step(step: str, *children: Json, **fields: Json) -> Fields:
    """
    Return a step; underscores in the names of fields become dashes.
    """
    named: Fields = {key.replace("_", "-"): value for key, value in fields.items()}
    return {"step": step, **named, "children": list(children)}


def a_tree(*children: Json, **fields: Json) -> Fields:
    """
    Return a strategy of these children in equal parts; fields go to the root.
    """
    root: Fields = {"step": "root", "name": "Test", "rebalance": "daily"}
    return {**root, **fields, "children": [a_step("wt-cash-equal", *children)]}


def an_if(condition: Fields, then: Sequence[Json], otherwise: Sequence[Json] | None = None) -> Fields:
    """
    Return an if; without `otherwise` it has no else branch.
    """
    branches: list[Json] = [{"step": "if-child", **condition, "children": list(then)}]
    if otherwise is not None:
        branches.append({"step": "if-child", "is-else-condition?": True, "children": list(otherwise)})
    return {"step": "if", "children": branches}


def compiled(tree: Json) -> Symphony:
    """
    Compile a tree by way of its JSON.
    """
    return compile_json(json.dumps(tree), file="test.json")


def body_of(*children: Json) -> str:
    """
    Return the canonical text of one step or more on one line, without the strategy and weight around it.
    """
    text = " ".join(compiled(a_tree(*children)).text.split())
    return text.partition("(weight-equal [")[2].removesuffix("]))")
