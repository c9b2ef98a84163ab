"""
Draw a strategy as one session saw it: the way that was taken bright, everything else dim.

A chain of else-ifs is drawn as a list, not as a staircase: strategies decide in lists, and lists fit the screen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text
from rich.tree import Tree

from alchemiser.application.reasons import margin_text, score_text, short_text, value_text
from alchemiser.application.wording import short_percent
from alchemiser.domain.strategy.signal import Decision, Score
from alchemiser.domain.strategy.trace import ExplainedNode
from alchemiser.interface.cli.output import clean

_ANSWERS = {"true": ("yes", "bold green"), "false": ("no", "bold"), "unknown": ("unknown", "bold red")}
_UNDRAWN = {"weight-equal": "equal weights", "weight-specified": "specified weights"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """
    A node about to be drawn below a branch, with the word and the score its parent puts before it.
    """

    node: ExplainedNode
    below: Tree
    word: str = ""
    score: Score | None = None


def drawn(title: Text, root: ExplainedNode) -> Tree:
    """
    Return the tree of a strategy; keeps its own stack, however deep the strategy is.
    """
    tree = Tree(title, guide_style="dim")
    stack = [_Line(node=root, below=tree)]
    while stack:
        line = stack.pop()
        is_asked = line.node.kind == "if" and bool(line.node.children)
        branch = line.below.add(_asked(line) if is_asked else _named(line))
        follow = _branches(line, branch) if is_asked else _children(line, branch)
        stack.extend(reversed(tuple(follow)))
    return tree


def _branches(line: _Line, branch: Tree) -> Iterator[_Line]:
    condition, then, otherwise = line.node.children
    for part in condition.children:
        yield _Line(node=part, below=branch)
    yield _Line(node=then, below=branch, word="" if then.state == "held" else "then")
    yield _Line(node=otherwise, below=line.below, word="else")


def _children(line: _Line, branch: Tree) -> Iterator[_Line]:
    node = line.node
    scores = node.decision.scores if node.decision is not None else ()
    for place, child in enumerate(node.children):
        yield _Line(node=child, below=branch, score=scores[place] if place < len(scores) else None)


def _asked(line: _Line) -> Text:
    condition = line.node.children[0]
    text = Text(f"{line.word} if ".lstrip(), style="bold" if line.node.state == "held" else "dim")
    text.append(_shown(condition.label), style="not bold" if line.node.state == "held" else "dim")
    if condition.decision is not None:
        text.append_text(_values(condition.decision, is_bright=line.node.state != "not held"))
    if line.node.why:
        text.append(f"  {clean(line.node.why)}", style="red")
    return text


def _named(line: _Line) -> Text:
    node = line.node
    if node.kind == "condition":
        is_bright = node.state == "held"
        text = Text(_shown(node.label), style="" if is_bright else "dim")
        return text if node.decision is None else text.append_text(_values(node.decision, is_bright=is_bright))
    is_bright = node.state not in {"not held", "left out"}
    text = Text(f"{line.word} " if line.word else "", style="bold" if is_bright else "dim")
    text.append(_label(node), style=("bold cyan" if node.kind == "asset" else "not bold") if is_bright else "dim")
    if node.weight:
        text.append(f"  {short_percent(node.weight)}", style="green")
    if line.score is not None and line.score.value is not None:
        text.append(f"  {score_text(line.score.value)}", style="not bold" if is_bright else "dim")
    if node.state == "left out":
        text.append("  no score", style="yellow")
    if node.why:
        text.append(f"  {clean(node.why)}", style="red")
    return text


def _values(decision: Decision, *, is_bright: bool) -> Text:
    answer, style = _ANSWERS[decision.outcome]
    text = Text(f"  {answer}", style=style if is_bright else "dim")
    values_style = "not bold cyan" if is_bright else "dim"
    if decision.left is not None and decision.right is not None:
        left = value_text(decision.left, apart_from=decision.right)
        right = value_text(decision.right, apart_from=decision.left)
        text.append(f"  {left} vs {right}", style=values_style)
    if decision.margin is not None:
        text.append(f", margin {margin_text(decision.margin)}", style=values_style)
    return text


def _label(node: ExplainedNode) -> str:
    if node.kind in _UNDRAWN:
        return _UNDRAWN[node.kind]
    if node.kind == "if":
        return f"if {_shown(node.label.removeprefix('(if ').removesuffix(')'))}"
    if node.kind in {"filter", "weight-inverse-volatility"}:
        return _shown(node.label)
    return clean(node.label)


def _shown(text: str) -> str:
    return clean(short_text(text))
