"""
Writes of one open transaction in memory; they stay together or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from alchemiser import __version__
from alchemiser.application.ports.records import Report, Run, Transaction
from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.infrastructure.memory.store import Memory
from alchemiser.infrastructure.memory.trades import store_trades


class MemoryTransaction(Transaction):
    """
    A transaction on a memory that someone else holds open.

    Args:
        routes: the handlers of each event type, in the order they are to be served.
        version: of the code that tells of the events.
    """

    def __init__(self, memory: Memory, *, routes: Mapping[str, Sequence[str]], version: str = __version__) -> None:
        self._version = version
        self._memory = memory
        self._routes = routes

    def emit(self, event: Event, *, due_at: datetime | None = None) -> None:
        """
        Store an event and queue it for its handlers.
        """
        memory = self._memory
        if event.meta.event_id in memory.versions:
            return
        memory.put(memory.versions, event.meta.event_id, self._version)
        memory.add(memory.events, event)
        for handler in self._routes.get(type(event).__name__, ()):
            memory.queue(event, handler, due_at=due_at or event.meta.occurred_at, version=self._version)

    def save_run(self, run: Run) -> bool:
        """
        Store a run, or add what is news of it: its opening account until it is planned, its closing account, its end.
        Notes are added even after that, none is taken back.
        """
        stored = self._memory.runs.get(run.id)
        if stored is None:
            self._memory.put(self._memory.runs, run.id, run)
            return True
        after = stored
        if stored.outcome is None:
            after = _with_news(stored, run, is_planned=run.id in self._memory.plans)
        if run.adds_notes_to(stored.notes):
            after = replace(after, notes=run.notes)
        if after != stored:
            self._memory.put(self._memory.runs, run.id, after)
        return False

    def save_signal(self, signal: PartialSignalGenerated) -> tuple[PartialSignalGenerated, ...]:
        """
        Store what a strategy decided; return all of the run.
        """
        key = (signal.run_id, signal.strategy)
        if key not in self._memory.signals:
            self._memory.put(self._memory.signals, key, signal)
        return stored_signals(self._memory, signal.run_id)

    def save_plan(self, plan: RebalancePlan, trades: Sequence[Trade]) -> None:
        """
        Store the plan with its trades, unless the run has one.
        """
        if plan.run_id not in self._memory.plans:
            self._memory.put(self._memory.plans, plan.run_id, plan)
            store_trades(self._memory, trades)

    def save_report(self, report: Report) -> None:
        """
        Store the report, or replace it.
        """
        self._memory.put(self._memory.reports, report.run_id, report)


def _with_news(stored: Run, told: Run, *, is_planned: bool) -> Run:
    # A second start of the session, in another process, knows less than what is stored by now.
    return replace(
        stored,
        opening=stored.opening if is_planned else told.opening or stored.opening,
        closing=told.closing or stored.closing,
        outcome=told.outcome,
        detail=told.detail or stored.detail,
        finished_at=told.finished_at or stored.finished_at,
    )


def stored_signals(memory: Memory, run_id: str) -> tuple[PartialSignalGenerated, ...]:
    """
    Return what each strategy of a run decided, by strategy name.
    """
    return tuple(signal for (run, _), signal in sorted(memory.signals.items()) if run == run_id)
