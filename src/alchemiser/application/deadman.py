"""
The dead-man check: was the session's run recorded and brought to its end? Asked by another timer, in another process.

It is meant for the day on which nothing at all happens: no run, no report, nobody who could say that there was none.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alchemiser.application.ports.deliveries import Deliveries
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.messaging import Notifier
from alchemiser.application.ports.suite import Archive, Rules
from alchemiser.domain.errors import NoSession

_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """
    What the check found; `problem` is empty when all is well, `session` None when none was due yet.
    """

    session: date | None
    run_id: str
    problem: str


def session_due(now: datetime, calendar: Calendar, *, after_close: timedelta, first: date) -> date | None:
    """
    Return the latest session whose run should be over by now, None before the first that is traded.
    """
    day = now.date()
    try:
        session = calendar.session(day)
    except NoSession:
        session = calendar.previous(day)
    while now < session.closes_at + after_close:
        session = calendar.previous(session.day)
    return session.day if session.day >= first else None


def pulse(session: date, archive: Archive, deliveries: Deliveries, rules: Rules) -> Pulse:
    """
    Check a session's runs: one has to be over, and none may have a message that was given up.
    """
    of_session = []
    offset = 0
    while page := archive.runs.runs(account=rules.account, limit=_PAGE, offset=offset):
        of_session += [run for run in page if run.session == session]
        offset += len(page)
        if page[-1].session < session:
            break
    if not of_session:
        return Pulse(session=session, run_id="", problem="no run of it is recorded")
    latest = of_session[0]
    dead = [
        f"{delivery.handler} of {run.id} ({delivery.error})"
        for run in of_session
        for told in deliveries.of_run(run.id)
        for delivery in told.deliveries
        if delivery.state == "dead"
    ]
    if latest.outcome is None:
        return Pulse(session=session, run_id=latest.id, problem=f"its run {latest.id} is not over")
    if dead:
        return Pulse(session=session, run_id=latest.id, problem=f"given up after every attempt: {', '.join(dead)}")
    return Pulse(session=session, run_id=latest.id, problem="")


def raise_alarm(session: date | None, problem: str, notifier: Notifier, rules: Rules) -> tuple[str, ...]:
    """
    Leave a notice; return where it lies.

    Raises:
        NotificationError: it could not be left.
    """
    subject = f"Dead-man check: {rules.account}, session {session or 'unknown'}: something is wrong"
    text = (
        f"Account {rules.account}, profile {rules.profile}, session {session or 'unknown'}: {problem}.\n\n"
        "Look with `alchemiser status` and `alchemiser doctor`; `alchemiser run` starts or finishes a run.\n"
    )
    body = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    html = f"<!doctype html>\n<html><head><meta charset='utf-8'></head><body><p>{body}</p></body></html>\n"
    return notifier.deliver(
        name=f"deadman-{rules.account}-{session or 'unknown'}", subject=subject, text=text, html=html
    )
