"""
`alchemiser audit`: is history what was stored, and is it all there?
"""

import json

import click

from alchemiser.application.audit import Verdict, verify
from alchemiser.application.ports.audit import Head, Witnessed
from alchemiser.container.views import open_office
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import a_table, clean, stdout


@click.group()
def command() -> None:
    """
    Check that recorded history is whole and unchanged.
    """


@command.command("verify")
@profile_option
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="N:HASH",
    help="Compare with this head, from the end of a report, as well.",
)
@json_option
def verify_command(profile: str, heads: tuple[str, ...], *, as_json: bool) -> None:
    """
    Compute the audit chain again, and compare it with the heads kept outside and with the broker.

    Ends with 1 when anything was changed, removed, put in, or put back to an earlier state.
    """
    given = tuple(_head(text) for text in heads)
    with open_office(profile) as office:
        verdict = verify(
            office.archive,
            office.chain,
            (*office.witness.kept(), *given),
            office.broker,
            office.clock,
            account=office.rules.account,
        )
    if as_json:
        click.echo(
            json.dumps(
                {
                    "ok": not verdict.flaws,
                    "head": f"{verdict.head.seq}:{verdict.head.hash}",
                    "heads": verdict.heads,
                    "orders": verdict.orders,
                    "flaws": [{"where": flaw.where, "problem": flaw.problem} for flaw in verdict.flaws],
                }
            )
        )
    else:
        _show(verdict)
    if verdict.flaws:
        raise click.exceptions.Exit(1)


def _head(text: str) -> Witnessed:
    number, _, told = text.partition(":")
    if not (number.isdecimal() and len(told) == 64 and set(told) <= set("0123456789abcdef")):
        raise click.BadParameter(
            f"expected NUMBER:HASH from the end of a report, found {text!r}", param_hint="'--head'"
        )
    return Witnessed(run_id="--head", head=Head(seq=int(number), hash=told))


def _show(verdict: Verdict) -> None:
    console = stdout()
    compared = f"{verdict.heads} kept heads and {verdict.orders} orders at the broker"
    if not verdict.flaws:
        console.print(f"✓ {verdict.head.seq} events and fills are as they were stored; {compared} agree", style="green")
        console.print(f"head  {verdict.head.seq}:{verdict.head.hash}", soft_wrap=True)
        return
    table = a_table("where", "what is wrong", title=f"{len(verdict.flaws)} found; compared with {compared}")
    for flaw in verdict.flaws:
        table.add_row(clean(flaw.where), clean(flaw.problem))
    console.print(table)
