"""
Plan a session's rebalance as a run would, without ordering or recording anything.
"""

from datetime import date, timedelta

from alchemiser.application.carrying import carried
from alchemiser.application.holding import settle
from alchemiser.application.live_bars import evidence
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import latest_run
from alchemiser.application.rebalance import plan_now
from alchemiser.application.reconciliation import refuse_imported, refuse_other_positions, refuse_unknown_account
from alchemiser.application.signals import decide
from alchemiser.application.start import name_of
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.portfolio.target import merge


def preview(day: date, ports: Ports) -> RebalancePlan:
    """
    Return the plan for a session as of now, or as of its start when that is still to come.

    Raises:
        ConfigurationError: the day is no session.
        SignalUndefined: a strategy has no signal.
        DataError: bars or quotes are missing.
        OrderRefused: the account or a symbol may not be traded.
        LedgerError: positions are not what the ledger says, or nothing is recorded of orders of ours.
    """
    session = ports.calendar.session(day)
    latest = latest_run(ports, account=ports.rules.account)
    if latest is not None:
        ports.clock.wait_until(latest.finished_at or latest.started_at)
    ports.clock.wait_until(session.closes_at - ports.rules.lead)
    account = ports.broker.account()
    refuse_unknown_account(ports)
    refuse_imported(ports, account=account.id)
    refuse_other_positions(account, ports)
    book = ports.library.book()
    found = evidence(book, ports, session=session.day, mode=ports.rules.bars)
    votes = []
    due = settle(decide(book, found.closes, session=found.session), found.closes, ports, session=session.day)
    for settled in (carried(one, ports, session=session.day) for one in due):
        if isinstance(settled.verdict, SignalUndefined):
            raise settled.verdict
        votes.append((settled.sleeve.allocation, settled.verdict))
    return plan_now(
        merge(votes), ports, run_id=name_of(session.day, ports), session=session.day, oldest_quote=timedelta(days=7)
    )
