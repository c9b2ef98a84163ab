"""
What the reporting use case asks: turn everything recorded of a run into something to read.
"""

from dataclasses import dataclass
from typing import Protocol

from alchemiser.application.ports.records import Run
from alchemiser.domain.events import PartialSignalGenerated
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.plan import RebalancePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """
    Everything recorded of one run, as its report and the terminal show it; `bars` is what signals are made from.
    """

    run: Run
    signals: tuple[PartialSignalGenerated, ...]
    plan: RebalancePlan | None
    trades: tuple[Trade, ...]
    fills: tuple[LedgerEntry, ...]
    warnings: tuple[str, ...]
    bars: BarsMode = BarsMode.COMPLETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """
    A report in words; `html` stands alone, without scripts or anything fetched.
    """

    subject: str
    text: str
    html: str


class ReportRenderer(Protocol):
    """
    Puts a report into words. The same report gives the same words.
    """

    def render(self, report: RunReport) -> Rendered:
        """
        Return the report as text and as HTML with every value escaped.
        """
        ...
