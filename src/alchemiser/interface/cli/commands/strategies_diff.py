"""
`alchemiser strategies diff`: what changed in meaning, and on which sessions it would have mattered.
"""

from datetime import date
from pathlib import Path

import click
from rich.text import Text

from alchemiser.application.difference import Change, Comparison, changes, compared
from alchemiser.application.explain import Verdict, known_closes, undefined_words
from alchemiser.application.wording import short_percent
from alchemiser.domain.errors import ConfigurationError
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.files import bars_file
from alchemiser.interface.cli.inputs import (
    PATH,
    book_option,
    day_option,
    inside,
    load_strategies,
    names_of,
    sessions_asked,
)
from alchemiser.interface.cli.options import json_option
from alchemiser.interface.cli.output import Json, a_table, clean, print_json, stdout, working

_MOST_SHOWN = 20
_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@book_option
@click.option(
    "--bars",
    "bars_paths",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Daily bars, to list the sessions on which the weights differ. Several files: give it again.",
)
@day_option("--from", "first", help="The first day that is compared. [default: the first of the bars]")
@day_option("--to", "last", help="The last day that is compared. [default: the last of the bars]")
@json_option
def command(
    *,
    before: str,
    after: str,
    book: Path | None,
    bars_paths: tuple[Path, ...],
    first: date | None,
    last: date | None,
    as_json: bool,
) -> None:
    """
    Tell what changed in meaning from strategy A to strategy B.

    A and B are strategy files, or names of strategies beside the portfolio file. Names, layout and spelling do not
    count. With --bars, also the sessions on which the two would have held different weights.
    """
    if not bars_paths and (first is not None or last is not None):
        raise click.UsageError("expected --bars with --from and --to, found none")
    one, other = (_symphony(strategy) for strategy in load_strategies((before, after), book))
    found = changes(one, other)
    sessions: tuple[date, ...] = ()
    comparison = Comparison(apart=(), undecided=0)
    if bars_paths:
        with working("evaluating …"):
            bars = bars_file(*bars_paths)
            asked = sessions_asked(bars.sessions, as_of=None, first=first, last=last, where=names_of(bars_paths))
            sessions = asked or bars.sessions
            closes = known_closes([one, other], bars, through=sessions[-1])
            sessions = inside(closes, sessions)
            comparison = compared(one, other, closes, sessions)
    if as_json:
        print_json(_facts(found, sessions, comparison))
        return
    _print_changes(found)
    if sessions:
        _print_apart(sessions, comparison, names=(before, after))


def _symphony(strategy: Strategy) -> Symphony:
    if isinstance(strategy, Symphony):
        return strategy
    raise ConfigurationError(f"expected a strategy file, found {strategy.name}, which is written in Python")


def _print_changes(found: tuple[Change, ...]) -> None:
    console = stdout()
    if not found:
        console.print(Text("Both mean the same.", style="green"))
    for change in found:
        mark, style = _MARKS[change.what]
        console.print(Text.assemble((f"{mark} ", f"bold {style}"), clean(change.words)), soft_wrap=True)
        console.print(Text(f"    at {clean(change.path)}", style="dim"), soft_wrap=True)


def _print_apart(sessions: tuple[date, ...], comparison: Comparison, *, names: tuple[str, str]) -> None:
    console, apart = stdout(), comparison.apart
    console.print()
    whole = f"{len(sessions):,} sessions from {sessions[0]} to {sessions[-1]}"
    if comparison.undecided == len(sessions):
        console.print(Text(f"Neither is decided on any of {whole}.", style="yellow"))
        return
    if comparison.undecided:
        whole += f"; on {comparison.undecided:,} of them neither is decided"
    if not apart:
        console.print(Text(f"The weights are the same on all {whole}.", style="green"))
        return
    first, second = (clean(name) for name in names)
    if first == second:
        first, second = f"A: {first}", f"B: {second}"
    table = a_table("session", first, second, title=f"The weights differ on {len(apart):,} of {whole}")
    shown = apart[-_MOST_SHOWN:]
    if len(shown) < len(apart):
        table.add_row(Text(f"{len(apart) - len(shown):,} earlier", style="dim"), "", "")
    for session, one, other in shown:
        table.add_row(str(session), _told(one), _told(other))
    console.print(table)


def _told(verdict: Verdict) -> Text:
    if not isinstance(verdict, Signal):
        return Text(f"undefined: {clean(undefined_words(verdict))}", style="red")
    rows = sorted(verdict.weights.items(), key=lambda item: (-item[1], item[0]))
    return Text("  ".join(f"{symbol} {short_percent(weight)}" for symbol, weight in rows) or "cash")


def _facts(found: tuple[Change, ...], sessions: tuple[date, ...], comparison: Comparison) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "same": not found,
        "changes": [{"what": change.what, "path": change.path, "words": change.words} for change in found],
    }
    if sessions:
        facts["compared"] = {
            "from": sessions[0].isoformat(),
            "to": sessions[-1].isoformat(),
            "sessions": len(sessions),
            "undecided": comparison.undecided,
        }
        facts["apart"] = [
            {"session": session.isoformat(), "before": _verdict_facts(one), "after": _verdict_facts(other)}
            for session, one, other in comparison.apart
        ]
    return facts


def _verdict_facts(verdict: Verdict) -> dict[str, Json]:
    if not isinstance(verdict, Signal):
        return {"undefined": undefined_words(verdict)}
    return {"weights": {symbol: format(weight, "f") for symbol, weight in verdict.weights.items()}}
