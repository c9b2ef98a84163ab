"""
`alchemiser run`: trade a session, or find the run that already did.
"""

import json
from datetime import date, datetime
from enum import Enum

import click
from rich.console import Console
from rich.status import Status

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.messaging import Message
from alchemiser.application.ports.records import Run
from alchemiser.application.queries import report_of
from alchemiser.application.start import Allow, choose_session, following_session, resume, start
from alchemiser.container.houses import House, open_house
from alchemiser.container.views import encode
from alchemiser.domain.events import Outcome
from alchemiser.interface.cli.options import profile_option
from alchemiser.interface.cli.output import stdout
from alchemiser.interface.cli.story import show_run


class Beginning(Enum):
    """
    How this command found a run.
    """

    NEW = "is run"
    CUT_OFF = "was cut off before: same run, it went on where it stopped."
    ENDED = "was run before: same run, no new order."


_SUCCEEDED = {Outcome.SUCCESS, Outcome.SKIPPED}


@click.command()
@profile_option
@click.option(
    "--session",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The session to trade. Default: the latest that was run, else the profile's first.",
)
@click.option("--sessions", type=click.IntRange(1, 1000), help="Trade this many sessions after the latest.")
@click.option("--retry", is_flag=True, help="Run the session again if its run failed or was skipped before any order.")
@click.option(
    "--accept-positions",
    is_flag=True,
    help="Start from the broker's positions and imported orders, though the ledger says otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a run.")
def command(
    *, profile: str, session: datetime | None, sessions: int | None, retry: bool, accept_positions: bool, as_json: bool
) -> None:
    """
    Trade a session: signals, plan, orders, records, report.

    Starting the same session again is the same run: nothing is ordered twice.
    """
    if session is not None and sessions is not None:
        raise click.UsageError("expected --session or --sessions, found both")
    console = stdout()
    outcomes: list[Outcome | None] = []
    allowed = frozenset(flag for flag, is_set in ((Allow.RETRY, retry), (Allow.POSITIONS, accept_positions)) if is_set)
    asked = None if session is None else session.date()
    with open_house(profile, session=asked) as house:
        with _progress(console, as_json=as_json) as status:
            resumed = set()
            for message in resume(house.ports):
                resumed.add(message.event.run_id)
                status.update(_told(message))
        for _ in range(sessions or 1):
            day = _day(house, asked, further=sessions is not None)
            run, is_new = _trade(day, house, allowed, _progress(console, as_json=as_json))
            outcomes.append(run.outcome)
            beginning = Beginning.NEW if is_new else Beginning.CUT_OFF if run.id in resumed else Beginning.ENDED
            _show(run, house, console, beginning, as_json=as_json)
            if run.outcome is Outcome.FAILED:
                break
    if not all(outcome in _SUCCEEDED for outcome in outcomes):
        raise click.exceptions.Exit(1)


def _day(house: House, asked: date | None, *, further: bool) -> date:
    if further:
        return following_session(house.ports)
    return choose_session(house.ports, asked=asked)


def _trade(day: date, house: House, allowed: frozenset[Allow], progress: Status) -> tuple[Run, bool]:
    with progress as status:
        run, is_new = start(day, house.ports, allowed=allowed)
        for message in pump(house.ports):
            status.update(_told(message))
    return house.ports.runs.run(run.id) or run, is_new


def _show(run: Run, house: House, console: Console, beginning: Beginning, *, as_json: bool) -> None:
    report = report_of(run.id, house.ports)
    if as_json:
        click.echo(json.dumps({"new": beginning is Beginning.NEW} | json.loads(encode(report))))
        return
    show_run(report, console)
    if beginning is not Beginning.NEW:
        console.print(f"The session of {run.session} {beginning.value}", style="yellow")
        if run.outcome is Outcome.FAILED:
            console.print("Once its cause is mended, `alchemiser run --retry` runs it again, if nothing was ordered.")
    delivered = house.ports.runs.report(run.id)
    places = delivered.places if delivered is not None else ()
    for place in places:
        console.print(f"report    {place}", soft_wrap=True)
    if not places:
        console.print("The report could not be delivered; `alchemiser report --text` shows it.", style="yellow")
    console.print(f"database  {house.database}", soft_wrap=True)


def _progress(console: Console, *, as_json: bool) -> Status:
    quiet = Console(stderr=True, quiet=as_json or not console.is_terminal)
    return Status("loading strategies and bars …", console=quiet)


def _told(message: Message) -> str:
    return f"{message.due_at:%Y-%m-%d %H:%M:%S} UTC  {type(message.event).__name__}"
