"""
Reports from templates: one of text, one of HTML, packaged beside this module.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from alchemiser.application import wording
from alchemiser.application.notices import held_words
from alchemiser.application.ports.reports import Rendered, ReportRenderer, RunReport
from alchemiser.application.reasons import reason
from alchemiser.domain.portfolio.plan import Action
from alchemiser.infrastructure.reports.facts import figures, holdings, target_rows, trade_facts
from alchemiser.infrastructure.reports.layout import aligned, one_line

if TYPE_CHECKING:
    import jinja2

_WORDS = (
    wording.bps,
    wording.clock_words,
    wording.day_words,
    wording.dollars,
    wording.end_words,
    wording.percent,
    wording.price,
    wording.rung_words,
    wording.shares,
    wording.zone_words,
    one_line,
    held_words,
    reason,
)


class TemplateRenderer(ReportRenderer):
    """
    Renders with Jinja; a name a template does not know is an error, a value in the HTML is always escaped.
    """

    def __init__(self) -> None:
        self._templates = _environment()

    def render(self, report: RunReport) -> Rendered:
        """
        Return the report in words.
        """
        subject = subject_of(report)
        facts = {
            "report": report,
            "run": report.run,
            "plan": report.plan,
            "subject": subject,
            "outcome": wording.outcome_words(report.run.outcome),
            "figures": figures(report),
            "targets": target_rows(report.plan.snapshot.target) if report.plan else (),
            "trades": trade_facts(report),
            "holdings": holdings(report),
        }
        return Rendered(
            subject=subject,
            text=self._templates.get_template("run.txt").render(facts),
            html=self._templates.get_template("run.html").render(facts),
        )


def subject_of(report: RunReport) -> str:
    """
    Return the one line that tells whether to read on: `Success: 7 trades on 2026-07-31, account DEMO0001`.
    """
    run = report.run
    planned = len(report.trades)
    trades = "no trades" if not planned else "1 trade" if planned == 1 else f"{planned} trades"
    words = f"{wording.outcome_words(run.outcome)}: {trades} on {run.session}, account {run.account}"
    return one_line(words)


@lru_cache(maxsize=1)
def _environment() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("alchemiser.infrastructure.reports"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters.update({function.__name__: function for function in _WORDS})
    environment.globals.update(aligned=aligned, Action=Action)
    return environment
