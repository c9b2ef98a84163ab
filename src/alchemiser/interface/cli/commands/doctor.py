"""
`alchemiser doctor`: is everything there that a run needs?
"""

import json
from collections.abc import Iterator
from datetime import date

import click
from rich.text import Text

from alchemiser.application.checkup import (
    Finding,
    Study,
    premises_findings,
    record_findings,
    setup_finding,
    study_findings,
)
from alchemiser.application.queries import latest_run
from alchemiser.container.views import open_archive, open_premises, open_study
from alchemiser.domain.errors import AlchemiserError, ConfigurationError, RecordsError
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import Json, a_table, clean, print_json, stdout, working


@click.command()
@profile_option
@json_option
def command(profile: str, *, as_json: bool) -> None:
    """
    Check settings, records, broker, ledger, outbox, strategies and signals; changes nothing.

    Ends with 1 when something is wrong that would stop a run.
    """
    with working("looking …"):
        study = open_study(profile)
        findings = tuple(_findings(profile, study))
    if as_json:
        for one in findings:
            facts: dict[str, Json] = {"check": one.check, "ok": one.is_good, "found": one.found}
            print_json(facts | ({"settings": json.loads(study.setup.values)} if one.check == "settings" else {}))
    else:
        table = a_table("", "check", "found")
        for one in findings:
            mark = Text("✓", style="green") if one.is_good else Text("✗", style="bold red")
            table.add_row(mark, one.check, clean(one.found))
        stdout().print(table)
    if not all(one.is_good for one in findings):
        raise click.exceptions.Exit(1)


def _findings(profile: str, study: Study) -> Iterator[Finding]:
    yield setup_finding(study.setup)
    day, records = _records(profile, study)
    yield from records
    yield from _premises(profile)
    yield from study_findings(study, day=day)


def _premises(profile: str) -> tuple[Finding, ...]:
    try:
        with open_premises(profile) as premises:
            return premises_findings(premises)
    except AlchemiserError as exc:
        return (Finding(check="broker", is_good=False, found=str(exc)),)


def _records(profile: str, study: Study) -> tuple[date, tuple[Finding, ...]]:
    first = study.rules.first_session
    try:
        with open_archive(profile) as archive:
            latest = latest_run(archive)
            return first if latest is None else latest.session, record_findings(archive)
    except ConfigurationError as exc:
        return first, (Finding(check="records", is_good=True, found=str(exc)),)
    except RecordsError as exc:
        return first, (Finding(check="records", is_good=False, found=str(exc)),)
