"""
`alchemiser resume`: finish what was left undone.
"""

import json

import click

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.records import Run
from alchemiser.application.replay import abandon, recorded_run
from alchemiser.application.start import resume
from alchemiser.application.sweep import sweep
from alchemiser.container.houses import House, open_house
from alchemiser.domain.events import Outcome
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import stdout

_LOOK_BACK = 50
_ENDED_WELL = {Outcome.SUCCESS, Outcome.SKIPPED}


@click.command()
@click.argument("run", required=False)
@profile_option
@click.option(
    "--close", "closes", is_flag=True, help="End RUN by hand: it fails, with a report, and orders nothing more."
)
@json_option
def command(run: str | None, profile: str, *, closes: bool, as_json: bool) -> None:
    """
    Finish the runs that were left undone, or the one that is named.

    Lost messages are found and a run that nothing drives is closed. Ends with 1 when a run did not end well.
    """
    if closes and run is None:
        raise click.UsageError("expected the run to close, found none: `alchemiser resume RUN --close`")
    with open_house(profile) as house:
        named = None if run is None else recorded_run(run, house.ports)
        undone = _undone(house) if named is None else (named,)
        if closes and named is not None:
            abandon(named, house.ports, house.deliveries)
        swept = sweep(house.ports, house.deliveries)
        delivered = sum(1 for _ in resume(house.ports)) + sum(1 for _ in pump(house.ports))
        ended = tuple(recorded_run(one.id, house.ports) for one in undone)
        left = house.deliveries.left_alone()
    if as_json:
        facts = {
            "runs": [{"run": one.id, "outcome": None if one.outcome is None else one.outcome.value} for one in ended],
            "restored": swept.restored,
            "closed": list(swept.closed),
            "delivered": delivered,
            "left_alone": list(left),
        }
        click.echo(json.dumps(facts))
    else:
        _show(ended, delivered, left)
    if not all(one.outcome in _ENDED_WELL for one in ended):
        raise click.exceptions.Exit(1)


def _undone(house: House) -> tuple[Run, ...]:
    runs = house.ports.runs.runs(account=house.ports.rules.account, limit=_LOOK_BACK)
    return tuple(run for run in runs if run.outcome is None)


def _show(ended: tuple[Run, ...], delivered: int, left: tuple[str, ...]) -> None:
    console = stdout()
    if not ended:
        console.print("nothing was left undone")
        return
    for one in ended:
        console.print(f"{one.id}: {'not over' if one.outcome is None else one.outcome.value}")
        if one.detail:
            console.print(f"  {one.detail}")
    console.print(f"{delivered} message{'s were' if delivered != 1 else ' was'} delivered")
    if left:
        console.print(
            f"Messages of version {', '.join(left)} were left alone: finish the run with that version, or end it "
            "with `alchemiser resume RUN --close`.",
            style="yellow",
        )
