"""
What changed in meaning from one strategy to another, and on which sessions that would have mattered.

1. merge both plans: nodes of equal meaning become the same operation, whatever they are called and however written;
2. walk both trees together from their roots, and stop wherever the operations are the same;
3. where one side wraps the other's holding, tell of what was put around it or taken away, and go on inside;
4. pair the children that mean the same, then the rest in order; tell of what is left over.

A pair of nodes is told of once, at the first place it stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias, assert_never

from alchemiser.application.explain import Verdict, verdicts
from alchemiser.application.reasons import short_text
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.plan import Graph, lower
from alchemiser.domain.strategy.printer import printed_part
from alchemiser.domain.strategy.sight import label_of
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Weights

What: TypeAlias = Literal["added", "removed", "changed"]
Weighting: TypeAlias = ast.WeightEqual | ast.WeightSpecified | ast.WeightInverseVolatility | ast.Filter
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One difference of meaning.

    Args:
        what: whether the second strategy has more, less, or something else there.
        path: where, from the root down, in the second strategy's words; in the first's for what was removed.
        words: what is different.
    """

    what: What
    path: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    before: ast.Node
    after: ast.Node
    path: str


@dataclass(frozen=True, slots=True, eq=False)
class _Meanings:
    """
    The operation of every node of both trees, in one numbering.
    """

    before: dict[ast.Part, int] = field(default_factory=dict)
    after: dict[ast.Part, int] = field(default_factory=dict)

    def are_same(self, before: ast.Part, after: ast.Part) -> bool:
        """
        Tell whether two nodes mean the same.
        """
        return self.before[before] == self.after[after]


def changes(before: Symphony, after: Symphony) -> tuple[Change, ...]:
    """
    Return every difference of meaning, in the order of the trees; none exactly when the fingerprints are equal.
    """
    # In one graph, nodes that mean the same have the same number.
    graph = Graph()
    lower(before.root, graph)
    lower(after.root, graph)
    meanings = _Meanings(graph.numbers, graph.numbers)
    found: list[Change] = []
    if before.rebalance != after.rebalance:
        words = f"rebalancing: {rebalance_words(before.rebalance)} became {rebalance_words(after.rebalance)}"
        found.append(Change(what="changed", path=after.name, words=words))
    told: set[tuple[int, int]] = set()
    stack = [_Pair(before=before.root, after=after.root, path=after.name)]
    while stack:
        pair = _bare(stack.pop())
        meaning = meanings.before[pair.before], meanings.after[pair.after]
        if meaning[0] == meaning[1] or meaning in told:
            continue
        told.add(meaning)
        follow: list[_Pair] = []
        for step in _compared(pair, meanings):
            if isinstance(step, Change):
                found.append(step)
            else:
                follow.append(step)
        stack.extend(reversed(follow))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    Two strategies on the same sessions.

    Args:
        apart: the sessions on which they want different weights, or only one of them can say what it wants.
        undecided: on how many sessions neither can.
    """

    apart: tuple[tuple[date, Verdict, Verdict], ...]
    undecided: int


def compared(before: Strategy, after: Strategy, closes: Closes, sessions: Sequence[date]) -> Comparison:
    """
    Compare what two strategies want, session by session.
    """
    told = verdicts([before, after], closes, sessions)
    pairs = [(session, one, other) for (_, session, one), (_, _, other) in zip(told, told, strict=True)]
    return Comparison(
        apart=tuple(pair for pair in pairs if _wanted(pair[1]) != _wanted(pair[2])),
        undecided=sum(_wanted(one) is None and _wanted(other) is None for _, one, other in pairs),
    )


def rebalance_words(rule: ast.Rebalance) -> str:
    """
    Return how often a strategy is brought to its target.
    """
    if isinstance(rule, ast.Periodic):
        return str(rule.frequency)
    return f"beyond {_plain(rule.width * 100)} % of drift"


def _wanted(verdict: Verdict) -> Weights | None:
    return verdict.weights if isinstance(verdict, Signal) else None


def _bare(pair: _Pair) -> _Pair:
    # Names and weightings of a single child change no weight; names make the path readable.
    before, path = pair.before, pair.path
    while (inner := _only_child(before)) is not None:
        before = inner
    after = pair.after
    while (inner := _only_child(after)) is not None:
        if isinstance(after, ast.Group):
            path = f"{path} > {after.name}"
        after = inner
    return _Pair(before=before, after=after, path=path)


def _only_child(node: ast.Node) -> ast.Node | None:
    match node:
        case ast.Group():
            return node.child
        case ast.WeightEqual() | ast.WeightSpecified() | ast.WeightInverseVolatility() if len(node.children) == 1:
            return node.children[0]
        case _:
            return None


def _compared(pair: _Pair, meanings: _Meanings) -> Iterator[Change | _Pair]:
    before, after, path = pair.before, pair.after, pair.path
    match before, after:
        case ast.If(), ast.If() if _is_same_branching(before, after, meanings):
            yield from _branches(before, after, path, meanings)
            return
        case (
            (ast.WeightEqual(), ast.WeightEqual())
            | (ast.WeightSpecified(), ast.WeightSpecified())
            | (ast.WeightInverseVolatility(), ast.WeightInverseVolatility())
            | (ast.Filter(), ast.Filter())
        ):
            yield from _weightings(before, after, path, meanings)
            return
        case _:
            pass
    around = next((child for child in _held(after) if meanings.are_same(before, child)), None)
    inside = next((child for child in _held(before) if meanings.are_same(child, after)), None)
    if around is not None:
        rest = [child for child in _held(after) if child is not around]
        words = f"{_words(after)} was put around {_words(before)}{_beside(rest)}"
        yield Change(what="added", path=path, words=words)
    elif inside is not None:
        rest = [child for child in _held(before) if child is not inside]
        words = f"{_words(before)} around {_words(after)} was taken away{_beside(rest)}"
        yield Change(what="removed", path=path, words=words)
    else:
        yield Change(what="changed", path=path, words=f"{_words(before)} became {_words(after)}")


def _is_same_branching(before: ast.If, after: ast.If, meanings: _Meanings) -> bool:
    # A question that was put before another one is no change of that other one.
    if meanings.are_same(before.condition, after.condition):
        return True
    is_wrapped = any(meanings.are_same(before, child) for child in _held(after))
    return not is_wrapped and not any(meanings.are_same(child, after) for child in _held(before))


def _branches(before: ast.If, after: ast.If, path: str, meanings: _Meanings) -> Iterator[Change | _Pair]:
    if not meanings.are_same(before.condition, after.condition):
        words = f"the condition {_asked(before.condition)} became {_asked(after.condition)}"
        yield Change(what="changed", path=f"{path} > if", words=words)
    yield _Pair(before=before.then, after=after.then, path=f"{path} > if > then")
    yield _Pair(before=before.otherwise, after=after.otherwise, path=f"{path} > if > else")


def _weightings(before: ast.Node, after: ast.Node, path: str, meanings: _Meanings) -> Iterator[Change | _Pair]:
    assert isinstance(before, Weighting)
    assert isinstance(after, Weighting)
    path = f"{path} > {_kind(after)}"
    if not isinstance(after, ast.WeightEqual | ast.WeightSpecified) and _words(before) != _words(after):
        yield Change(what="changed", path=path, words=f"{_words(before)} became {_words(after)}")
    kept, gone, new = _aligned(before.children, after.children, meanings)
    shares = _shares(before), _shares(after)
    for old, now in kept:
        if isinstance(before, ast.WeightSpecified) and shares[0][old] != shares[1][now]:
            words = f"{_percent(shares[0][old])} of {_words(before.children[old])} became {_percent(shares[1][now])}"
            yield Change(what="changed", path=path, words=words)
    for old, now in zip(gone, new, strict=False):
        if isinstance(before, ast.WeightSpecified) and shares[0][old] != shares[1][now]:
            words = f"{_percent(shares[0][old])} became {_percent(shares[1][now])} of {_words(after.children[now])}"
            yield Change(what="changed", path=path, words=words)
        yield _Pair(before=before.children[old], after=after.children[now], path=path)
    for old in gone[len(new) :]:
        yield Change(what="removed", path=path, words=f"{_part(before, shares[0][old], old)} was removed")
    for now in new[len(gone) :]:
        yield Change(what="added", path=path, words=f"{_part(after, shares[1][now], now)} was added")
    has_moved = not gone and not new and [old for old, _ in kept] != sorted(old for old, _ in kept)
    if has_moved:
        ties = ", which decides ties" if isinstance(after, ast.Filter) else ""
        yield Change(what="changed", path=path, words=f"its children stand in another order{ties}")


def _aligned(
    before: Sequence[ast.Node], after: Sequence[ast.Node], meanings: _Meanings
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    # The places that mean the same, those of the first that are left, those of the second that are left.
    free: dict[int, list[int]] = {}
    for place, child in enumerate(before):
        free.setdefault(meanings.before[child], []).append(place)
    kept, new = [], []
    for place, child in enumerate(after):
        alike = free.get(meanings.after[child])
        if alike:
            kept.append((alike.pop(0), place))
        else:
            new.append(place)
    return kept, sorted(place for places in free.values() for place in places), new


def _held(node: ast.Node) -> tuple[ast.Node, ...]:
    return tuple(child for child in ast.children_of(node) if isinstance(child, ast.Node))


def _shares(node: Weighting) -> list[Fraction]:
    if not isinstance(node, ast.WeightSpecified):
        return [Fraction(0)] * len(node.children)
    weights = [Fraction(weight) for weight in node.weights]
    return [weight / sum(weights) for weight in weights]


def _part(node: Weighting, share: Fraction, place: int) -> str:
    words = _words(node.children[place])
    return f"{_percent(share)} of {words}" if isinstance(node, ast.WeightSpecified) else words


def _beside(rest: Sequence[ast.Node]) -> str:
    others = [_words(child) for child in rest]
    return f", beside {' and '.join(others)}" if others else ""


def _words(node: ast.Node) -> str:
    match node:
        case ast.Cash():
            return "cash"
        case ast.If():
            return f"if {_asked(node.condition)}"
        case ast.WeightEqual():
            return f"equal weights of {len(node.children)}"
        case ast.WeightSpecified():
            return f"specified weights of {len(node.children)}"
        case ast.Group():
            return f'group "{node.name}"'
        case _:
            return _short(short_text(label_of(node)))


def _asked(condition: ast.Condition) -> str:
    return _short(short_text(printed_part(condition)))


def _kind(node: Weighting) -> str:
    match node:
        case ast.WeightEqual():
            return "weight-equal"
        case ast.WeightSpecified():
            return "weight-specified"
        case ast.WeightInverseVolatility():
            return "weight-inverse-volatility"
        case ast.Filter():
            return "filter"
        case _:
            assert_never(node)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _percent(share: Fraction) -> str:
    return f"{_plain(Decimal(share.numerator) / share.denominator * 100)} %"


def _plain(value: Decimal) -> str:
    text = f"{value:.4f}"
    return text.rstrip("0").rstrip(".")
