"""
Look after runs that nothing drives any more: find what was lost, drive it on, or close the run.

1. An event that was never queued for a handler of its type is queued for it.
2. A run that is not over and has no message on the way can go nowhere: it fails, with a report.
3. If its failure was told before, and no report came of it, it is closed with one in plain words.

Leases whose owner died need nobody: the engine opens them to everyone once their time is over.
"""

from dataclasses import dataclass

from alchemiser.application.log import Log
from alchemiser.application.ports.deliveries import Redelivery
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Ports
from alchemiser.application.reporting import apply_report, in_plain_words
from alchemiser.domain.errors import Category
from alchemiser.domain.events import Event, WorkflowFailed, WorkflowStarted, first_cause, once_in_run

_SOURCE = "alchemiser.application.sweep.sweep"
_LOOK_BACK = 50
_log = Log()


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """
    What was found: deliveries that were queued again, and runs that were brought to their end.
    """

    restored: int
    closed: tuple[str, ...]


def sweep(ports: Ports, deliveries: Redelivery) -> Swept:
    """
    Queue lost deliveries again and close runs that nothing drives.
    """
    restored, closed = 0, []
    for run in ports.runs.runs(account=ports.rules.account, limit=_LOOK_BACK):
        if run.outcome is not None:
            continue
        restored += deliveries.restore(run.id, now=ports.clock.now())
        reason = "no message is on its way that could go on with the run"
        if deliveries.undelivered(run.id) == 0 and close(run, reason, ports, deliveries):
            closed.append(run.id)
    if restored or closed:
        _log.warning("swept", restored=restored, closed=closed)
    return Swept(restored=restored, closed=tuple(closed))


def close(run: Run, reason: str, ports: Ports, deliveries: Redelivery) -> bool:
    """
    End a run as failed, by its report where that is still possible; return whether it was still to be ended.
    """
    current = ports.runs.run(run.id)
    if current is None or current.outcome is not None:
        # Whoever delivered its last message ended it meanwhile.
        return False
    events = ports.ledger.events(run.id)
    failure = _failure(run, events[-1] if events else None, reason, ports)
    with ports.engine.begin() as tx:
        tx.emit(failure)
    if deliveries.undelivered(run.id) == 0:
        # It was told before, and whoever heard it did not close the run.
        told = next((event for event in events if isinstance(event, WorkflowFailed)), failure)
        closing = in_plain_words(told, ports, error="its message was given up")
        with ports.engine.begin() as tx:
            apply_report(told, closing, tx)
    return True


def _failure(run: Run, last: Event | None, reason: str, ports: Ports) -> WorkflowFailed:
    now = ports.clock.now()
    if last is not None:
        meta = once_in_run(last, WorkflowFailed, at=now, source=_SOURCE)
    else:
        # A run without a single event: its own name is the cause.
        start = first_cause(run.id, at=now, source=_SOURCE)
        told = WorkflowStarted(
            meta=start,
            run_id=run.id,
            account=run.account,
            session=run.session,
            signal_session=run.signal_session,
            strategies=(),
        )
        meta = once_in_run(told, WorkflowFailed, at=now, source=_SOURCE)
    return WorkflowFailed(meta=meta, run_id=run.id, step="sweep", category=Category.CRITICAL.value, error=reason)
