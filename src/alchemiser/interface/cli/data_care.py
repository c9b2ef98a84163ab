"""
The commands of `alchemiser data` that check the lake and mend it.
"""

import getpass
from datetime import date
from pathlib import Path

import click

from alchemiser.application.data_status import holdings
from alchemiser.application.repair_data import Repaired, accept, adopt
from alchemiser.application.verify_data import verify
from alchemiser.container.data import DataHouse, open_data
from alchemiser.domain.bars.findings import Kind
from alchemiser.domain.errors import DataError
from alchemiser.domain.values import Symbol
from alchemiser.files import write_bars
from alchemiser.interface.cli.findings import quarantined, show_findings, verified_facts
from alchemiser.interface.cli.inputs import PATH, day_option
from alchemiser.interface.cli.lake import lake_option, shown, source_of, symbols_argument
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import a_table, clean, print_json, stdout

against_option = click.option(
    "--against",
    metavar="SOURCE",
    help="A second opinion: alpaca, twelvedata, market, or a file of bars.",
)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that nobody named.
        return ""


@click.command("verify")
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
    other = None if against is None else source_of(house, against)
    total = len(symbols or house.ports.lake.symbols())
    done = list(shown(verify(symbols, house.ports, against=other), "verifying", total=total))
    if as_json:
        for one in done:
            print_json(verified_facts(one))
    else:
        show_findings(done, stdout())
    if quarantined(done):
        raise click.exceptions.Exit(1)


@click.command("repair")
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


@click.command("log")
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


@click.command("export")
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
        return adopt(symbol, house.ports, source_of(house, source), because=because, by=by)
    return accept(symbol, house.ports, because=because, by=by, day=day, kind=None if kind is None else Kind(kind))
