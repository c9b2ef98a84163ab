"""
Runs and the ledger, read from the database.
"""

from sqlalchemy import select

from alchemiser.application.ports.records import Ledger, Report, Run, Runs
from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.infrastructure.codec import decode, decode_event
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.rows import ledger_from, report_from, run_from
from alchemiser.infrastructure.sql.tables import events, ledger, plans, reports, runs
from alchemiser.infrastructure.sql.transaction import stored_signals


class SqlRuns(Runs):
    """
    Runs and what each decided, on a database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(self, run_id: str) -> Run | None:
        """
        Return a run.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().one_or_none()
        return None if row is None else run_from(row)

    def runs(self, *, account: str | None = None, limit: int = 50, offset: int = 0) -> tuple[Run, ...]:
        """
        Return runs, of one account or of all, the latest session first; of one session the last started first.
        """
        latest = select(runs).order_by(runs.c.session.desc(), runs.c.started_at.desc(), runs.c.id.desc())
        if account is not None:
            latest = latest.where(runs.c.account == account)
        with self._database.reading() as connection:
            rows = connection.execute(latest.limit(limit).offset(offset)).mappings().all()
        return tuple(run_from(row) for row in rows)

    def signals(self, run_id: str) -> tuple[PartialSignalGenerated, ...]:
        """
        Return what each strategy decided, by strategy name.
        """
        with self._database.reading() as connection:
            return stored_signals(connection, run_id)

    def plan(self, run_id: str) -> RebalancePlan | None:
        """
        Return the run's plan.
        """
        with self._database.reading() as connection:
            body = connection.scalar(select(plans.c.body).where(plans.c.run_id == run_id))
        return None if body is None else decode(RebalancePlan, body)

    def report(self, run_id: str) -> Report | None:
        """
        Return the run's report.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(reports).where(reports.c.run_id == run_id)).mappings().one_or_none()
        return None if row is None else report_from(row)


class SqlLedger(Ledger):
    """
    Fills and events, on a database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(
        self,
        *,
        run_id: str | None = None,
        symbol: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[LedgerEntry, ...]:
        """
        Return fills in the order they were stored.
        """
        wanted = select(ledger).order_by(ledger.c.seq).limit(limit).offset(offset)
        if run_id is not None:
            wanted = wanted.where(ledger.c.run_id == run_id)
        if symbol is not None:
            wanted = wanted.where(ledger.c.symbol == symbol)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return tuple(ledger_from(row) for row in rows)

    def events(self, run_id: str) -> tuple[Event, ...]:
        """
        Return all events of a run in the order they were stored.
        """
        of_run = select(events.c.type, events.c.body).where(events.c.run_id == run_id).order_by(events.c.seq)
        with self._database.reading() as connection:
            rows = connection.execute(of_run).all()
        return tuple(decode_event(name, body) for name, body in rows)
