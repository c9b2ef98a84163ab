"""
Start the one run of an account and session, or find it again.

1. Finish whatever an earlier process left undone.
2. Find the session: the one asked for, else the latest that was run, else the profile's first.
3. A run that exists is returned as it is: the second start of a session is the same run.
4. Check everything that can be wrong before anything is written: book, bars, time, clock, account.
5. Reconcile with the broker, see `reconciliation`; refuse when positions are not what the ledger says.
6. Store the run and tell of it, in one transaction.

A broker that does not answer is asked again, as often as a message is tried. A start that comes too late is recorded as
a skipped run, one that is refused as a run that was not started, each with its report. Neither stands in the way of a
later start.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from enum import Enum, auto

from alchemiser import __version__
from alchemiser.application.dispatch import pause_after, pump
from alchemiser.application.hours import check_hours
from alchemiser.application.importing import imports_of
from alchemiser.application.live_bars import closes_of_book
from alchemiser.application.log import Log
from alchemiser.application.ports.messaging import Message
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import latest_run
from alchemiser.application.reconciliation import (
    ONE_AT_A_TIME,
    cash_flow,
    checked_clock,
    reconcile,
    refuse_imported,
    refuse_other_positions,
)
from alchemiser.application.reporting import record_unstarted
from alchemiser.application.wording import signed_dollars
from alchemiser.domain.errors import BrokerError, BrokerUnavailable, DataError, LedgerError, OrderRefused, RiskError
from alchemiser.domain.events import Outcome, WorkflowStarted, first_cause
from alchemiser.domain.identity import run_id
from alchemiser.domain.market import BarsMode, Session
from alchemiser.domain.portfolio.account import Account

_SOURCE = "alchemiser.application.start.start"
_LATE = "start window"
_REFUSALS = (RiskError, LedgerError, DataError, BrokerError)
_log = Log()


class Allow(Enum):
    """
    What the operator allows a start to do, said explicitly.
    """

    RETRY = auto()
    """Run a session again whose run failed before any order was made."""
    POSITIONS = auto()
    """Take the broker's positions and imported orders as they are, though the ledger says otherwise."""


def resume(ports: Ports) -> Iterator[Message]:
    """
    Bring the clock to where the records stand and deliver what an earlier process left undone.
    """
    latest = latest_run(ports, account=ports.rules.account)
    if latest is not None:
        ports.clock.wait_until(latest.finished_at or latest.started_at)
    yield from pump(ports)


def choose_session(ports: Ports, *, asked: date | None) -> date:
    """
    Return the session to run: the one asked for, else the latest that was run, else the profile's first.

    Raises:
        NoSession: the day asked for is none.
    """
    if asked is not None:
        return ports.calendar.session(asked).day
    latest = latest_run(ports, account=ports.rules.account)
    return ports.rules.first_session if latest is None else latest.session


def following_session(ports: Ports) -> date:
    """
    Return the session after the latest that was run, or the profile's first.
    """
    latest = latest_run(ports, account=ports.rules.account)
    if latest is None:
        return ports.rules.first_session
    return latest.session if latest.outcome is Outcome.NOT_STARTED else ports.calendar.next(latest.session).day


def start(day: date, ports: Ports, *, allowed: frozenset[Allow] = frozenset()) -> tuple[Run, bool]:
    """
    Return the run of a session and whether it is new.

    Raises:
        ConfigurationError: the day is no session, or strategies or settings are wrong.
        DataError: bars are missing or stale, or the broker's calendar or clock is not ours.
        OrderRefused: a rail forbids the run: an earlier session than the latest, too late, account blocked.
        LedgerError: positions are not what the ledger says.
    """
    session = ports.calendar.session(day)
    number, existing = _last_of(session.day, ports)
    if existing is not None:
        if Allow.RETRY not in allowed:
            return existing, False
        _refuse_retry(existing, ports)
    _refuse_earlier(session, ports)
    name = name_of(session.day, ports, number=number + 1)
    try:
        run, event = _opened_patiently(name, session, ports, allowed=allowed)
    except _REFUSALS as refusal:
        _, begun = _last_of(session.day, ports)
        is_beside = isinstance(refusal, OrderRefused) and refusal.rail == ONE_AT_A_TIME
        if is_beside and begun is not None and begun.outcome is None:
            # Another process began this very run meanwhile.
            return begun, False
        is_late = isinstance(refusal, OrderRefused) and refusal.rail == _LATE
        outcome = Outcome.SKIPPED if is_late else Outcome.NOT_STARTED
        record_unstarted(_unopened(name, session, ports), outcome, detail=str(refusal), ports=ports)
        raise
    with ports.engine.begin() as tx:
        is_new = tx.save_run(run)
        if is_new:
            tx.emit(event)
    if not is_new:
        # Another process took the name meanwhile: for the same run, or for one that it could not start.
        return start(day, ports, allowed=allowed - {Allow.RETRY})
    _log.info("run_started", run_id=run.id, session=str(session.day), allowed=sorted(one.name for one in allowed))
    return run, True


def _opened_patiently(
    name: str, session: Session, ports: Ports, *, allowed: frozenset[Allow]
) -> tuple[Run, WorkflowStarted]:
    attempt = 1
    while True:
        try:
            return _opened(name, session, ports, allowed=allowed)
        except BrokerUnavailable as silence:
            again_at = ports.clock.now() + pause_after(attempt)
            # Past the last instant for a start it is the silence that is told, not that it is late.
            if attempt == ports.rules.max_attempts or again_at > session.closes_at - ports.rules.latest_start:
                raise
            _log.warning("start_delayed", session=str(session.day), attempt=attempt, error=str(silence))
        ports.clock.wait_until(again_at)
        attempt += 1


def _opened(name: str, session: Session, ports: Ports, *, allowed: frozenset[Allow]) -> tuple[Run, WorkflowStarted]:
    if ports.hours is not None:
        check_hours(ports.calendar, ports.hours, ports.clock, around=session.day)
    book = ports.library.book()
    unopened = _unopened(name, session, ports)
    closes_of_book(book, ports.bars, through=ports.calendar.previous(session.day).day)
    ports.clock.wait_until(session.closes_at - ports.rules.lead)
    _refuse_outside(session, ports)
    notes = checked_clock(ports)
    # Whose account it is comes first: orders of another one are none of ours to cancel.
    account = ports.broker.account()
    _refuse_account(account, ports)
    is_accepted = Allow.POSITIONS in allowed
    account, found = reconcile(account, ports, is_accepted=is_accepted)
    notes += found
    if not is_accepted:
        refuse_imported(ports, account=account.id)
        refuse_other_positions(account, ports)
    else:
        notes += ("the broker's positions were accepted as they are",)
    flow = cash_flow(account, ports)
    if flow:
        notes += (f"cash changed by {signed_dollars(flow)} beside our trades since the run before",)
    run = replace(unopened, started_at=ports.clock.now(), opening=account, notes=notes, cash_flow=flow)
    event = WorkflowStarted(
        meta=first_cause(run.id, at=run.started_at, source=_SOURCE),
        run_id=run.id,
        account=account.id,
        session=session.day,
        signal_session=run.signal_session,
        strategies=tuple(strategy.name for strategy in book.strategies),
        bars=ports.rules.bars,
    )
    return run, event


def _unopened(name: str, session: Session, ports: Ports) -> Run:
    before = ports.calendar.previous(session.day).day
    return Run(
        id=name,
        account=ports.rules.account,
        profile=ports.rules.profile,
        session=session.day,
        signal_session=before if ports.rules.bars is BarsMode.COMPLETED else session.day,
        started_at=ports.clock.now(),
        code_version=__version__,
    )


def name_of(day: date, ports: Ports, *, number: int = 1) -> str:
    """
    Return the id of the account's run for a session; `number` counts its retries from 1.
    """
    return run_id(account=ports.rules.account, day=day, kind=ports.rules.kind, number=number)


def _last_of(day: date, ports: Ports) -> tuple[int, Run | None]:
    # An imported run took its number, too: its orders are at the broker under the ids that it gave.
    number, found = 0, None
    while (run := _numbered(day, number + 1, ports)) is not None:
        number, found = number + 1, run
    return number, None if found is not None and found.outcome is Outcome.NOT_STARTED else found


def _numbered(day: date, number: int, ports: Ports) -> Run | None:
    name = name_of(day, ports, number=number)
    run = ports.runs.run(name)
    if run is not None and run.outcome is not Outcome.NOT_STARTED:
        return run
    return next(imports_of(name, ports), run)


def _refuse_retry(existing: Run, ports: Ports) -> None:
    ordered = sum(len(trade.intents) for trade in ports.trades.trades(existing.id))
    if existing.outcome in {Outcome.FAILED, Outcome.SKIPPED} and not ordered:
        return
    outcome = "still running" if existing.outcome is None else existing.outcome.value
    raise OrderRefused(
        rail="retry",
        limit="a run that failed, or was skipped, before any order was made",
        value=f"{outcome}, {ordered} orders",
        what=f"retry of {existing.id}",
    )


def _refuse_earlier(session: Session, ports: Ports) -> None:
    latest = latest_run(ports, account=ports.rules.account)
    if latest is not None and session.day < latest.session:
        raise OrderRefused(
            rail="session order",
            limit=f"the session of {latest.session}, the latest that was run, or later",
            value=str(session.day),
            what=f"run for {session.day}",
        )


def _refuse_outside(session: Session, ports: Ports) -> None:
    now, last = ports.clock.now(), session.closes_at - ports.rules.latest_start
    if not session.opens_at <= now <= last:
        raise OrderRefused(
            rail=_LATE,
            limit=f"from {session.opens_at:%Y-%m-%d %H:%M} to {last:%H:%M} UTC",
            value=f"{now:%Y-%m-%d %H:%M} UTC",
            what=f"run for {session.day}",
        )


def _refuse_account(account: Account, ports: Ports) -> None:
    what = f"account {account.id}"
    if halted := ports.switch.reason():
        raise OrderRefused(rail="kill switch", limit="off", value=halted, what=what)
    if account.id != ports.rules.account:
        raise OrderRefused(rail="account", limit=ports.rules.account, value=account.id, what=what)
    if account.blocked:
        raise OrderRefused(rail="account", limit="an account that may trade", value=account.blocked, what=what)
