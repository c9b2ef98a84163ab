"""
Runs and the ledger, read from memory.
"""

from itertools import islice

from alchemiser.application.ports.records import Ledger, Report, Run, Runs
from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.infrastructure.memory.store import Memory
from alchemiser.infrastructure.memory.transaction import stored_signals


class MemoryRuns(Runs):
    """
    Runs and what each decided, in memory.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def run(self, run_id: str) -> Run | None:
        """
        Return a run.
        """
        return self._memory.runs.get(run_id)

    def runs(self, *, account: str | None = None, limit: int = 50, offset: int = 0) -> tuple[Run, ...]:
        """
        Return runs, of one account or of all, the latest session first; of one session the last started first.
        """
        wanted = [run for run in self._memory.runs.values() if account is None or run.account == account]
        wanted.sort(key=lambda run: (run.session, run.started_at, run.id), reverse=True)
        return tuple(wanted[offset : offset + limit])

    def signals(self, run_id: str) -> tuple[PartialSignalGenerated, ...]:
        """
        Return what each strategy decided, by strategy name.
        """
        return stored_signals(self._memory, run_id)

    def plan(self, run_id: str) -> RebalancePlan | None:
        """
        Return the run's plan.
        """
        return self._memory.plans.get(run_id)

    def report(self, run_id: str) -> Report | None:
        """
        Return the run's report.
        """
        return self._memory.reports.get(run_id)


class MemoryLedger(Ledger):
    """
    Fills and events, in memory.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

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
        wanted = (
            fill
            for fill in self._memory.ledger
            if (run_id is None or fill.run_id == run_id) and (symbol is None or fill.symbol == symbol)
        )
        return tuple(islice(wanted, offset, None if limit is None else offset + limit))

    def events(self, run_id: str) -> tuple[Event, ...]:
        """
        Return all events of a run in the order they were stored.
        """
        return tuple(event for event in self._memory.events if event.run_id == run_id)
