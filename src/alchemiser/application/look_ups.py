"""
Look again for what became of a run's orders that nobody could resolve, book it, and write the report anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alchemiser.application.log import Log
from alchemiser.application.ports.records import Run, Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import report_of
from alchemiser.application.recovery import late_fills, settle, unsettled
from alchemiser.application.reporting import Closing, written
from alchemiser.application.settlement import mismatches
from alchemiser.application.unresolved import look_up_due, next_look_up
from alchemiser.domain.errors import BrokerAuthError, BrokerUnavailable, LedgerError
from alchemiser.domain.events import UnresolvedLookUpDue
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.ledger.book import LedgerEntry

_AGREES = "with what was found later, positions at the end are what the ledger says"
_log = Log()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    What a look found.

    Args:
        at: when it was.
        closing: the run's report, written anew; None when nothing was found.
        is_over: every order is known to its end.
    """

    at: datetime
    closing: Closing | None
    is_over: bool


def prepare_look_up(event: UnresolvedLookUpDue, ports: Ports) -> Look:
    """
    Ask the broker for every order of the run that is not known to its end; cancel what rests. A broker that does not
    answer, or does not accept us, is asked again by the next timer.

    Raises:
        LedgerError: the run is not recorded.
        BrokerUnavailable: no answer at the last of the timers.
        BrokerAuthError: the broker does not accept us at the last of the timers.
    """
    try:
        return _looked(event, ports)
    except (BrokerUnavailable, BrokerAuthError) as exc:
        now = ports.clock.now()
        if next_look_up(event.number, at=now) is None:
            raise
        _log.warning("look_up_unanswered", run_id=event.run_id, number=event.number, error=str(exc))
        return Look(at=now, closing=None, is_over=False)


def apply_look_up(event: UnresolvedLookUpDue, look: Look, tx: Transaction) -> None:
    """
    Store the report, and set the next timer while an order is not known to its end.
    """
    if look.closing is not None:
        tx.save_run(look.closing.run)
        tx.save_report(look.closing.report)
    due_at = next_look_up(event.number, at=look.at)
    if due_at is not None and not look.is_over:
        tx.emit(look_up_due(event, number=event.number + 1, at=look.at), due_at=due_at)


def _looked(event: UnresolvedLookUpDue, ports: Ports) -> Look:
    run = ports.runs.run(event.run_id)
    if run is None:
        raise LedgerError(f"expected the run {event.run_id} in the records, found none; restore the database")
    open_ends = unsettled(run, ports)
    # From the opening, not from our start: our clock may be ahead of the broker's.
    orders = ports.broker.orders(since=ports.calendar.session(run.session).opens_at) if open_ends else ()
    for order in orders:
        if order.body.client_order_id.startswith(f"{ORDER_PREFIX}{run.id}-") and not order.status.is_terminal:
            ports.broker.cancel(order.id)
    settle(run, open_ends, orders, ports)
    # Read off the ledger, not off this look: one that was cut off after it had booked is told all the same.
    fills = ports.ledger.entries(run_id=run.id)
    found = late_fills(run, fills)
    closing = None
    if found:
        _log.warning("unresolved_found", run_id=run.id, orders=sorted(found))
        notes = run.notes
        if _is_even(run, fills) and _AGREES not in notes:
            notes = (*notes, _AGREES)
        closing = written(replace(report_of(run.id, ports), run=replace(run, notes=notes)), ports)
    return Look(at=ports.clock.now(), closing=closing, is_over=not unsettled(run, ports))


def _is_even(run: Run, fills: Sequence[LedgerEntry]) -> bool:
    return run.opening is not None and run.closing is not None and not mismatches(run.opening, fills, run.closing)
