"""
Check what a run needs before it is needed; nothing is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from alchemiser.application.live_bars import closes_of_book
from alchemiser.application.ports.market import BarStore, Calendar
from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.ports.suite import Archive, Rules
from alchemiser.application.queries import latest_run
from alchemiser.application.signals import decide
from alchemiser.domain.errors import AlchemiserError, SignalUndefined


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """
    The settings that count.

    Args:
        file: where the profile was read.
        replaced: the variables of the environment that replace a key of it.
        values: every setting as JSON, nothing secret among them.
    """

    profile: str
    file: str
    replaced: tuple[str, ...]
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """
    What can be looked at without opening the records for writing.
    """

    setup: Setup
    rules: Rules
    calendar: Calendar
    library: StrategyLibrary
    bars: BarStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    What one check found; `is_good` is False when a run would be stopped by it.
    """

    check: str
    is_good: bool
    found: str


def finding(check: str, look: Callable[[], str]) -> Finding:
    """
    Return what a look found, or the error that it raised.
    """
    try:
        return Finding(check=check, is_good=True, found=look())
    except AlchemiserError as exc:
        return Finding(check=check, is_good=False, found=str(exc))


def setup_finding(setup: Setup) -> Finding:
    """
    Return which settings count, and what replaced some of them.
    """
    replaced = f"; the environment replaces {', '.join(setup.replaced)}" if setup.replaced else ""
    return Finding(check="settings", is_good=True, found=f"profile {setup.profile} of {setup.file}{replaced}")


def study_findings(study: Study, *, day: date) -> tuple[Finding, ...]:
    """
    Return what strategies, calendar, bars and signals look like for a session's run.
    """
    return (
        finding("strategies", lambda: _strategies(study)),
        finding("calendar", lambda: _calendar(study, day)),
        finding("bars", lambda: _bars(study, day)),
        finding("signals", lambda: _signals(study, day)),
    )


def record_findings(archive: Archive) -> tuple[Finding, ...]:
    """
    Return what the records look like.
    """
    latest = latest_run(archive)
    if latest is None:
        return (Finding(check="records", is_good=True, found="no run yet"),)
    if latest.outcome is None:
        found = f"{latest.id} was not finished; `alchemiser run` goes on with it"
        return (Finding(check="records", is_good=True, found=found),)
    return (Finding(check="records", is_good=True, found=f"latest run {latest.id}: {latest.outcome.value}"),)


def _strategies(study: Study) -> str:
    book = study.library.book()
    symbols = {symbol for strategy in book.strategies for symbol in strategy.requirements.symbols}
    lookback = max(strategy.requirements.lookback_sessions for strategy in book.strategies)
    return f"{len(book.sleeves)} strategies, {len(symbols)} symbols, {lookback} sessions of lookback"


def _calendar(study: Study, day: date) -> str:
    session = study.calendar.session(day)
    start = session.closes_at - study.rules.lead
    return f"session {day} closes {session.closes_at:%H:%M} UTC, its run starts {start:%H:%M} UTC"


def _bars(study: Study, day: date) -> str:
    through = study.calendar.previous(day).day
    closes = closes_of_book(study.library.book(), study.bars, through=through)
    return f"{len(closes.symbols)} symbols, {len(closes.sessions)} sessions through {through}"


def _signals(study: Study, day: date) -> str:
    through = study.calendar.previous(day).day
    book = study.library.book()
    decided = decide(book, closes_of_book(book, study.bars, through=through), session=through)
    for _, signal in decided:
        if isinstance(signal, SignalUndefined):
            raise signal
    return f"all {len(decided)} strategies decide for {through}"
