"""
Check what a run needs before it is needed; nothing is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from alchemiser.application.halting import MEMORY
from alchemiser.application.live_bars import closes_of_book
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import BarStore, Calendar
from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.ports.suite import Archive, Rules
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock
from alchemiser.application.queries import latest_run
from alchemiser.application.reconciliation import cash_flow, refuse_imported, refuse_other_positions
from alchemiser.application.signals import decide
from alchemiser.application.wording import dollars, signed_dollars
from alchemiser.domain.errors import AlchemiserError, OrderRefused, SignalUndefined


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
class Premises:
    """
    What stands outside, for looking at only.

    Args:
        has_books: the broker knows the account already; a simulated one may still be empty.
        archive: what was recorded, None when nothing was.
        outbox: says where reports go, or raises what is in the way.
    """

    rules: Rules
    clock: Clock
    broker: Broker
    has_books: bool
    switch: KillSwitch
    archive: Archive | None
    outbox: Callable[[], str]


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


def premises_findings(premises: Premises) -> tuple[Finding, ...]:
    """
    Return what the kill switch, the broker, the ledger beside it and the outbox look like.
    """
    return (
        finding("kill switch", lambda: _switch(premises)),
        finding("broker", lambda: _broker(premises)),
        finding("ledger", lambda: _ledger(premises)),
        finding("outbox", lambda: f"reports go to {premises.outbox()}"),
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


def _switch(premises: Premises) -> str:
    if reason := premises.switch.reason():
        raise OrderRefused(rail="kill switch", limit="off", value=reason, what="every run")
    return "off"


def _broker(premises: Premises) -> str:
    if not premises.has_books:
        return "no books yet; the first run makes them"
    _catch_up(premises)
    account = premises.broker.account()
    what = f"account {account.id}"
    if account.id != premises.rules.account:
        raise OrderRefused(rail="account", limit=premises.rules.account, value=account.id, what=what)
    if account.blocked:
        raise OrderRefused(rail="account", limit="an account that may trade", value=account.blocked, what=what)
    orders = premises.broker.orders(since=premises.clock.now() - MEMORY)
    live = [order.body.client_order_id for order in orders if not order.status.is_terminal]
    resting = f", {len(live)} orders rest: {', '.join(live)}" if live else ", no order rests"
    return f"{what}: {len(account.positions)} positions, equity {dollars(account.equity)}{resting}"


def _ledger(premises: Premises) -> str:
    archive = premises.archive
    if archive is None or not premises.has_books:
        return "nothing to compare yet"
    _catch_up(premises)
    account = premises.broker.account()
    refuse_imported(archive, account=account.id)
    refuse_other_positions(account, archive)
    flow = cash_flow(account, archive)
    if flow is None:
        return "no account was planned on yet"
    if flow:
        return f"positions are what the ledger says; cash changed by {signed_dollars(flow)} beside our trades"
    return "positions and cash are what the ledger says"


def _catch_up(premises: Premises) -> None:
    # A simulated clock begins where the records stand.
    latest = None if premises.archive is None else latest_run(premises.archive, account=premises.rules.account)
    if latest is not None and premises.archive is not None:
        told = premises.archive.ledger.events(latest.id)
        premises.clock.wait_until(max((event.meta.occurred_at for event in told), default=latest.started_at))


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
