"""
Writes of one open transaction; they commit together or not at all.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, case, exists, select

from alchemiser import __version__
from alchemiser.application.ports.records import Report, Run, Transaction
from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.infrastructure.codec import decode
from alchemiser.infrastructure.sql.chain import Chain
from alchemiser.infrastructure.sql.rows import event_row, plan_row, report_row, run_row, signal_row
from alchemiser.infrastructure.sql.tables import deliveries, events, plans, reports, runs, signals
from alchemiser.infrastructure.sql.trades import store_trades
from alchemiser.infrastructure.sql.upsert import insert_new, insert_or_update

_NEWS = {"closing", "outcome", "detail", "finished_at"}


class SqlTransaction(Transaction):
    """
    A transaction on a connection that someone else commits.

    Args:
        routes: the handlers of each event type, in the order they are to be served.
        version: of the code that tells of the events.
    """

    def __init__(
        self, connection: Connection, *, routes: Mapping[str, Sequence[str]], version: str = __version__
    ) -> None:
        self._connection = connection
        self._routes = routes
        self._version = version
        self._chain = Chain(connection)

    def emit(self, event: Event, *, due_at: datetime | None = None) -> None:
        """
        Store an event and queue it for its handlers.
        """
        row = {**event_row(event), "code_version": self._version}
        if not self._chain.add(events, row, key=["event_id"]):
            return
        queued = [
            {
                "event_id": event.meta.event_id,
                "handler": handler,
                "due_at": due_at or event.meta.occurred_at,
                "state": "pending",
                "attempts": 0,
            }
            for handler in self._routes.get(type(event).__name__, ())
        ]
        if queued:
            self._connection.execute(deliveries.insert(), queued)

    def save_run(self, run: Run) -> bool:
        """
        Store a run, or add what is news of it: its opening account until it is planned, its closing account, its end.
        Notes are added even after that, none is taken back.
        """
        row = run_row(run)
        if insert_new(self._connection, runs, row, key=["id"]):
            return True
        # A second start of the session, in another process, knows less than what is stored by now.
        news = {name: value for name, value in row.items() if name in _NEWS and value not in {None, ""}}
        if run.opening is not None:
            is_planned = exists().where(plans.c.run_id == run.id)
            news["opening"] = case((is_planned, runs.c.opening), else_=row["opening"])
        if news:
            is_going_on = runs.c.outcome.is_(None)
            self._connection.execute(runs.update().where(runs.c.id == run.id, is_going_on).values(**news))
        self._add_notes(run)
        return False

    def save_signal(self, signal: PartialSignalGenerated) -> tuple[PartialSignalGenerated, ...]:
        """
        Store what a strategy decided; return all of the run.
        """
        insert_new(self._connection, signals, signal_row(signal), key=["run_id", "strategy"])
        return stored_signals(self._connection, signal.run_id)

    def save_plan(self, plan: RebalancePlan, trades: Sequence[Trade]) -> None:
        """
        Store the plan with its trades, unless the run has one.
        """
        if insert_new(self._connection, plans, plan_row(plan), key=["run_id"]):
            store_trades(self._connection, trades)

    def save_report(self, report: Report) -> None:
        """
        Store the report, or replace it.
        """
        row = report_row(report)
        insert_or_update(
            self._connection,
            reports,
            [row],
            key=["run_id"],
            changing=[name for name in row if name != "run_id"],
        )

    def _add_notes(self, run: Run) -> None:
        if not run.notes:
            return
        noted = self._connection.scalar(select(runs.c.notes).where(runs.c.id == run.id).with_for_update())
        if run.adds_notes_to(tuple(json.loads(noted or "[]"))):
            notes = run_row(run)["notes"]
            self._connection.execute(runs.update().where(runs.c.id == run.id).values(notes=notes))


def stored_signals(connection: Connection, run_id: str) -> tuple[PartialSignalGenerated, ...]:
    """
    Return what each strategy of a run decided, by strategy name.
    """
    found = connection.scalars(select(signals.c.body).where(signals.c.run_id == run_id).order_by(signals.c.strategy))
    return tuple(decode(PartialSignalGenerated, body) for body in found)
