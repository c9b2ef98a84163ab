"""
`alchemiser plan`: what a run would trade now, without trading it.
"""

import json
from datetime import datetime

import click

from alchemiser.application.preview import preview
from alchemiser.application.start import choose_session
from alchemiser.container.houses import open_sketch
from alchemiser.container.views import encode
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import stdout
from alchemiser.interface.cli.story import show_plan


@click.command()
@profile_option
@click.option("--session", type=click.DateTime(["%Y-%m-%d"]), help="Plan for this session.")
@json_option
def command(profile: str, session: datetime | None, *, as_json: bool) -> None:
    """
    Plan the rebalance for a session; sends no order and records nothing.

    The default is the latest session that was run, so after a run the plan is empty.
    """
    asked = None if session is None else session.date()
    with open_sketch(profile, session=asked) as house:
        day = choose_session(house.ports, asked=asked)
        plan = preview(day, house.ports)
    if as_json:
        click.echo(json.dumps(json.loads(encode(plan)) | {"empty": plan.is_empty}))
    else:
        show_plan(plan, stdout())
