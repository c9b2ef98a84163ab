"""
`alchemiser signal`: the weights that strategies want, on bars from a file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import click
from rich.text import Text

from alchemiser.application.explain import Verdict, known_closes, last_session, undefined_words, verdicts
from alchemiser.application.wording import short_percent
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Strategy
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
from alchemiser.interface.cli.stages import Stages, profile_time_option

Line: TypeAlias = tuple[Strategy, date, Verdict]

_LONGEST_REASON = 200


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@book_option
@bars_option
@day_option("--as-of", help="One session. [default: the last on which most symbols have a bar]")
@day_option("--from", "first", help="The first day of a range of sessions.")
@day_option("--to", "last", help="The last day of a range of sessions.")
@json_option
@profile_time_option
def command(
    *,
    files: tuple[str, ...],
    book: Path | None,
    bars_paths: tuple[Path, ...],
    as_of: date | None,
    first: date | None,
    last: date | None,
    as_json: bool,
    with_times: bool,
) -> None:
    """
    Print the weights that strategies want, from a file of bars.

    FILE is a strategy file, or the name of a strategy beside the portfolio file; without any, the whole portfolio
    is evaluated. A session on which missing data decides is told with its reason.

    Ends with 1 when nothing that was asked for could be decided.
    """
    stages = Stages()
    with working("evaluating …"):
        with stages.stage("strategies"):
            strategies = load_strategies(files, book)
        with stages.stage("bars"):
            bars = bars_file(*bars_paths)
            sessions = sessions_asked(bars.sessions, as_of=as_of, first=first, last=last, where=names_of(bars_paths))
            closes = known_closes(strategies, bars, through=sessions[-1] if sessions else last_of(bars))
            sessions = inside(closes, sessions) if sessions else (last_session(closes),)
            if as_of is first is last is None:
                refuse_stale(bars, sessions[0])
        with stages.stage("evaluation"):
            lines = verdicts(strategies, closes, sessions)
            # The first line waits for the whole evaluation; the others follow as they are read off.
            head = [next(lines)]
    lines = _chained(head, lines)
    with stages.stage("output"):
        is_any_decided = _print_json(lines, strategies, files) if as_json else _print_words(lines, sessions)
    if with_times:
        stages.tell()
    if not is_any_decided:
        raise click.exceptions.Exit(1)


def _chained(head: Iterable[Line], rest: Iterator[Line]) -> Iterator[Line]:
    yield from head
    yield from rest


def _print_json(lines: Iterable[Line], strategies: Sequence[Strategy], files: Sequence[str]) -> bool:
    counts = Counter(strategy.name for strategy in strategies)
    file_of = {id(strategy): file for strategy, file in zip(strategies, files, strict=False)}
    is_any_decided = False
    for strategy, session, verdict in lines:
        told: dict[str, Json] = {"strategy": strategy.name}
        if counts[strategy.name] > 1:
            told["file"] = file_of[id(strategy)]
        told["session"] = session.isoformat()
        print_json(told | _fact(verdict))
        is_any_decided |= isinstance(verdict, Signal)
    return is_any_decided


def _fact(verdict: Verdict) -> dict[str, Json]:
    if isinstance(verdict, Signal):
        return {"weights": {symbol: format(weight, "f") for symbol, weight in verdict.weights.items()}}
    return {"undefined": undefined_words(verdict)}


def _print_words(lines: Iterable[Line], sessions: Sequence[date]) -> bool:
    console, is_any_decided = stdout(), False
    if len(sessions) > 1:
        table = a_table("session", "strategy", "weights")
        for session, of_session in groupby(lines, key=lambda line: line[1]):
            for place, (strategy, _, verdict) in enumerate(of_session):
                table.add_row("" if place else str(session), clean(strategy.name), _on_one_line(verdict))
                is_any_decided |= isinstance(verdict, Signal)
        console.print(table)
        return is_any_decided
    table = a_table("strategy", "symbol", "weight", "", right=("weight",), title=f"After the close of {sessions[0]}")
    for strategy, _, verdict in lines:
        for place, row in enumerate(_rows(verdict)):
            table.add_row("" if place else Text(clean(strategy.name), style="bold"), *row)
        table.add_section()
        is_any_decided |= isinstance(verdict, Signal)
    console.print(table)
    return is_any_decided


def _on_one_line(verdict: Verdict) -> Text:
    if isinstance(verdict, Signal):
        return Text(", ".join(f"{symbol} {short_percent(weight)}" for symbol, weight in _portfolio(verdict)))
    return Text(f"undefined: {_in_short(verdict)}", style="red")


def _rows(verdict: Verdict) -> list[tuple[str, str, Text]]:
    if not isinstance(verdict, Signal):
        return [("", "undefined", Text(_in_short(verdict), style="red"))]
    return [
        (symbol, short_percent(weight), Text("█" * max(1, round(weight * 20)), style="cyan"))
        for symbol, weight in _portfolio(verdict)
    ]


def _in_short(verdict: SignalUndefined) -> str:
    words = clean(undefined_words(verdict))
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]} … (--json tells all)"


def _portfolio(signal: Signal) -> list[tuple[str, Decimal]]:
    ordered = sorted(signal.weights.items(), key=lambda item: (-item[1], item[0]))
    cash = 1 - sum(signal.weights.values(), Decimal(0))
    return [*ordered, ("cash", cash)] if cash else list(ordered)
