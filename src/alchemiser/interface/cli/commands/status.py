"""
`alchemiser status`: the latest runs, what is held, and for which strategy, as recorded.
"""

import json

import click

from alchemiser.application.queries import books_of
from alchemiser.application.wording import dollars, shares, signed_dollars
from alchemiser.container.views import encode, open_archive
from alchemiser.domain.ledger.attribution import NO_STRATEGY
from alchemiser.domain.ledger.book import cash_change, positions
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import a_table, is_wide, stdout
from alchemiser.interface.cli.story import outcome_text


@click.command()
@profile_option
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many runs to list.")
@json_option
def command(profile: str, limit: int, *, as_json: bool) -> None:
    """
    Show the latest runs, what the ledger says is held, and whose shares are whose.
    """
    with open_archive(profile) as archive:
        runs = archive.runs.runs(limit=limit)
        entries = archive.ledger.entries()
        books = books_of(entries, archive)
    held, spent = positions(entries), cash_change(entries)
    if as_json:
        book = {
            "positions": {symbol: str(quantity) for symbol, quantity in held.items()},
            "books": {symbol: {name: str(part) for name, part in parts.items()} for symbol, parts in books.items()},
            "cash_change": str(spent),
        }
        click.echo(json.dumps({"runs": [json.loads(encode(run)) for run in runs]} | book))
        return
    console = stdout()
    if not runs:
        console.print("nothing was run yet; start with `alchemiser run`")
        return
    table = a_table(title="Runs, latest first")
    for name in ("session", "outcome", "run"):
        table.add_column(name, no_wrap=True, overflow="fold")
    wide = is_wide(console.width)
    for name in (*(("equity before",) if wide else ()), "equity after", "cash"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        table.add_row(
            str(run.session),
            outcome_text(run.outcome),
            run.id,
            *((dollars(run.opening.equity) if run.opening else "",) if wide else ()),
            dollars(run.closing.equity) if run.closing else "",
            dollars(run.closing.cash) if run.closing else "",
        )
    console.print(table)
    table = a_table(title="Held, by the ledger, and for which strategy")
    table.add_column("symbol", style="bold", no_wrap=True)
    table.add_column("shares", justify="right", no_wrap=True)
    table.add_column("strategy", overflow="fold")
    table.add_column("of them", justify="right", no_wrap=True)
    for symbol, quantity in held.items():
        for number, (name, part) in enumerate(books.get(symbol, {NO_STRATEGY: quantity}).items()):
            table.add_row(*((symbol, shares(quantity)) if not number else ("", "")), name, shares(part))
    console.print()
    console.print(table)
    console.print(f"All fills together changed cash by {signed_dollars(spent)}.")
