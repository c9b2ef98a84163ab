"""
Compiled strategies as plain lists and back, so that they can be kept as JSON: data only, nothing that can run.

1. every distinct node becomes one list, its kind first; children come before parents and are referred to by number;
2. nodes, operands and conditions are numbered apart, so a reference cannot be taken for another kind;
3. back again, every list is checked by its shape; operations and their order are derived from the tree as ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, assert_never

from alchemiser.domain.indicators.registry import Parameters
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.plan import Graph, lower
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Symbol, as_symbol

Plain: TypeAlias = object

_COMPARISONS: Mapping[object, ast.Comparison] = {">": ">", "<": "<", ">=": ">=", "<=": "<=", "=": "="}
_SELECTIONS: Mapping[object, ast.Selection] = {"top": "top", "bottom": "bottom"}


def plain_book(book: Sequence[Symphony]) -> Plain:
    """
    Return strategies as lists, strings and whole numbers.
    """
    written = _Written()
    roots = [written.number_of(one.root) for one in book]
    told = [
        [
            one.name,
            root,
            _plain_rebalance(one.rebalance),
            one.fingerprint,
            list(one.requirements.symbols),
            one.requirements.lookback_sessions,
        ]
        for one, root in zip(book, roots, strict=True)
    ]
    return {"parts": written.parts, "strategies": told}


def book_of(plain: Plain, files: Sequence[str]) -> tuple[Symphony, ...]:
    """
    Return the strategies that `plain_book` has written, read from these files.

    Raises:
        ValueError: it is something else.
    """
    match plain:
        case {"parts": list(parts), "strategies": list(told)} if len(told) == len(files):
            read = _Read()
            try:
                for part in parts:
                    read.add(part)
                return tuple(_symphony(one, file, read) for one, file in zip(told, files, strict=True))
            except (ArithmeticError, IndexError, KeyError, TypeError) as exc:
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


def _symphony(told: Plain, file: str, read: "_Read") -> Symphony:
    match told:
        case [str(name), int(root), [str(kind), str(how)], str(fingerprint), list(symbols), int(lookback)]:
            rebalance = (
                ast.Periodic(frequency=ast.Frequency(how)) if kind == "every" else ast.Corridor(width=Decimal(how))
            )
            return Symphony(
                name=name,
                file=file,
                root=read.nodes[root],
                plan=lower(read.nodes[root], read.graph),
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
                return ["filter", part.indicator, _plain_parameters(part.parameters), part.select, part.count, own]
            case ast.Number():
                return ["number", str(part.value)]
            case ast.Indicator():
                return ["indicator", part.name, _plain_parameters(part.parameters), *own]
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


def _plain_parameters(parameters: Parameters) -> list[int | str]:
    return [one if isinstance(one, int) else str(one) for one in parameters]


@dataclass(slots=True, eq=False)
class _Read:
    nodes: list[ast.Node] = field(default_factory=list)
    operands: list[ast.Operand] = field(default_factory=list)
    conditions: list[ast.Condition] = field(default_factory=list)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)

    def add(self, plain: Plain) -> None:
        """
        Make the node of a list.
        """
        nodes, operands, conditions = self.nodes, self.operands, self.conditions
        match plain:
            case ["if", int(condition), int(then), int(otherwise)]:
                nodes.append(ast.If(condition=conditions[condition], then=nodes[then], otherwise=nodes[otherwise]))
            case ["asset", str(symbol)]:
                self.symbols[symbol] = as_symbol(symbol)
                nodes.append(ast.Asset(symbol=self.symbols[symbol]))
            case ["group", str(name), int(child)]:
                nodes.append(ast.Group(name=name, child=nodes[child]))
            case ["equal", list(children)]:
                nodes.append(ast.WeightEqual(children=self._nodes(children)))
            case ["indicator", str(name), list(parameters), int(of)]:
                operands.append(ast.Indicator(name=name, parameters=_parameters(parameters), of=nodes[of]))
            case ["number", str(value)]:
                operands.append(ast.Number(value=Decimal(value)))
            case ["compare", str(operator), int(left), int(right)]:
                sides = operands[left], operands[right]
                conditions.append(ast.Compare(operator=_COMPARISONS[operator], left=sides[0], right=sides[1]))
            case ["filter", str(indicator), list(parameters), str(select), int(count), list(children)]:
                nodes.append(
                    ast.Filter(
                        indicator=indicator,
                        parameters=_parameters(parameters),
                        select=_SELECTIONS[select],
                        count=count,
                        children=self._nodes(children),
                    )
                )
            case ["specified", list(weights), list(children)]:
                shares = tuple(Decimal(weight) for weight in weights)
                nodes.append(ast.WeightSpecified(weights=shares, children=self._nodes(children)))
            case ["inverse", int(window), list(children)]:
                nodes.append(ast.WeightInverseVolatility(window=window, children=self._nodes(children)))
            case ["cash"]:
                nodes.append(ast.Cash())
            case ["and", list(several)]:
                conditions.append(ast.And(conditions=tuple([conditions[one] for one in several])))
            case ["or", list(several)]:
                conditions.append(ast.Or(conditions=tuple([conditions[one] for one in several])))
            case ["not", int(condition)]:
                conditions.append(ast.Not(condition=conditions[condition]))
            case _:
                raise ValueError("expected a compiled node, found something else")

    def _nodes(self, numbers: Sequence[int]) -> tuple[ast.Node, ...]:
        nodes = self.nodes
        return tuple([nodes[number] for number in numbers])


def _parameters(plain: Sequence[int | str]) -> Parameters:
    return tuple([one if isinstance(one, int) else Decimal(one) for one in plain])
