"""
Close a run: decide its outcome, write its one report, deliver it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from alchemiser.application.log import Log
from alchemiser.application.ports.records import Report, Run, Transaction
from alchemiser.application.ports.reports import RunReport
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import latest_run, report_of, warnings_of
from alchemiser.application.unresolved import first_look_up, look_up_due
from alchemiser.domain.errors import NotificationError
from alchemiser.domain.events import (
    Outcome,
    PortfolioStateChanged,
    WorkflowCompleted,
    WorkflowFailed,
    caused_by,
    first_cause,
)
from alchemiser.domain.execution.order import TradeStatus

_SOURCE = "alchemiser.application.reporting.report"
_COMPLETE = {TradeStatus.DONE, TradeStatus.SKIPPED}
_log = Log()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """
    The finished run and its report.

    Args:
        look_up_at: when its unresolved orders are looked up again, None when it has none.
    """

    run: Run
    report: Report
    look_up_at: datetime | None


def prepare_report(event: PortfolioStateChanged | WorkflowFailed, ports: Ports) -> Closing | None:
    """
    Decide how the run ended, put it into words and deliver it; None for a run that has ended already.
    """
    run_so_far = report_of(event.run_id, ports)
    if run_so_far.run.outcome is not None:
        return None
    outcome, detail = _outcome(event, run_so_far)
    run = replace(run_so_far.run, outcome=outcome, detail=detail, finished_at=ports.clock.now())
    return written(replace(run_so_far, run=run), ports)


def written(report: RunReport, ports: Ports) -> Closing:
    """
    Put a run that is over into words and deliver them.
    """
    run = report.run
    words = ports.renderer.render(replace(report, warnings=warnings_of(report)))
    try:
        places = ports.notifier.deliver(name=run.id, subject=words.subject, text=words.text, html=words.html)
    except NotificationError as exc:
        # A report that cannot be delivered is kept in the records; it never fails a run.
        _log.warning("report_not_delivered", run_id=run.id, error=str(exc))
        places = ()
    return Closing(
        run=run,
        report=Report(
            run_id=run.id,
            subject=words.subject,
            text=words.text,
            html=words.html,
            places=places,
            written_at=ports.clock.now(),
        ),
        look_up_at=first_look_up(report.trades, at=ports.clock.now()),
    )


def in_plain_words(event: WorkflowFailed, ports: Ports, *, error: str) -> Closing | None:
    """
    Return the end of a failed run whose report could not be written; None for a run that has ended already.

    Nothing is rendered or delivered, whatever of the two went wrong; the records hold the end and its reason.
    """
    run = ports.runs.run(event.run_id)
    if run is None or run.outcome is not None:
        return None
    now = ports.clock.now()
    detail = f"{event.step}: {event.error}; and its report could not be written: {error}"
    over = replace(run, outcome=Outcome.FAILED, detail=detail, finished_at=now)
    plain = Report(
        run_id=run.id,
        subject=f"{run.id} failed",
        text=detail,
        html=f"<p>{escape(detail)}</p>",
        places=(),
        written_at=now,
    )
    return Closing(run=over, report=plain, look_up_at=first_look_up(ports.trades.trades(run.id), at=now))


def record_unstarted(run: Run, outcome: Outcome, *, detail: str, ports: Ports) -> None:
    """
    Store and report a run that never began; one that was refused for the same reason before is not told of again.
    """
    latest = latest_run(ports, account=run.account)
    if latest is not None and (latest.session, latest.outcome, latest.detail) == (run.session, outcome, detail):
        return
    over = replace(run, outcome=outcome, detail=detail, finished_at=ports.clock.now())
    empty = RunReport(run=over, signals=(), plan=None, trades=(), fills=(), warnings=(), bars=over.bars)
    closing = written(empty, ports)
    with ports.engine.begin() as tx:
        if not tx.save_run(run):
            # Another process began it meanwhile, or recorded it: a run that goes on is never called not started.
            return
        tx.save_run(over)
        tx.save_report(closing.report)
        tx.emit(
            WorkflowCompleted(
                meta=first_cause(run.id, at=closing.report.written_at, source=_SOURCE, kind=WorkflowCompleted),
                run_id=run.id,
                outcome=outcome,
            )
        )
    _log.warning("run_not_started", run_id=run.id, outcome=outcome.value, detail=detail)


def apply_report(event: PortfolioStateChanged | WorkflowFailed, closing: Closing | None, tx: Transaction) -> None:
    """
    Store the report and the run's end.
    """
    if closing is None:
        return
    tx.save_run(closing.run)
    tx.save_report(closing.report)
    tx.emit(
        WorkflowCompleted(
            meta=caused_by(event, WorkflowCompleted, at=closing.report.written_at, source=_SOURCE),
            run_id=event.run_id,
            outcome=closing.run.outcome or Outcome.FAILED,
        )
    )
    if closing.look_up_at is not None:
        tx.emit(look_up_due(event, number=1, at=closing.report.written_at), due_at=closing.look_up_at)


def _outcome(event: PortfolioStateChanged | WorkflowFailed, report: RunReport) -> tuple[Outcome, str]:
    if isinstance(event, WorkflowFailed):
        return Outcome.FAILED, f"{event.step}: {event.error}"
    if event.mismatches:
        return Outcome.FAILED, "positions are not what the ledger says: " + "; ".join(event.mismatches)
    open_ends = [trade for trade in report.trades if trade.status not in _COMPLETE]
    if open_ends:
        return Outcome.PARTIAL, f"{len(open_ends)} of {len(report.trades)} trades were not completed"
    return Outcome.SUCCESS, "" if report.trades else "nothing to trade: the account already is as wanted"
