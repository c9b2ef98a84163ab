"""
The way one session's weights were decided, read off the evaluated panel.

1. walk the tree from the root with an explicit stack, expanding what is held and naming what is not;
2. note at every condition, filter and inverse-volatility weighting what decided it;
3. join the entries, last to first, into a tree.

Where a session is undefined the walk goes on beside the node that could not be decided, and notes why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Literal, TypeAlias, assert_never

import numpy as np

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.choices import Choice
from alchemiser.domain.strategy.sight import Sight, Why, label_of
from alchemiser.domain.strategy.signal import Decision, Score
from alchemiser.domain.values import Symbol

State: TypeAlias = Literal["held", "not held", "left out", "undefined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedNode:
    """
    A node of a strategy as one session saw it.

    Args:
        label: a few words: ticker, group name, or the clause's text.
        kind: the clause; `condition` for what an `if` asked.
        state: whether its parent holds it; `left out` for a candidate of a short history; `undefined` where the
            node itself could not be decided.
        weight: of the portfolio, six decimals; 0 when it is not held.
        decision: what it decided, for conditions, filters and inverse-volatility weightings.
        why: why it is undefined, else empty.
        symbols: what to look at when it is undefined.
        children: in source order; empty when it is not held, unless the whole tree was walked.
    """

    label: str
    kind: str
    state: State
    weight: Decimal
    decision: Decision | None = None
    why: str = ""
    symbols: tuple[Symbol, ...] = ()
    children: "tuple[ExplainedNode, ...]" = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """
    A visited node before its children are joined to it.
    """

    part: ast.Node | ast.Condition
    path: str
    parent: int
    state: State
    weight: float
    decision: Decision | None = None
    why: Why | None = None
    follow: "list[Entry]" = field(default_factory=list)


class Extent(Enum):
    """
    How much of a tree is walked: what is held, with what stands beside it, or all of it.
    """

    HELD = "held"
    WHOLE = "whole"


def walked(name: str, root: ast.Node, sight: Sight, extent: Extent = Extent.HELD) -> tuple[Entry, ...]:
    """
    Return everything a session visits, parents before children, in source order.
    """
    entries: list[Entry] = []
    stack = [Entry(part=root, path=name, parent=-1, state="held", weight=1.0)]
    while stack:
        entry = stack.pop()
        entries.append(entry)
        if entry.state == "held":
            _expand(entry, sight)
        elif extent is Extent.WHOLE:
            _expand_aside(entry, sight)
        for child in reversed(entry.follow):
            child.parent = len(entries) - 1
            stack.append(child)
    return tuple(entries)


def decisions_of(entries: Sequence[Entry]) -> tuple[Decision, ...]:
    """
    Return the decisions of a walk in the order they were made.
    """
    return tuple(entry.decision for entry in entries if entry.decision is not None)


def first_undefined(entries: Sequence[Entry]) -> Entry | None:
    """
    Return the first node of a walk that could not be decided.
    """
    return next((entry for entry in entries if entry.state == "undefined"), None)


def explained(entries: Sequence[Entry], sight: Sight) -> ExplainedNode:
    """
    Return a walk as a tree.
    """
    children: list[list[ExplainedNode]] = [[] for _ in entries]
    for place in range(len(entries) - 1, 0, -1):
        children[entries[place].parent].append(_node(entries[place], children[place], sight))
    return _node(entries[0], children[0], sight)


def _node(entry: Entry, children: list[ExplainedNode], sight: Sight) -> ExplainedNode:
    is_node = isinstance(entry.part, ast.Node)
    return ExplainedNode(
        label=label_of(entry.part) if isinstance(entry.part, ast.Node) else sight.text(entry.part),
        kind=_kind(entry.part) if is_node else "condition",
        state=entry.state,
        weight=_six(entry.weight) or Decimal(0),
        decision=entry.decision,
        why=entry.why.text if entry.why else "",
        symbols=entry.why.symbols if entry.why else (),
        children=tuple(reversed(children)),
    )


def _expand(entry: Entry, sight: Sight) -> None:
    part = entry.part
    match part:
        case ast.Cash():
            pass
        case ast.Asset():
            _undefine(entry, sight.why_missing(part))
        case ast.Group():
            entry.follow = [_child(entry, part.child, f"{entry.path} > {part.name}", 1.0)]
        case ast.WeightEqual():
            _weigh(entry, part.children, [1.0] * len(part.children))
        case ast.WeightSpecified():
            _weigh(entry, part.children, [float(weight) for weight in part.weights])
        case ast.If():
            _branch(entry, part, sight)
        case ast.WeightInverseVolatility() if len(part.children) == 1:
            _weigh(entry, part.children, [1.0])
        case ast.Filter() | ast.WeightInverseVolatility():
            _choose(entry, part, sight)
        case ast.Compare() | ast.And() | ast.Or() | ast.Not():
            entry.decision = _condition_decision(part, entry.path, sight)
            if not isinstance(part, ast.Compare):
                entry.follow = [_asked(one, entry.path) for one in _operands(part)]
        case _:
            assert_never(part)


def _expand_aside(entry: Entry, sight: Sight) -> None:
    # What its parent does not hold stays so, with everything below it, whatever it would have decided.
    state = entry.state
    _expand(entry, sight)
    entry.state = state
    for child in entry.follow:
        child.state = "left out" if child.state == "left out" else "not held"


def _child(entry: Entry, part: ast.Node, path: str, share: float) -> Entry:
    state: State = "held" if share > 0.0 else "not held"
    return Entry(part=part, path=path, parent=-1, state=state, weight=entry.weight * share)


def _asked(condition: ast.Condition, path: str) -> Entry:
    return Entry(part=condition, path=path, parent=-1, state="held", weight=0.0)


def _undefine(entry: Entry, why: Why | None) -> None:
    if why is not None:
        entry.state, entry.why = "undefined", why


def _weigh(entry: Entry, children: Sequence[ast.Node], weights: Sequence[float]) -> None:
    whole = sum(weights)
    for place, (child, weight) in enumerate(zip(children, weights, strict=True), start=1):
        step = _kind(entry.part) if len(children) == 1 else f"{_kind(entry.part)} {place}"
        entry.follow.append(_child(entry, child, f"{entry.path} > {step}", weight / whole))


def _branch(entry: Entry, part: ast.If, sight: Sight) -> None:
    path = f"{entry.path} > if"
    outcome = sight.outcome(part.condition)
    entry.follow = [
        _asked(part.condition, path),
        _child(entry, part.then, f"{path} > then", float(outcome == "true")),
        _child(entry, part.otherwise, f"{path} > else", float(outcome == "false")),
    ]
    if outcome == "unknown":
        _undefine(entry, sight.why_unknown(part.condition))


def _choose(entry: Entry, part: ast.Filter | ast.WeightInverseVolatility, sight: Sight) -> None:
    path = f"{entry.path} > {_kind(part)}"
    choice, scores = sight.choice(part), sight.scores(part)
    entry.decision = _choice_decision(part, path, sight)
    for child, share, score in zip(part.children, choice.shares[:, sight.index], scores, strict=True):
        follower = _child(entry, child, path, float(share))
        if np.isnan(score):
            follower.state = "left out"
        entry.follow.append(follower)
    if _is_unknown(choice, sight.index):
        _undefine(entry, sight.why_undecided(part))


def _is_unknown(choice: Choice, index: int) -> bool:
    return choice.unknown is not None and bool(choice.unknown[index])


def _condition_decision(part: ast.Condition, path: str, sight: Sight) -> Decision:
    text, outcome = sight.text(part), sight.outcome(part)
    if not isinstance(part, ast.Compare):
        return Decision(node=text, path=path, kind="condition", outcome=outcome)
    left, right = sight.value(part.left), sight.value(part.right)
    return Decision(
        node=text,
        path=path,
        kind="condition",
        outcome=outcome,
        left=_six(left),
        right=_six(right),
        margin=_six(left - right),
    )


def _choice_decision(part: ast.Filter | ast.WeightInverseVolatility, path: str, sight: Sight) -> Decision:
    choice, values = sight.choice(part), sight.scores(part)
    shares = choice.shares[:, sight.index]
    scores = tuple(
        Score(candidate=label_of(child), value=_six(value), share=_six(float(share)) or Decimal(0))
        for child, value, share in zip(part.children, values, shares, strict=True)
    )
    outcome = ", ".join(score.candidate for score in scores if score.share > 0)
    return Decision(
        node=sight.text(part),
        path=path,
        kind="filter" if isinstance(part, ast.Filter) else "inverse-volatility",
        outcome="unknown" if _is_unknown(choice, sight.index) else outcome,
        scores=scores,
        left_out=tuple(score.candidate for score in scores if score.value is None),
    )


def _operands(part: ast.And | ast.Or | ast.Not) -> tuple[ast.Condition, ...]:
    return (part.condition,) if isinstance(part, ast.Not) else part.conditions


def _kind(part: ast.Part) -> str:
    match part:
        case ast.WeightEqual():
            return "weight-equal"
        case ast.WeightSpecified():
            return "weight-specified"
        case ast.WeightInverseVolatility():
            return "weight-inverse-volatility"
        case _:
            return type(part).__name__.lower()


def _six(value: float) -> Decimal | None:
    # Formatting rounds whatever the size; a plain quantize overflows the context on huge prices.
    if np.isnan(value):
        return None
    rounded = Decimal(f"{value:.6f}")
    return rounded or Decimal("0.000000")
