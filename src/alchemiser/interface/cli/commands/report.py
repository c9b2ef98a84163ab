"""
`alchemiser report`: the report of a run, again.
"""

import click

from alchemiser.application.queries import latest_run, report_of
from alchemiser.container.views import encode, open_archive
from alchemiser.domain.errors import ConfigurationError
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import stdout
from alchemiser.interface.cli.story import show_run


@click.command()
@profile_option
@click.option("--run", "run_id", help="The run; default is the latest.")
@click.option("--html", "as_html", is_flag=True, help="Print the stored HTML.")
@click.option("--text", "as_text", is_flag=True, help="Print the stored text.")
@json_option
def command(profile: str, run_id: str | None, *, as_html: bool, as_text: bool, as_json: bool) -> None:
    """
    Show the report of a run.
    """
    if as_html + as_text + as_json > 1:
        raise click.UsageError("expected one of --html, --text and --json")
    with open_archive(profile) as archive:
        latest = latest_run(archive)
        if run_id is None and latest is None:
            raise ConfigurationError("nothing was run yet; start with `alchemiser run`")
        name = run_id or (latest.id if latest else "")
        report = report_of(name, archive)
        stored = archive.runs.report(name)
    if as_json:
        click.echo(encode(report))
    elif as_html or as_text:
        if stored is None:
            raise ConfigurationError(f"{name} has no report yet; `alchemiser run` finishes it")
        click.echo(stored.html if as_html else stored.text)
    else:
        show_run(report, stdout())
