"""
`alchemiser explain`: why a strategy wants its weights on a session.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from alchemiser.application.explain import Explanation, explain, known_closes, last_session, undefined_words
from alchemiser.application.notices import flip_words
from alchemiser.application.reasons import reason
from alchemiser.application.wording import short_percent
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.signal import Decision, Signal
from alchemiser.domain.strategy.trace import ExplainedNode, Extent
from alchemiser.files import bars_file, refuse_stale
from alchemiser.interface.cli.inputs import (
    bars_option,
    book_option,
    day_option,
    inside,
    last_of,
    load_strategies,
    names_of,
    sessions_asked,
)
from alchemiser.interface.cli.options import json_option
from alchemiser.interface.cli.output import Json, a_table, clean, print_json, stdout, working
from alchemiser.interface.cli.tree import drawn

# The reader takes texts nested a thousand deep; a node in JSON is two levels, each a few calls.
_DEEP = 20_000


@click.command()
@click.argument("file", metavar="FILE")
@book_option
@bars_option
@day_option("--as-of", help="The session. [default: the last on which most symbols have a bar]")
@click.option(
    "--full",
    "extent",
    flag_value=Extent.WHOLE,
    type=click.UNPROCESSED,
    default=Extent.HELD,
    help="Open the branches that were not taken, too.",
)
@click.option(
    "--near",
    "near_pct",
    type=click.FloatRange(0, 50),
    default=3.0,
    show_default=True,
    metavar="PERCENT",
    help="List conditions that a move of one close by this much turns over; 0 lists none.",
)
@json_option
def command(
    *,
    file: str,
    book: Path | None,
    bars_paths: tuple[Path, ...],
    as_of: date | None,
    extent: Extent,
    near_pct: float,
    as_json: bool,
) -> None:
    """
    Draw why a strategy wants its weights on a session.

    FILE is a strategy file, or the name of a strategy beside the portfolio file. Every condition is shown with its
    two values, its margin and the branch taken; every filter with the scores of its candidates. Then come the
    conditions that were close: which move of which symbol would have turned them over.

    Ends with 1 when missing data decides, so there is no signal.
    """
    if math.isnan(near_pct):
        raise click.BadParameter("expected a number from 0 to 50, found nan", param_hint="'--near'")
    with working("evaluating …"):
        (strategy,) = load_strategies((file,), book)
        bars = bars_file(*bars_paths)
        asked = sessions_asked(bars.sessions, as_of=as_of, first=None, last=None, where=names_of(bars_paths))
        closes = known_closes([strategy], bars, through=asked[0] if asked else last_of(bars))
        session = inside(closes, asked)[0] if asked else last_session(closes)
        if not asked:
            refuse_stale(bars, session)
        explanation = explain(strategy, closes, session, extent, near_within=Decimal(str(near_pct)) / 100)
    if as_json:
        with _deep():
            print_json(_facts(explanation))
    else:
        _print(explanation)
    if not isinstance(explanation.verdict, Signal):
        raise click.exceptions.Exit(1)


def _print(explanation: Explanation) -> None:
    console = stdout()
    title = Text.assemble((clean(explanation.strategy), "bold"), (f"  after the close of {explanation.session}", "dim"))
    console.print(drawn(title, explanation.tree) if explanation.tree is not None else title)
    console.print()
    decisions = _decisions(explanation)
    if decisions:
        console.print(Text("Because", style="bold"))
        steps = Table.grid(padding=(0, 1))
        steps.add_column(justify="right", style="dim")
        for number, decision in enumerate(decisions, start=1):
            steps.add_row(f"  {number}.", clean(reason(decision)))
        console.print(steps)
        console.print()
    if explanation.near:
        console.print(Text("Close to turning over", style="bold yellow"))
        for flip in explanation.near:
            console.print(Text(f"  {clean(flip_words(flip))}"))
        console.print()
    if not isinstance(explanation.verdict, Signal):
        console.print(Text(f"No signal: {clean(undefined_words(explanation.verdict))}", style="red"))
        return
    weights = explanation.verdict.weights
    table = a_table("symbol", "weight", right=("weight",), title="So it wants")
    for symbol, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(symbol, short_percent(weight))
    cash = 1 - sum(weights.values(), Decimal(0))
    if cash:
        table.add_row("cash", short_percent(cash))
    console.print(table)


def _decisions(explanation: Explanation) -> tuple[Decision, ...]:
    if isinstance(explanation.verdict, Signal):
        return explanation.verdict.decisions
    return () if explanation.tree is None else tuple(_decided(explanation.tree))


def _decided(root: ExplainedNode) -> Iterator[Decision]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.decision is not None and node.state == "held" and node.decision.outcome != "unknown":
            yield node.decision
        stack.extend(reversed(node.children))


def _facts(explanation: Explanation) -> dict[str, Json]:
    decisions = _decisions(explanation)
    facts: dict[str, Json] = {"strategy": explanation.strategy, "session": explanation.session.isoformat()}
    if isinstance(explanation.verdict, Signal):
        facts["weights"] = {symbol: format(weight, "f") for symbol, weight in explanation.verdict.weights.items()}
    else:
        facts["undefined"] = undefined_words(explanation.verdict)
    facts["because"] = [reason(decision) for decision in decisions]
    facts["near"] = [_near(flip) for flip in explanation.near]
    facts["decisions"] = [_decision(decision) for decision in decisions]
    facts["tree"] = None if explanation.tree is None else _node(explanation.tree)
    return facts


def _near(flip: Flip) -> dict[str, Json]:
    return {
        "node": flip.node,
        "path": flip.path,
        "outcome": flip.outcome,
        "symbol": flip.symbol,
        "move_pct": format(flip.move_pct, "f"),
        "close": format(flip.close, "f"),
        "words": flip_words(flip),
    }


def _node(node: ExplainedNode) -> dict[str, Json]:
    told: dict[str, Json] = {
        "kind": node.kind,
        "label": node.label,
        "state": node.state,
        "weight": format(node.weight, "f"),
    }
    if node.decision is not None:
        told["decision"] = _decision(node.decision)
    if node.why:
        told |= {"why": node.why, "symbols": list(node.symbols)}
    told["children"] = [_node(child) for child in node.children]
    return told


def _decision(decision: Decision) -> dict[str, Json]:
    told: dict[str, Json] = {
        "kind": decision.kind,
        "node": decision.node,
        "path": decision.path,
        "outcome": decision.outcome,
    }
    if decision.kind == "condition":
        for name, value in (("left", decision.left), ("right", decision.right), ("margin", decision.margin)):
            told[name] = _number(value)
        return told
    told["scores"] = [
        {"candidate": score.candidate, "value": _number(score.value), "share": _number(score.share)}
        for score in decision.scores
    ]
    told["left_out"] = list(decision.left_out)
    return told


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


@contextmanager
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEP)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
