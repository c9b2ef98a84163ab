"""
`alchemiser replay`: deliver messages of a run again.
"""

import json

import click

from alchemiser.application.dispatch import pump
from alchemiser.application.replay import events_from, recorded_run, replay
from alchemiser.application.start import resume
from alchemiser.container.houses import open_house
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import stdout


@click.command()
@click.argument("run")
@profile_option
@click.option("--from", "event", metavar="EVENT", help="The number or id of the first event. Default: the run's first.")
@json_option
def command(run: str, profile: str, *, event: str | None, as_json: bool) -> None:
    """
    Deliver the messages of a run again, from an event on; nothing has its effect twice.
    """
    with open_house(profile) as house:
        found = recorded_run(run, house.ports)
        told = events_from(run, event, house.deliveries)
        # First to where the records stand: what is queued again is due then, not before the run began.
        list(resume(house.ports))
        queued = replay(house.ports.runs.run(run) or found, told, house.ports, house.deliveries)
        delivered = sum(1 for _ in pump(house.ports))
        after = recorded_run(run, house.ports)
    outcome = None if after.outcome is None else after.outcome.value
    if as_json:
        click.echo(
            json.dumps({"run": run, "events": len(told), "queued": queued, "delivered": delivered, "outcome": outcome})
        )
        return
    console = stdout()
    if not queued:
        console.print(f"nothing of {run} could come again: its messages are on their way already")
    else:
        console.print(f"{queued} messages of {len(told)} events came again, {delivered} were delivered")
    console.print(f"{run}: {outcome or 'goes on'}")
