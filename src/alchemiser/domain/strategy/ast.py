"""
Typed nodes: what a strategy text says, equal sub-trees being one object.

Nodes compare by identity; the compiler makes one object of whatever is written alike. A group's name is part
of the node here, so that a trace can call it by name; the plan, which is what gets evaluated, leaves names
behind.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never

from alchemiser.domain.indicators.registry import Parameters
from alchemiser.domain.values import Symbol

Comparison: TypeAlias = Literal[">", "<", ">=", "<=", "="]
Selection: TypeAlias = Literal["top", "bottom"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cash:
    """
    Nothing is held.
    """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asset:
    """
    One holding.
    """

    symbol: Symbol


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """
    A name for its child.
    """

    name: str
    child: "Node"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightEqual:
    """
    The same share for every child.
    """

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightSpecified:
    """
    Shares as written, of any sum above zero; a child's share is its part of the sum.
    """

    weights: tuple[Decimal, ...]
    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightInverseVolatility:
    """
    Shares in proportion to 1 / stdev-return of each child over `window` sessions.
    """

    window: int
    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class If:
    """
    One branch or the other.
    """

    condition: "Condition"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filter:
    """
    The `count` children that score highest (top) or lowest (bottom), in equal shares.
    """

    indicator: str
    parameters: Parameters
    select: Selection
    count: int
    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Number:
    """
    A constant.
    """

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Indicator:
    """
    An indicator of a node's closes: an asset's own, or those synthesised from a sub-tree's returns.
    """

    name: str
    parameters: Parameters
    of: "Node"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compare:
    """
    A numeric comparison.
    """

    operator: Comparison
    left: "Operand"
    right: "Operand"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class And:
    """
    True when every condition is.
    """

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Or:
    """
    True when any condition is.
    """

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Not:
    """
    True when the condition is false.
    """

    condition: "Condition"


Node: TypeAlias = Cash | Asset | Group | WeightEqual | WeightSpecified | WeightInverseVolatility | If | Filter
Operand: TypeAlias = Number | Indicator
Condition: TypeAlias = Compare | And | Or | Not
Part: TypeAlias = Node | Operand | Condition


class Frequency(StrEnum):
    """
    How often a strategy is brought back to its target.
    """

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """
    Rebalance on the first session of every period.
    """

    frequency: Frequency


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """
    Rebalance when a weight has drifted from its target by more than `width`, a fraction.
    """

    width: Decimal


Rebalance: TypeAlias = Periodic | Corridor


def children_of(node: Part) -> tuple[Part, ...]:
    """
    Return the nodes a node is built from, in source order: a condition before its branches.
    """
    match node:
        case Cash() | Asset() | Number():
            return ()
        case Group():
            return (node.child,)
        case WeightEqual() | WeightSpecified() | WeightInverseVolatility() | Filter():
            return node.children
        case If():
            return (node.condition, node.then, node.otherwise)
        case Indicator():
            return (node.of,)
        case Compare():
            return (node.left, node.right)
        case And() | Or():
            return node.conditions
        case Not():
            return (node.condition,)
        case _:
            assert_never(node)


def postorder(root: Part, known: Container[Part] = ()) -> Iterator[Part]:
    """
    Walk every distinct node once, children before parents, in source order; keeps its own stack.

    Nodes that are known already, when they are come to, are left out with everything below them.
    """
    seen: set[Part] = set()
    stack: list[tuple[Part, bool]] = [(root, False)]
    while stack:
        node, is_expanded = stack.pop()
        if is_expanded:
            yield node
        elif node not in seen and node not in known:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(children_of(node)))
