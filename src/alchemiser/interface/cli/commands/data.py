"""
`alchemiser data`: fill the lake of bars, and look at what it holds; `data_care` checks and mends it.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from alchemiser.application.data_status import Holding, holdings, needs_of
from alchemiser.application.evaluation import symbols_of
from alchemiser.application.import_data import import_bars
from alchemiser.application.refresh_data import Fate, Refreshed, refresh
from alchemiser.container.data import DataHouse, open_data
from alchemiser.domain.errors import ConfigurationError
from alchemiser.domain.values import Symbol
from alchemiser.files import file_source, strategy_library
from alchemiser.interface.cli import data_care
from alchemiser.interface.cli.inputs import PATH, book_option
from alchemiser.interface.cli.lake import lake_option, shown, symbols_argument
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import Json, a_table, clean, print_json, stdout


@click.group()
def command() -> None:
    """
    Fill the lake of bars, check it, and resolve what is wrong in it.
    """


for _command in (data_care.verify_, data_care.repair, data_care.log, data_care.export):
    command.add_command(_command)


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
    done = list(shown(import_bars(bars, house.ports, label=source.name), "importing", total=len(bars)))
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
    for one in shown(refresh(asked, house.ports, anew=full), "refreshing", total=len(asked)):
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


def _asked(house: DataHouse, book: Path | None) -> tuple[Symbol, ...]:
    if book is None:
        return house.ports.lake.symbols()
    return symbols_of(strategy_library(book).book().strategies)


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
