"""
`alchemiser deadman`: speak up when nothing did.
"""

import json
import re
from datetime import date, timedelta

import click

from alchemiser.application.deadman import Pulse, pulse, raise_alarm, session_due
from alchemiser.application.queries import latest_run
from alchemiser.container.views import Watch, open_office, open_watch
from alchemiser.domain.errors import AlchemiserError, ConfigurationError
from alchemiser.interface.cli.inputs import day_option
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import stdout

_BY = re.compile(r"close(?:\+(\d{1,4})(min|h))?\Z")


def _after_close(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:  # noqa: ARG001 - click's signature
    found = _BY.match(value)
    if found is None:
        raise click.BadParameter(f"expected close, close+10min or close+1h, found {value!r}")
    count = int(found[1] or 0)
    return timedelta(hours=count) if found[2] == "h" else timedelta(minutes=count)


@click.command()
@profile_option
@click.option(
    "--by",
    "after_close",
    default="close+10min",
    show_default=True,
    callback=_after_close,
    metavar="close+TIME",
    help="When the run of a session has to be over.",
)
@day_option("--session", help="The session to check. Default: the latest that has to be over by now.")
@json_option
def command(profile: str, after_close: timedelta, session: date | None, *, as_json: bool) -> None:
    """
    Check that the session was run, for a timer of its own; otherwise leave a notice and end with 1.

    It also finds messages that were given up, and records that cannot be read.
    """
    watch = open_watch(profile)
    found = _look(profile, watch, after_close, session)
    places = () if not found.problem else raise_alarm(found.session, found.problem, watch.notifier, watch.rules)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "ok": not found.problem,
                    "session": None if found.session is None else str(found.session),
                    "run": found.run_id or None,
                    "problem": found.problem,
                    "notice": list(places),
                }
            )
        )
    else:
        console = stdout()
        if found.session is None and not found.problem:
            console.print(f"no session was due yet; the first is {watch.rules.first_session}")
        elif not found.problem:
            console.print(f"✓ session {found.session} was run: {found.run_id}", style="green")
        else:
            console.print(f"✗ session {found.session or 'unknown'}: {found.problem}", style="bold red")
            for place in places:
                console.print(f"notice  {place}", soft_wrap=True)
    if found.problem:
        raise click.exceptions.Exit(1)


def _look(profile: str, watch: Watch, after_close: timedelta, asked: date | None) -> Pulse:
    if asked is not None:
        due: date | None = watch.calendar.session(asked).day
    else:
        due = session_due(watch.clock.now(), watch.calendar, after_close=after_close, first=watch.rules.first_session)
    try:
        with open_office(profile) as office:
            if asked is None:
                # A simulated clock stands at the first session, and time goes on by what was recorded.
                latest = latest_run(office.archive, account=office.rules.account)
                now = max(watch.clock.now(), latest.finished_at or latest.started_at) if latest else watch.clock.now()
                due = session_due(now, watch.calendar, after_close=after_close, first=watch.rules.first_session)
            if due is None:
                return Pulse(session=None, run_id="", problem="")
            return pulse(due, office.archive, office.deliveries, office.rules)
    except AlchemiserError as exc:
        if due is None and isinstance(exc, ConfigurationError):
            # Nothing was recorded, and nothing had to be.
            return Pulse(session=None, run_id="", problem="")
        # Whatever keeps us from looking is just what this check is for.
        return Pulse(session=due, run_id="", problem=str(exc))
