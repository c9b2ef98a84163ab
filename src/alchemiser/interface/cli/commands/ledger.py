"""
`alchemiser ledger`: every fill, and what decided it.
"""

import json

import click

from alchemiser.application.ports.suite import Archive
from alchemiser.application.queries import causes_of
from alchemiser.application.wording import bps, brief_shares, clock_words, dollars, price, shares
from alchemiser.container.views import encode, open_archive
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import a_table, is_wide, stdout


@click.command()
@profile_option
@click.option("--run", "run_id", help="Only fills of this run.")
@click.option("--symbol", help="Only fills of this symbol.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many rows to show.")
@click.option("--offset", type=click.IntRange(0), default=0, show_default=True, help="How many rows to skip.")
@json_option
def command(profile: str, run_id: str | None, symbol: str | None, limit: int, offset: int, *, as_json: bool) -> None:
    """
    List fills in the order they were seen, each with the strategies whose decisions caused it.
    """
    with open_archive(profile) as archive:
        entries = archive.ledger.entries(
            run_id=run_id, symbol=symbol.upper() if symbol else None, limit=limit, offset=offset
        )
        causes = causes_of(entries, archive)
        if as_json:
            for entry in entries:
                row = json.loads(encode(entry)) | {
                    "slippage_bps": f"{entry.slippage_bps:.2f}",
                    "because": [json.loads(encode(cause)) for cause in causes[entry.trade_id]],
                }
                click.echo(json.dumps(row))
            return
        _show(entries, archive)


def _show(entries: tuple[LedgerEntry, ...], archive: Archive) -> None:
    causes = causes_of(entries, archive)
    console = stdout()
    if not entries:
        console.print("no such fills are recorded; `alchemiser status` lists runs and what is held")
        return
    wide = is_wide(console.width)
    table = a_table(title="Ledger")
    for name in ("session", *(("seen",) if wide else ()), "side", "symbol"):
        table.add_column(name, no_wrap=True)
    for name in ("shares", "price", *(("amount",) if wide else ()), "slippage"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("because", overflow="fold", ratio=1)
    for entry in entries:
        table.add_row(
            str(entry.session),
            *((clock_words(entry.seen_at),) if wide else ()),
            entry.side.value,
            entry.symbol,
            shares(entry.quantity) if wide else brief_shares(entry.quantity),
            price(entry.price),
            *((dollars(entry.price * entry.quantity),) if wide else ()),
            bps(entry.slippage_bps),
            ", ".join(cause.strategy for cause in causes[entry.trade_id]),
        )
    console.print(table)
