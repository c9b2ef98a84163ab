"""
A slow, obvious evaluator: one day at a time, plain floats, straight from the definitions.

It shares nothing with the panel but the typed tree: its indicators are written from the list of closes, its holdings
are dictionaries of weights, it recurses, and it knows nothing of plans, arrays or sharing.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import assert_never

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy import ast
from alchemiser.domain.values import Symbol

EQUAL_WITHIN = 1e-10


@dataclass(frozen=True)
class Unknown:
    """
    No value: broken where data is missing that should exist, otherwise the history is too short.
    """

    is_broken: bool


Holdings = dict[Symbol, float]
SHORT, BROKEN = Unknown(is_broken=False), Unknown(is_broken=True)


class Oracle:
    """
    The weights of a tree on any one day.
    """

    def __init__(self, root: ast.Node, closes: Closes) -> None:
        self._root = root
        self._prices: dict[Symbol, list[float]] = {s: closes.of(s).tolist() for s in closes.symbols}
        self._length = len(closes.sessions)
        self._weights: dict[tuple[ast.Node, int], Holdings | Unknown] = {}
        self._closes: dict[ast.Node, list[float | Unknown]] = {}
        self._lives: dict[tuple[ast.Node, str, tuple[float, ...], int], list[float]] = {}

    def on(self, day: int) -> Holdings | None:
        """
        Return the weights of a day, or None when they are undefined.
        """
        weights = self._hold(self._root, day)
        return None if isinstance(weights, Unknown) else weights

    def _hold(self, node: ast.Node, day: int) -> Holdings | Unknown:
        key = (node, day)
        if key not in self._weights:
            self._weights[key] = self._held(node, day)
        return self._weights[key]

    def _held(self, node: ast.Node, day: int) -> Holdings | Unknown:
        match node:
            case ast.Cash():
                return {}
            case ast.Asset():
                close = self._close(node.symbol, day)
                return close if isinstance(close, Unknown) else {node.symbol: 1.0}
            case ast.Group():
                return self._hold(node.child, day)
            case ast.WeightEqual():
                return self._blend([1.0] * len(node.children), node.children, day)
            case ast.WeightSpecified():
                return self._blend([float(w) for w in node.weights], node.children, day)
            case ast.If():
                answer = self._ask(node.condition, day)
                if isinstance(answer, Unknown):
                    return answer
                return self._hold(node.then if answer else node.otherwise, day)
            case ast.Filter():
                return self._filter(node, day)
            case ast.WeightInverseVolatility():
                return self._inverse_volatility(node, day)
            case _:
                assert_never(node)

    def _blend(self, weights: Sequence[float], children: Sequence[ast.Node], day: int) -> Holdings | Unknown:
        parts = [self._hold(child, day) for child in children]
        unknown = _worst(parts)
        if unknown is not None:
            return unknown
        blend: Holdings = {}
        for weight, part in zip(weights, parts, strict=True):
            assert not isinstance(part, Unknown)
            for symbol, own in part.items():
                blend[symbol] = blend.get(symbol, 0.0) + own * weight / math.fsum(weights)
        return blend

    def _filter(self, node: ast.Filter, day: int) -> Holdings | Unknown:
        parameters = tuple(float(p) for p in node.parameters)
        scores = [self._measure(node.indicator, parameters, child, day) for child in node.children]
        if BROKEN in scores:
            return BROKEN
        left = [(score, child) for score, child in zip(scores, node.children, strict=True) if score != SHORT]
        if not left:
            return SHORT
        sign = -1 if node.select == "top" else 1
        ranked = sorted(left, key=lambda pair: sign * round(_number(pair[0]), 12))
        best = [child for _, child in ranked[: node.count]]
        return self._blend([1.0] * len(best), best, day)

    def _inverse_volatility(self, node: ast.WeightInverseVolatility, day: int) -> Holdings | Unknown:
        if len(node.children) == 1:
            return self._hold(node.children[0], day)
        volatilities = [self._measure("stdev-return", (float(node.window),), child, day) for child in node.children]
        if any(isinstance(v, float) and v <= EQUAL_WITHIN for v in volatilities):
            return BROKEN
        unknown = _worst(volatilities)
        if unknown is not None:
            return unknown
        return self._blend([1 / _number(v) for v in volatilities], node.children, day)

    def _ask(self, condition: ast.Condition, day: int) -> bool | Unknown:
        match condition:
            case ast.Not():
                answer = self._ask(condition.condition, day)
                return answer if isinstance(answer, Unknown) else not answer
            case ast.And():
                return _agree([self._ask(one, day) for one in condition.conditions], decisive=False)
            case ast.Or():
                return _agree([self._ask(one, day) for one in condition.conditions], decisive=True)
            case ast.Compare():
                left, right = self._operand(condition.left, day), self._operand(condition.right, day)
                unknown = _worst([left, right])
                if unknown is not None:
                    return unknown
                return _compare(condition.operator, _number(left), _number(right))
            case _:
                assert_never(condition)

    def _operand(self, operand: ast.Operand, day: int) -> float | Unknown:
        if isinstance(operand, ast.Number):
            return float(operand.value)
        return self._measure(operand.name, tuple(float(p) for p in operand.parameters), operand.of, day)

    def _measure(self, name: str, parameters: tuple[float, ...], of: ast.Node, day: int) -> float | Unknown:
        series = self._series(of)
        if name in _REMEMBERING:
            start = self._before_life(of, day)
            if start == day or (start >= 0 and series[start] == BROKEN):
                last = series[start]
                assert isinstance(last, Unknown)
                return last
            key = (of, name, parameters, start)
            if key not in self._lives:
                end = start + 1
                while end < self._length and not isinstance(series[end], Unknown):
                    end += 1
                life = [_number(close) for close in series[start + 1 : end]]
                self._lives[key] = _REMEMBERING[name](life, *[int(p) for p in parameters])
            value = self._lives[key][day - start - 1]
            return SHORT if math.isnan(value) else value
        needed = int(parameters[0]) + (1 if name in _OF_RETURNS else 0) if parameters else 1
        window: list[float] = []
        for past in range(day, day - needed, -1):
            close = series[past] if past >= 0 else SHORT
            if isinstance(close, Unknown):
                return close
            window.insert(0, close)
        return _WINDOWED[name](window, *parameters[1:])

    def _before_life(self, of: ast.Node, day: int) -> int:
        # The last day up to this one on which the series has no value.
        series = self._series(of)
        while day >= 0 and not isinstance(series[day], Unknown):
            day -= 1
        return day

    def _series(self, named: ast.Node) -> list[float | Unknown]:
        node = _without_wrapping(named)
        if node not in self._closes:
            self._closes[node] = (
                [self._close(node.symbol, day) for day in range(self._length)]
                if isinstance(node, ast.Asset)
                else self._synthesised(node)
            )
        return self._closes[node]

    def _synthesised(self, node: ast.Node) -> list[float | Unknown]:
        series: list[float | Unknown] = []
        level = 1.0
        before: Holdings | Unknown = SHORT
        for day in range(self._length):
            now = self._hold(node, day)
            if isinstance(now, Unknown):
                series.append(now)
            elif isinstance(before, Unknown):
                series.append(level)
            else:
                gains = [(w, self._close(s, day), self._close(s, day - 1)) for s, w in before.items()]
                if any(isinstance(new, Unknown) for _, new, _ in gains):
                    series.append(BROKEN)
                else:
                    level *= 1 + math.fsum(w * (_number(new) / _number(old) - 1) for w, new, old in gains)
                    series.append(level)
            before = now
        return series

    def _close(self, symbol: Symbol, day: int) -> float | Unknown:
        prices = self._prices.get(symbol)
        if prices is None:
            return BROKEN
        if not math.isnan(prices[day]):
            return prices[day]
        return SHORT if all(math.isnan(price) for price in prices[:day]) else BROKEN


def _without_wrapping(node: ast.Node) -> ast.Node:
    # Whatever always holds one child alone is measured as that child.
    match node:
        case ast.Group():
            return _without_wrapping(node.child)
        case ast.WeightEqual() | ast.WeightSpecified() | ast.WeightInverseVolatility() if len(node.children) == 1:
            return _without_wrapping(node.children[0])
        case _:
            return node


def _worst(values: Sequence[object]) -> Unknown | None:
    if BROKEN in values:
        return BROKEN
    return SHORT if SHORT in values else None


def _number(value: float | Unknown) -> float:
    assert not isinstance(value, Unknown)
    return value


def _agree(answers: Sequence[bool | Unknown], *, decisive: bool) -> bool | Unknown:
    if any(answer is decisive for answer in answers):
        return decisive
    return _worst(answers) or (not decisive)


def _compare(operator: str, left: float, right: float) -> bool:
    is_equal = abs(left - right) <= EQUAL_WITHIN * max(1.0, abs(left), abs(right))
    match operator:
        case ">":
            return left > right and not is_equal
        case "<":
            return left < right and not is_equal
        case ">=":
            return left > right or is_equal
        case "<=":
            return left < right or is_equal
        case _:
            return is_equal


def _returns(closes: Sequence[float]) -> list[float]:
    return [new / old - 1 for old, new in pairwise(closes)]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float], *, lost: int) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - lost))


def _drawdown(closes: Sequence[float]) -> float:
    return max(1 - min(closes[day:]) / peak for day, peak in enumerate(closes)) * 100


def _ema(values: Sequence[float], window: int) -> list[float]:
    average, averages = math.nan, []
    seen = 0
    for value in values:
        if math.isnan(value):
            averages.append(math.nan)
            continue
        seen += 1
        average = value if seen == 1 else average + 2 / (window + 1) * (value - average)
        averages.append(average if seen >= window else math.nan)
    return averages


def _rsi(closes: Sequence[float], window: int) -> list[float]:
    changes = [new - old for old, new in pairwise(closes)]
    values = [math.nan] * len(closes)
    up = down = 0.0
    for day in range(window, len(closes)):
        if day == window:
            up = _mean([max(c, 0.0) for c in changes[:window]])
            down = _mean([max(-c, 0.0) for c in changes[:window]])
        else:
            up = (up * (window - 1) + max(changes[day - 1], 0.0)) / window
            down = (down * (window - 1) + max(-changes[day - 1], 0.0)) / window
        if down == 0:
            values[day] = 100.0 if up > 0 else 50.0
        else:
            values[day] = 100 - 100 / (1 + up / down)
    return values


def _macd(closes: Sequence[float], short: int, long: int) -> list[float]:
    return [fast - slow for fast, slow in zip(_ema(closes, short), _ema(closes, long), strict=True)]


def _ppo(closes: Sequence[float], short: int, long: int) -> list[float]:
    return [(f - s) / s * 100 for f, s in zip(_ema(closes, short), _ema(closes, long), strict=True)]


def _band(closes: Sequence[float], deviations: float) -> float:
    return _mean(closes) + deviations * _deviation(closes, lost=0)


_OF_RETURNS = {"cumulative-return", "moving-average-return", "stdev-return"}
_WINDOWED: dict[str, Callable[..., float]] = {
    "current-price": lambda closes: closes[-1],
    "moving-average-price": _mean,
    "cumulative-return": lambda closes: (closes[-1] / closes[0] - 1) * 100,
    "moving-average-return": lambda closes: _mean(_returns(closes)) * 100,
    "stdev-return": lambda closes: _deviation(_returns(closes), lost=1) * 100,
    "stdev-price": lambda closes: _deviation(closes, lost=1),
    "max-drawdown": _drawdown,
    "upper-bollinger": _band,
    "lower-bollinger": lambda closes, deviations: _band(closes, -deviations),
}
_REMEMBERING: dict[str, Callable[..., list[float]]] = {
    "exponential-moving-average-price": _ema,
    "rsi": _rsi,
    "percentage-price-oscillator": _ppo,
    "percentage-price-oscillator-signal": lambda c, s, long, smooth: _ema(_ppo(c, s, long), smooth),
    "macd": _macd,
    "macd-signal": lambda c, s, long, smooth: _ema(_macd(c, s, long), smooth),
}
