"""
Start the one run of an account and session, or find it again.

1. Finish whatever an earlier process left undone.
2. Find the session: the one asked for, else the latest that was run, else the profile's first.
3. A run that exists is returned as it is: the second start of a session is the same run.
4. Check everything that can be wrong before anything is written: book, bars, time, account.
5. Settle what an earlier run left at the broker; refuse when positions are not what the ledger says.
6. Store the run and tell of it, in one transaction.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum, auto

import structlog

from alchemiser import __version__
from alchemiser.application.dispatch import pump
from alchemiser.application.live_bars import closes_of_book
from alchemiser.application.ports.messaging import Message
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import latest_run
from alchemiser.application.recovery import recover
from alchemiser.application.settlement import mismatches
from alchemiser.domain.errors import LedgerError, OrderRefused
from alchemiser.domain.events import Outcome, WorkflowStarted, first_cause
from alchemiser.domain.identity import ORDER_PREFIX, run_id
from alchemiser.domain.market import BarsMode, Session
from alchemiser.domain.portfolio.account import Account

_SOURCE = "alchemiser.application.start.start"
_LOOK_BACK = 50
_MEMORY = timedelta(days=90)
_log = structlog.get_logger(__name__)


class Allow(Enum):
    """
    What the operator allows a start to do, said explicitly.
    """

    RETRY = auto()
    """Run a session again whose run failed before any order was made."""
    POSITIONS = auto()
    """Take the broker's positions as they are, though the ledger says otherwise."""


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
    return ports.rules.first_session if latest is None else ports.calendar.next(latest.session).day


def start(day: date, ports: Ports, *, allowed: frozenset[Allow] = frozenset()) -> tuple[Run, bool]:
    """
    Return the run of a session and whether it is new.

    Raises:
        ConfigurationError: the day is no session, or strategies or settings are wrong.
        DataError: bars are missing or stale.
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
    book = ports.library.book()
    before = ports.calendar.previous(session.day).day
    closes_of_book(book, ports.bars, through=before)
    signal_session = before if ports.rules.bars is BarsMode.COMPLETED else session.day
    ports.clock.wait_until(session.closes_at - ports.rules.lead)
    _refuse_outside(session, ports)
    recover(ports)
    account = ports.broker.account()
    _refuse_account(account, ports)
    if Allow.POSITIONS not in allowed:
        refuse_other_positions(account, ports)
    run = Run(
        id=name_of(session.day, ports, number=number + 1),
        account=account.id,
        profile=ports.rules.profile,
        session=session.day,
        signal_session=signal_session,
        started_at=ports.clock.now(),
        code_version=__version__,
        opening=account,
    )
    event = WorkflowStarted(
        meta=first_cause(run.id, at=run.started_at, source=_SOURCE),
        run_id=run.id,
        account=account.id,
        session=session.day,
        signal_session=signal_session,
        strategies=tuple(strategy.name for strategy in book.strategies),
        bars=ports.rules.bars,
    )
    with ports.engine.begin() as tx:
        is_new = tx.save_run(run)
        if is_new:
            tx.emit(event)
    _log.info("run_started", run_id=run.id, session=str(session.day), allowed=sorted(one.name for one in allowed))
    return run, is_new


def name_of(day: date, ports: Ports, *, number: int = 1) -> str:
    """
    Return the id of the account's run for a session; `number` counts its retries from 1.
    """
    return run_id(account=ports.rules.account, day=day, kind=ports.rules.kind, number=number)


def _last_of(day: date, ports: Ports) -> tuple[int, Run | None]:
    number, found = 0, None
    while (run := ports.runs.run(name_of(day, ports, number=number + 1))) is not None:
        number, found = number + 1, run
    return number, found


def _refuse_retry(existing: Run, ports: Ports) -> None:
    ordered = sum(len(trade.intents) for trade in ports.trades.trades(existing.id))
    if existing.outcome is Outcome.FAILED and not ordered:
        return
    outcome = "still running" if existing.outcome is None else existing.outcome.value
    raise OrderRefused(
        rail="retry",
        limit="a run that failed before any order was made",
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
            rail="start window",
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


def _refuse_unknown_orders(account: Account, ports: Ports) -> None:
    since = ports.clock.now() - _MEMORY
    ours = [order for order in ports.broker.orders(since=since) if order.body.client_order_id.startswith(ORDER_PREFIX)]
    if ours:
        raise LedgerError(
            f"account {account.id}: expected a broker without orders of ours, since nothing is recorded, "
            f"found {len(ours)}, the latest {ours[-1].body.client_order_id}; restore the records, "
            "or name those it belongs to in [records] url"
        )


def refuse_other_positions(account: Account, ports: Ports) -> None:
    """
    Refuse an account whose positions are not the last opening and the fills since.

    Raises:
        LedgerError: they are not, or nothing is recorded of an account that has orders of ours.
    """
    known = next(
        (run for run in ports.runs.runs(account=account.id, limit=_LOOK_BACK) if run.opening is not None), None
    )
    if known is None or known.opening is None:
        _refuse_unknown_orders(account, ports)
        return
    found = mismatches(known.opening, ports.ledger.entries(run_id=known.id), account)
    if found:
        wrong = "; ".join(map(str, found))
        raise LedgerError(
            f"{wrong}; when the broker is right, `alchemiser run --sessions 1 --accept-positions` goes on from there"
        )
