"""
`alchemiser data`: fill the lake of bars, look at it, and resolve what is wrong in it.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from alchemiser.application.data_status import Holding, holdings, needs_of
from alchemiser.application.import_data import import_bars
from alchemiser.application.live_bars import symbols_of
from alchemiser.application.ports.data import BarSource
from alchemiser.application.refresh_data import Fate, Refreshed, refresh
from alchemiser.application.repair_data import Repaired, accept, adopt
from alchemiser.application.verify_data import verify
from alchemiser.container import DataHouse, named_source, open_data
from alchemiser.domain.bars.findings import Kind
from alchemiser.domain.errors import ConfigurationError, DataError
from alchemiser.domain.values import Symbol, as_symbol
from alchemiser.files import file_source, strategy_library, write_bars
from alchemiser.interface.cli.findings import quarantined, show_findings, verified_facts
from alchemiser.interface.cli.inputs import PATH, book_option, day_option
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import Json, a_table, clean, print_json, stderr, stdout

T = TypeVar("T")

_SOURCES = ("market", "alpaca", "twelvedata")

lake_option = click.option(
    "--lake", metavar="URL", help="A lake's folder, or s3://BUCKET/FOLDER?…. [default: the profile's]"
)
against_option = click.option(
    "--against",
    metavar="SOURCE",
    help="A second opinion: alpaca, twelvedata, market, or a file of bars.",
)


def _symbols(ctx: click.Context, param: click.Parameter, value: Iterable[str]) -> tuple[Symbol, ...]:  # noqa: ARG001
    try:
        return tuple(dict.fromkeys(as_symbol(one) for one in value))
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


def _user() -> str:
    return os.environ.get("USER", "")


symbols_argument = click.argument("symbols", nargs=-1, metavar="[SYMBOL]...", callback=_symbols)


@click.group()
def command() -> None:
    """
    Fill the lake of bars, check it, and resolve what is wrong in it.
    """


@command.command("import")
@click.argument("file", type=PATH, metavar="FILE")
@click.option("--actions", type=PATH, metavar="FILE", help="Splits and dividends: date, symbol, split_ratio, dividend.")
@click.option("--label", default="", metavar="NAME", help="What the bars are labelled with. [default: the file's name]")
@profile_option
@lake_option
@json_option
def import_(*, file: Path, actions: Path | None, label: str, profile: str, lake: str | None, as_json: bool) -> None:
    """
    Take the bars of a Parquet or CSV file into the lake.

    Long files have date, symbol, adj_close, and open, high, low, close, volume where they are known; wide files have
    date and one column of adjusted closes for each symbol. Whatever is suspect is kept and put in quarantine.
    """
    source = file_source(file, actions=actions, label=label)
    house = open_data(profile, lake=lake)
    bars = list(source.all_bars())
    done = list(_shown(import_bars(bars, house.ports, label=source.name), "importing", total=len(bars)))
    if as_json:
        for one in done:
            print_json({"symbol": one.symbol, "bars": one.bars, "restated": one.restated, "quarantine": one.quarantine})
        return
    console = stdout()
    for one in done:
        if one.restated:
            console.print(f"{one.symbol}  {clean(one.restated)}", style="yellow")
    blocked = [one.symbol for one in done if one.quarantine]
    console.print(
        f"{len(done)} symbols, {sum(one.bars for one in done):,} bars in {clean(house.place)}", soft_wrap=True
    )
    if blocked:
        console.print(f"{len(blocked)} in quarantine: {', '.join(blocked)}", style="yellow", soft_wrap=True)
        console.print("`alchemiser data verify` says why; `alchemiser data repair` resolves it.")


@command.command("refresh")
@symbols_argument
@book_option
@click.option("--full", is_flag=True, help="Fetch whole histories anew, whatever is known.")
@profile_option
@lake_option
@json_option
def refresh_(
    *, symbols: tuple[Symbol, ...], book: Path | None, full: bool, profile: str, lake: str | None, as_json: bool
) -> None:
    """
    Bring the lake up to the last complete session from the profile's source.

    Without symbols, those of the portfolio given by --book, else all in the lake. Known symbols are asked for their new
    bars and ten known ones; if those were restated, for everything. A run that was cut off goes on where it stopped.
    """
    house = open_data(profile, lake=lake)
    asked = symbols or _asked(house, book)
    if not asked:
        raise ConfigurationError(
            "expected symbols, a portfolio or a lake with bars, found none; name some to begin with"
        )
    done: list[Refreshed] = []
    for one in _shown(refresh(asked, house.ports, anew=full), "refreshing", total=len(asked)):
        done.append(one)
        if as_json:
            facts = {"symbol": one.symbol, "fate": one.fate.value, "bars": one.bars, "fetched": one.fetched}
            print_json(facts | {"why": one.why, "quarantine": one.quarantine})
    if not as_json:
        _tell_refresh(done, house)
    if any(one.fate is Fate.ABSENT for one in done):
        raise click.exceptions.Exit(1)


@command.command("status")
@symbols_argument
@book_option
@profile_option
@lake_option
@json_option
def status(*, symbols: tuple[Symbol, ...], book: Path | None, profile: str, lake: str | None, as_json: bool) -> None:
    """
    Show what lies in the lake: first and last bar, sessions behind, source, quarantine.

    With --book, the portfolio's symbols, and whether each has as many closes as its strategies need; ends with 1 when
    one is missing, too short, or may not be used.
    """
    house = open_data(profile, lake=lake)
    needs = {} if book is None else needs_of(strategy_library(book).book().strategies)
    asked = symbols or tuple(needs)
    table = a_table("symbol", "bars", "first", "last", "behind", "source", "state", right=("bars", "behind"))
    found: list[Holding] = []
    for one in holdings(house.ports, asked, needs=needs):
        found.append(one)
        if as_json:
            print_json(_facts(one))
        days = (str(one.first or ""), str(one.last or ""))
        table.add_row(one.symbol, f"{one.bars:,}", *days, str(one.behind), clean(", ".join(one.sources)), _state(one))
    if not as_json:
        console = stdout()
        console.print(table)
        behind = Counter(one.behind for one in found if one.bars)
        fresh = f"{behind[0]} of {len(found)} symbols are up to the last complete session"
        console.print(f"{fresh}, {sum(bool(one.problem) for one in found)} may not be used; {clean(house.place)}")
    if book is not None and any(one.problem or one.is_short for one in found):
        raise click.exceptions.Exit(1)


def _state(one: Holding) -> Text:
    if one.problem:
        return Text(clean(one.problem)[:100], style="red")
    if one.is_short:
        return Text(f"has {one.bars} of the {one.needed} closes that are needed", style="yellow")
    return Text("usable", style="green")


@command.command("verify")
@symbols_argument
@against_option
@profile_option
@lake_option
@json_option
def verify_(*, symbols: tuple[Symbol, ...], against: str | None, profile: str, lake: str | None, as_json: bool) -> None:
    """
    Check everything in the lake again, and against a second source when one is named.

    Hashes, sessions without a bar, impossible prices, moves without a reason, splits applied twice or not at all, bad
    ticks, bars of unfinished sessions, feeds that stand still. What is found is kept with the bars. Ends with 1 when
    something is in quarantine.
    """
    house = open_data(profile, lake=lake)
    other = None if against is None else _source(house, against)
    total = len(symbols or house.ports.lake.symbols())
    done = list(_shown(verify(symbols, house.ports, against=other), "verifying", total=total))
    if as_json:
        for one in done:
            print_json(verified_facts(one))
    else:
        show_findings(done, stdout())
    if quarantined(done):
        raise click.exceptions.Exit(1)


@command.command("repair")
@symbols_argument
@click.option("--all", "everything", is_flag=True, help="Every symbol that is in quarantine.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only findings of this kind.")
@day_option("--day", help="Only findings of this day.")
@click.option("--adopt", metavar="SOURCE", help="Replace the history by this source's: alpaca, twelvedata, a file.")
@click.option("--because", required=True, metavar="TEXT", help="The evidence; it is kept with the bars and in the log.")
@click.option("--by", default=_user, metavar="NAME", help="Who looked. [default: the user]")
@profile_option
@lake_option
@json_option
def repair(  # noqa: PLR0913 - click hands over every option
    *,
    symbols: tuple[Symbol, ...],
    everything: bool,
    kind: str | None,
    day: date | None,
    adopt: str | None,
    because: str,
    by: str,
    profile: str,
    lake: str | None,
    as_json: bool,
) -> None:
    """
    Resolve what keeps symbols in quarantine, with evidence.

    Accepts the findings as what the market did, or with --adopt replaces the whole history by another source's. Each
    repair is written to the lake's log with who, when and why. Bars that are no prices cannot be accepted.
    """
    if bool(symbols) is everything:
        raise click.UsageError("expected symbols or --all")
    house = open_data(profile, lake=lake)
    asked = symbols or tuple(one.symbol for one in holdings(house.ports) if one.problem and one.bars)
    for symbol in asked:
        done = _repaired(symbol, house, kind=kind, day=day, source=adopt, because=because, by=by)
        if as_json:
            print_json({"symbol": symbol, "resolved": len(done.resolved), "left": [str(one.day) for one in done.left]})
            continue
        left = f"; {len(done.left)} left" if done.left else "; usable"
        stdout().print(f"{symbol}  {len(done.resolved)} resolved{left}")


@command.command("log")
@symbols_argument
@profile_option
@lake_option
@json_option
def log(*, symbols: tuple[Symbol, ...], profile: str, lake: str | None, as_json: bool) -> None:
    """
    Show what was restated, repaired and not found, oldest first.
    """
    house = open_data(profile, lake=lake)
    table = a_table("at", "what", "symbol", "why", "by")
    for note in house.log.notes():
        if symbols and note.symbol not in symbols:
            continue
        if as_json:
            facts = {"at": note.at.isoformat(), "kind": note.kind, "symbol": note.symbol}
            print_json(facts | {"why": note.why, "by": note.by})
        table.add_row(f"{note.at:%Y-%m-%d %H:%M}", clean(note.kind), note.symbol, clean(note.why), clean(note.by))
    if not as_json:
        stdout().print(table)


@command.command("export")
@symbols_argument
@click.option("--output", type=PATH, required=True, metavar="FILE", help="A file ending in .parquet or .csv.")
@profile_option
@lake_option
def export(*, symbols: tuple[Symbol, ...], output: Path, profile: str, lake: str | None) -> None:
    """
    Write bars of the lake as one long file, which an import reads.
    """
    if output.suffix.lower() not in {".parquet", ".csv"}:
        raise click.BadParameter(f"expected a file ending in .parquet or .csv, found {output}", param_hint="'--output'")
    house = open_data(profile, lake=lake)
    histories = [(symbol, house.ports.lake.read(symbol)) for symbol in symbols or house.ports.lake.symbols()]
    missing = [symbol for symbol, history in histories if history is None]
    if missing or not histories:
        raise DataError(f"expected bars of {', '.join(missing) or 'any symbol'} in {house.place}, found none")
    bars = [history.bars for _, history in histories if history is not None]
    write_bars(output, bars)
    stdout().print(f"{len(bars)} symbols, {sum(map(len, bars)):,} bars in {clean(str(output))}", soft_wrap=True)


def _repaired(
    symbol: Symbol,
    house: DataHouse,
    *,
    kind: str | None,
    day: date | None,
    source: str | None,
    because: str,
    by: str,
) -> Repaired:
    if source is not None:
        return adopt(symbol, house.ports, _source(house, source), because=because, by=by)
    return accept(symbol, house.ports, because=because, by=by, day=day, kind=None if kind is None else Kind(kind))


def _asked(house: DataHouse, book: Path | None) -> tuple[Symbol, ...]:
    if book is None:
        return house.ports.lake.symbols()
    return symbols_of(strategy_library(book).book().strategies)


def _source(house: DataHouse, name: str) -> BarSource:
    return named_source(house, name) if name in _SOURCES else file_source(Path(name))


def _shown(work: Iterable[T], what: str, *, total: int) -> Iterable[T]:
    """
    Yield what work yields, with a bar of progress where a person looks at stderr.
    """
    console = stderr()
    if not console.is_terminal:
        yield from work
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        for one in work:
            progress.advance(task)
            yield one


def _facts(one: Holding) -> dict[str, Json]:
    return {
        "symbol": one.symbol,
        "bars": one.bars,
        "first": None if one.first is None else one.first.isoformat(),
        "last": None if one.last is None else one.last.isoformat(),
        "behind": one.behind,
        "sources": list(one.sources),
        "fetched_at": None if one.fetched_at is None else one.fetched_at.isoformat(),
        "content": one.content,
        "problem": one.problem,
        "needed": one.needed,
    }


def _tell_refresh(done: Sequence[Refreshed], house: DataHouse) -> None:
    console = stdout()
    for one in done:
        if one.why:
            console.print(f"{one.symbol}  {one.fate.value}: {clean(one.why)}", style="yellow", soft_wrap=True)
    counts = Counter(one.fate for one in done)
    told = ", ".join(f"{counts[fate]} {fate.value}" for fate in Fate if counts[fate])
    console.print(f"{len(done)} symbols: {told}; {sum(one.fetched for one in done):,} bars fetched", soft_wrap=True)
    blocked = [one.symbol for one in done if one.quarantine]
    if blocked:
        console.print(f"{len(blocked)} in quarantine: {', '.join(blocked)}", style="yellow", soft_wrap=True)
    console.print(clean(house.place), soft_wrap=True)
