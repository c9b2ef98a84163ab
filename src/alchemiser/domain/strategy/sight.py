"""
One strategy's panel seen at one session: the values of its nodes, and why some are unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from alchemiser.domain.indicators.registry import Parameters, indicator_named
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.choices import TOLERANCE, Choice
from alchemiser.domain.strategy.ops import FilterOp, InverseVolatilityOp
from alchemiser.domain.strategy.panel import Panel
from alchemiser.domain.strategy.plan import VOLATILITY
from alchemiser.domain.strategy.printer import printed_part
from alchemiser.domain.values import Symbol

_MOST_REASONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """
    What is unknown, in words, and the symbols to look at.
    """

    text: str
    symbols: tuple[Symbol, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """
    Where to look the values of a strategy's nodes up.

    Args:
        panel: the evaluated operations of the whole book.
        numbers: of every node of the strategy, its operation there.
        index: the session's.
        texts: canonical texts printed so far.
    """

    panel: Panel
    numbers: Mapping[ast.Part, int]
    index: int
    texts: dict[ast.Part, str]

    def text(self, part: ast.Part) -> str:
        """
        Return the canonical text of a condition or asset, or the head of a filter or weighting.
        """
        text = self.texts.get(part)
        if text is None:
            text = self.texts[part] = _headline(part)
        return text

    def value(self, operand: ast.Operand) -> float:
        """
        Return a side of a comparison.
        """
        return float(self.panel.readings[self.numbers[operand]].values[self.index])

    def outcome(self, condition: ast.Condition) -> str:
        """
        Return `true`, `false` or `unknown`.
        """
        truth = self.panel.truths[self.numbers[condition]]
        if truth.true[self.index]:
            return "true"
        return "false" if truth.false[self.index] else "unknown"

    def choice(self, node: ast.Filter | ast.WeightInverseVolatility) -> Choice:
        """
        Return what a filter, or a weighting of several children, chose.
        """
        return self.panel.choices[self.numbers[node]]

    def scores(self, node: ast.Filter | ast.WeightInverseVolatility) -> tuple[float, ...]:
        """
        Return the scores, or the volatilities, of the children in source order.
        """
        op = self.panel.ops[self.numbers[node]]
        match op:
            case FilterOp():
                numbers = op.scores
            case InverseVolatilityOp():
                numbers = op.volatilities
            case _:
                numbers = ()
        return tuple(float(self.panel.readings[number].values[self.index]) for number in numbers)

    def why_missing(self, asset: ast.Asset) -> Why | None:
        """
        Tell why a holding has no close, or None when it has one.
        """
        return self._combined([(asset, 1)], is_infinite=False)

    def why_unknown(self, condition: ast.Condition) -> Why:
        """
        Tell why a condition is neither true nor false.
        """
        whys = [
            self.why_unmeasured(part.of, part.name, part.parameters)
            for part in ast.postorder(condition)
            if isinstance(part, ast.Indicator) and part in self.numbers and np.isnan(self.value(part))
        ]
        return _joined(whys)

    def why_undecided(self, node: ast.Filter | ast.WeightInverseVolatility) -> Why:
        """
        Tell why a filter or weighting chose nothing.
        """
        name, parameters = scoring(node)
        whys: list[Why] = []
        for child, score in zip(node.children, self.scores(node), strict=True):
            if np.isnan(score):
                whys.append(self.why_unmeasured(child, name, parameters))
            elif isinstance(node, ast.WeightInverseVolatility) and score <= TOLERANCE:
                text = f"the volatility of {label_of(child)} is zero"
                whys.append(Why(text=text, symbols=symbols_below(child)))
        return _joined(whys)

    def why_unmeasured(self, of: ast.Node, name: str, parameters: Parameters) -> Why:
        """
        Tell why an indicator of a node is unknown.
        """
        indicator = indicator_named(name)
        needed = indicator.closes_needed(parameters) if indicator is not None else 1
        assets = [part for part in ast.postorder(of) if isinstance(part, ast.Asset)]
        # A sub-tree's assets are looked at over its window only: their own windows differ.
        is_infinite = indicator is not None and indicator.has_infinite_memory and isinstance(of, ast.Asset)
        found = self._combined([(asset, needed) for asset in assets], is_infinite=is_infinite)
        text = f"{label_of(of)}: fewer than the {needed} sessions that {name} needs"
        return _joined([found or Why(text=text, symbols=symbols_below(of))])

    def _combined(self, needs: Iterable[tuple[ast.Asset, int]], *, is_infinite: bool) -> Why | None:
        problems = [(asset.symbol, self._problem(asset, needed, is_infinite=is_infinite)) for asset, needed in needs]
        found = [(symbol, problem) for symbol, problem in problems if problem]
        if not found:
            return None
        return Why(
            text="; ".join(dict.fromkeys(problem for _, problem in found)),
            symbols=tuple(sorted({symbol for symbol, _ in found})),
        )

    def _problem(self, asset: ast.Asset, needed: int, *, is_infinite: bool) -> str:
        symbol, sessions = asset.symbol, self.panel.closes.sessions
        if not self.panel.closes.holds(symbol):
            reason = self.panel.closes.absent.get(symbol)
            return f"the bars of {symbol} may not be used, {reason}" if reason else f"there are no bars of {symbol}"
        known = ~np.isnan(self.panel.closes.of(symbol)[: self.index + 1])
        if not known.any():
            return f"{symbol} has no bar up to {sessions[self.index]}"
        if not known[-1]:
            last = sessions[int(np.flatnonzero(known)[-1])]
            return f"{symbol} has no bar on {sessions[self.index]}, its last is of {last}"
        first = int(known.argmax())
        gaps = np.flatnonzero(~known[first:]) + first
        gaps = gaps if is_infinite else gaps[gaps > self.index - needed]
        if len(gaps):
            return f"{symbol} has no bar on {sessions[int(gaps[-1])]}"
        have = self.index + 1 - first
        return f"{symbol} has {have} of the {needed} closes that are needed" if have < needed else ""


def scoring(node: ast.Filter | ast.WeightInverseVolatility) -> tuple[str, Parameters]:
    """
    Return the indicator children are measured with.
    """
    if isinstance(node, ast.Filter):
        return node.indicator, node.parameters
    return VOLATILITY, (node.window,)


def label_of(node: ast.Node) -> str:
    """
    Name a node in a few words: its ticker, its group's name, or its operator.
    """
    match node:
        case ast.Asset():
            return node.symbol
        case ast.Group():
            return node.name
        case ast.Cash():
            return "cash"
        case _:
            return _headline(node)


def symbols_below(node: ast.Node) -> tuple[Symbol, ...]:
    """
    Return every symbol a node names, ascending.
    """
    return tuple(sorted({part.symbol for part in ast.postorder(node) if isinstance(part, ast.Asset)}))


def _headline(part: ast.Part) -> str:
    match part:
        case ast.Filter():
            head = ast.Filter(
                indicator=part.indicator,
                parameters=part.parameters,
                select=part.select,
                count=part.count,
                children=(),
            )
            return printed_part(head).replace(" []", "")
        case ast.WeightInverseVolatility():
            return f"(weight-inverse-volatility {part.window})"
        case ast.WeightEqual():
            return "weight-equal"
        case ast.WeightSpecified():
            return "weight-specified"
        case ast.If():
            return f"(if {printed_part(part.condition)})"
        case ast.Group():
            return f'(group "{part.name}")'
        case _:
            return printed_part(part)


def _joined(whys: Iterable[Why]) -> Why:
    known = list(whys)
    texts = list(dict.fromkeys(part for why in known for part in why.text.split("; ")))
    more = [f"{len(texts) - _MOST_REASONS} more like these"] if len(texts) > _MOST_REASONS else []
    return Why(
        text="; ".join([*texts[:_MOST_REASONS], *more]) or "its history is too short",
        symbols=tuple(sorted({symbol for why in known for symbol in why.symbols})),
    )
