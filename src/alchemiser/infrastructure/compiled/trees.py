"""
Compiled strategies as plain lists and back, so that they can be kept as JSON: data only, nothing that can run.

1. every distinct node becomes one list, its kind first; children come before parents and are referred to by number;
2. nodes, operands and conditions are numbered apart, so a reference cannot be taken for another kind;
3. operations, what each node became and each strategy's order are kept as the compiler left them: see `operations`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, assert_never

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.plan import Graph, Plan, merged
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Symbol, as_symbol
from alchemiser.infrastructure.compiled.operations import (
    COMPARISONS,
    SELECTIONS,
    ops_of,
    parameters_of,
    plain_ops,
    plain_parameters,
)

Plain: TypeAlias = object


def plain_book(book: Sequence[Symphony]) -> Plain:
    """
    Return strategies, at least one, as lists, strings and whole numbers.
    """
    graph, orders = merged([one.plan for one in book])
    written = _Written()
    roots = [written.number_of(one.root) for one in book]
    told = [
        [
            one.name,
            root,
            list(order),
            _plain_rebalance(one.rebalance),
            one.fingerprint,
            list(one.requirements.symbols),
            one.requirements.lookback_sessions,
        ]
        for one, root, order in zip(book, roots, orders, strict=True)
    ]
    return {
        "parts": written.parts,
        "ops": plain_ops(graph.ops),
        "numbers": [graph.numbers[part] for part in written.numbers],
        "strategies": told,
    }


def book_of(plain: Plain, files: Sequence[str]) -> tuple[Symphony, ...]:
    """
    Return the strategies that `plain_book` has written, read from these files.

    Raises:
        ValueError: it is something else.
    """
    match plain:
        case {"parts": list(parts), "ops": list(ops), "numbers": list(numbers), "strategies": list(told)} if len(
            told
        ) == len(files):
            try:
                read = _Read()
                made = [read.made(part) for part in parts]
                graph = Graph(ops=ops_of(ops, read.symbols), numbers=dict(zip(made, numbers, strict=True)))
                return tuple([_symphony(one, file, read, graph) for one, file in zip(told, files, strict=True)])
            except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError) as exc:
                raise ValueError(f"expected compiled strategies, found: {exc!r}") from exc
        case _:
            raise ValueError(f"expected {len(files)} compiled strategies, found something else")


def _plain_rebalance(rebalance: ast.Rebalance) -> list[str]:
    match rebalance:
        case ast.Periodic():
            return ["every", rebalance.frequency.value]
        case ast.Corridor():
            return ["beyond", str(rebalance.width)]
        case _:
            assert_never(rebalance)


def _symphony(told: Plain, file: str, read: "_Read", graph: Graph) -> Symphony:
    match told:
        case [str(name), int(root), list(order), [str(kind), str(how)], str(fingerprint), list(symbols), int(lookback)]:
            rebalance = (
                ast.Periodic(frequency=ast.Frequency(how)) if kind == "every" else ast.Corridor(width=Decimal(how))
            )
            return Symphony(
                name=name,
                file=file,
                root=read.nodes[root],
                plan=Plan(graph=graph, order=tuple(order)),
                rebalance=rebalance,
                fingerprint=fingerprint,
                requirements=Requirements(
                    symbols=tuple([read.symbols[symbol] for symbol in symbols]), lookback_sessions=lookback
                ),
            )
        case _:
            raise ValueError("expected a compiled strategy, found something else")


@dataclass(slots=True, eq=False)
class _Written:
    parts: list[list[Plain]] = field(default_factory=list)
    numbers: dict[ast.Part, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def number_of(self, root: ast.Part) -> int:
        """
        Return the number of a node among those of its kind, writing it and all below it first.
        """
        for part in ast.postorder(root, known=self.numbers):
            kind = "node" if isinstance(part, ast.Node) else "operand" if isinstance(part, ast.Operand) else "condition"
            self.parts.append(self._plain(part))
            self.numbers[part] = self.counts.get(kind, 0)
            self.counts[kind] = self.numbers[part] + 1
        return self.numbers[root]

    def _plain(self, part: ast.Part) -> list[Plain]:
        own = [self.numbers[child] for child in ast.children_of(part)]
        match part:
            case ast.Cash():
                return ["cash"]
            case ast.Asset():
                return ["asset", part.symbol]
            case ast.Group():
                return ["group", part.name, *own]
            case ast.WeightEqual():
                return ["equal", own]
            case ast.WeightSpecified():
                return ["specified", [str(weight) for weight in part.weights], own]
            case ast.WeightInverseVolatility():
                return ["inverse", part.window, own]
            case ast.If():
                return ["if", *own]
            case ast.Filter():
                return ["filter", part.indicator, plain_parameters(part.parameters), part.select, part.count, own]
            case ast.Number():
                return ["number", str(part.value)]
            case ast.Indicator():
                return ["indicator", part.name, plain_parameters(part.parameters), *own]
            case ast.Compare():
                return ["compare", part.operator, *own]
            case ast.And():
                return ["and", own]
            case ast.Or():
                return ["or", own]
            case ast.Not():
                return ["not", *own]
            case _:
                assert_never(part)


class _Read:
    """
    The nodes made so far, by the numbers that later lists refer to them.
    """

    def __init__(self) -> None:
        self.nodes: list[ast.Node] = []
        self.operands: list[ast.Operand] = []
        self.conditions: list[ast.Condition] = []
        self.symbols: dict[str, Symbol] = {}
        self._node_of: Mapping[str, Callable[..., ast.Node]] = {
            "asset": self._asset,
            "group": lambda name, child: ast.Group(name=name, child=self.nodes[child]),
            "if": self._if,
            "equal": lambda children: ast.WeightEqual(children=self._nodes(children)),
            "filter": self._filter,
            "specified": lambda weights, children: ast.WeightSpecified(
                weights=tuple(map(Decimal, weights)), children=self._nodes(children)
            ),
            "inverse": lambda window, children: ast.WeightInverseVolatility(
                window=window, children=self._nodes(children)
            ),
            "cash": ast.Cash,
        }
        self._operand_of: Mapping[str, Callable[..., ast.Operand]] = {
            "indicator": lambda name, parameters, of: ast.Indicator(
                name=name, parameters=parameters_of(parameters), of=self.nodes[of]
            ),
            "number": lambda value: ast.Number(value=Decimal(value)),
        }
        self._condition_of: Mapping[str, Callable[..., ast.Condition]] = {
            "compare": lambda operator, left, right: ast.Compare(
                operator=COMPARISONS[operator], left=self.operands[left], right=self.operands[right]
            ),
            "and": lambda several: ast.And(conditions=self._conditions(several)),
            "or": lambda several: ast.Or(conditions=self._conditions(several)),
            "not": lambda condition: ast.Not(condition=self.conditions[condition]),
        }

    def made(self, plain: Sequence[str]) -> ast.Part:
        """
        Make the node of a list.
        """
        kind, *fields = plain
        if kind in self._node_of:
            self.nodes.append(node := self._node_of[kind](*fields))
            return node
        if kind in self._operand_of:
            self.operands.append(operand := self._operand_of[kind](*fields))
            return operand
        self.conditions.append(condition := self._condition_of[kind](*fields))
        return condition

    def _asset(self, name: str) -> ast.Node:
        symbol = self.symbols[name] = as_symbol(name)
        return ast.Asset(symbol=symbol)

    def _if(self, condition: int, then: int, otherwise: int) -> ast.Node:
        return ast.If(condition=self.conditions[condition], then=self.nodes[then], otherwise=self.nodes[otherwise])

    def _filter(
        self, indicator: str, parameters: Sequence[int | str], select: str, count: int, children: Sequence[int]
    ) -> ast.Node:
        return ast.Filter(
            indicator=indicator,
            parameters=parameters_of(parameters),
            select=SELECTIONS[select],
            count=count,
            children=self._nodes(children),
        )

    def _nodes(self, numbers: Sequence[int]) -> tuple[ast.Node, ...]:
        nodes = self.nodes
        return tuple([nodes[number] for number in numbers])

    def _conditions(self, numbers: Sequence[int]) -> tuple[ast.Condition, ...]:
        return tuple([self.conditions[number] for number in numbers])
