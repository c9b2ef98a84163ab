"""
`alchemiser halt`: stop all trading now, or allow it again.
"""

import json

import click

from alchemiser.application.halting import Halted, halt, lift
from alchemiser.container.houses import open_brake
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import clean, stderr, stdout


@click.command()
@profile_option
@click.option("--reason", default="halted by hand", show_default=True, help="Why; every refused run says it.")
@click.option("--lift", "is_lifted", is_flag=True, help="Turn the kill switch off; nothing else is undone.")
@json_option
def command(profile: str, reason: str, *, is_lifted: bool, as_json: bool) -> None:
    """
    Turn the kill switch on and cancel our orders; works while a run goes on, and without the records.

    Nothing is sent until `alchemiser halt --lift`. Ends with 1 when something could not be done.
    """
    with open_brake(profile) as brake:
        if is_lifted:
            lift(brake)
            click.echo(json.dumps({"halted": False}) if as_json else "The kill switch is off; runs may start.")
            return
        halted = halt(" ".join(reason.split()), brake)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "halted": True,
                    "reason": halted.reason,
                    "cancelled": halted.cancelled,
                    "resting": halted.resting,
                    "problems": halted.problems,
                }
            )
        )
    else:
        _tell(halted)
    if halted.resting or halted.problems:
        raise click.exceptions.Exit(1)


def _tell(halted: Halted) -> None:
    console = stdout()
    console.print(f"The kill switch is on: {clean(halted.reason)}", soft_wrap=True)
    for name in halted.cancelled:
        console.print(f"ended     {clean(name)}", soft_wrap=True)
    for name in halted.resting:
        console.print(f"resting   {clean(name)}", soft_wrap=True)
    for problem in halted.problems:
        stderr().print(f"problem   {clean(problem)}", soft_wrap=True)
    console.print("`alchemiser halt --lift` lets runs start again.")
