"""
`alchemiser timeline`: everything that happened in a run, in order.
"""

import json

import click

from alchemiser.application.replay import recorded_run
from alchemiser.application.timeline import Moment, timeline
from alchemiser.container.views import open_office
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import a_table, clean, stdout

_STYLES = {"event": "", "message": "dim", "order": "cyan", "order closed": "cyan", "fill": "green"}


@click.command()
@click.argument("run")
@profile_option
@json_option
def command(run: str, profile: str, *, as_json: bool) -> None:
    """
    Show all events, messages, orders and fills of a run in the order of their instants.
    """
    with open_office(profile) as office:
        found = recorded_run(run, office.archive)
        moments = timeline(found, office.deliveries.of_run(run), office.archive)
    if as_json:
        for one in moments:
            click.echo(
                json.dumps(
                    {
                        "at": one.at.isoformat(),
                        "kind": one.kind,
                        "name": one.name,
                        "reference": one.reference,
                        "words": one.words,
                    }
                )
            )
        return
    _show(run, moments)


def _show(run: str, moments: tuple[Moment, ...]) -> None:
    console = stdout()
    if not moments:
        console.print(f"nothing happened in {run} yet")
        return
    table = a_table(title=f"{run}, {moments[0].at:%Y-%m-%d}, UTC")
    table.add_column("at", no_wrap=True)
    table.add_column("", no_wrap=True, justify="right")
    table.add_column("what", overflow="fold", ratio=1)
    for one in moments:
        what = f"{one.name}  {one.words}" if one.kind in {"event", "message"} else f"{one.kind}  {one.words}"
        number = f"#{one.reference}" if one.kind == "event" else ""
        indent = "  → " if one.kind == "message" else ""
        table.add_row(f"{one.at:%H:%M:%S.%f}"[:-3], number, clean(indent + what), style=_STYLES[one.kind])
    console.print(table)
