"""
Check a history: everything that is found in one symbol's bars, in the order of days.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from alchemiser.domain.bars.completeness import completeness_findings
from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import Bars, Days, History, day_of
from alchemiser.domain.bars.jumps import jump_findings
from alchemiser.domain.bars.prices import price_findings


def check(bars: Bars, *, sessions: Days, complete_through: date) -> tuple[Finding, ...]:
    """
    Return what is found in bars without another source.

    Args:
        sessions: the calendar's, days since 1970-01-01, ascending.
        complete_through: the last session that was over when the bars were fetched.
    """
    found = [
        *completeness_findings(bars, sessions=sessions, complete_through=complete_through),
        *price_findings(bars),
        *jump_findings(bars),
    ]
    # What came before the calendar never reaches a signal: it is told, and keeps nothing from being used.
    began = day_of(int(sessions[0]))
    return tuple(sorted(one if one.day >= began else replace(one, blocks=False) for one in found))


def checked(
    history: History, *, sessions: Days, complete_through: date, cross: Sequence[Finding] | None = None
) -> History:
    """
    Return a history with what is found in it now.

    Args:
        cross: what another source disagrees with; None keeps what was found when one was asked last.
    """
    kept = tuple(one for one in history.findings if one.kind is Kind.DISAGREES) if cross is None else tuple(cross)
    found = check(history.bars, sessions=sessions, complete_through=complete_through)
    return replace(history, findings=tuple(sorted({*found, *kept})))
