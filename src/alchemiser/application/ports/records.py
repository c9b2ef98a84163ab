"""
What the use cases keep: runs, signals, plans, trades, the ledger, reports. Read outside, written inside transactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from alchemiser.domain.events import Event, Outcome, PartialSignalGenerated
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    One run of an account for a session; `outcome` is None while it is going on.

    Args:
        signal_session: the session of the last bar that decides; the run's own when that bar is made of quotes.
        opening: the account before anything was traded, None until it was looked at.
        closing: the account at the end, None until then.
        detail: why it was skipped or failed, empty otherwise.
        notes: what the owner should know beside that, in the order it was found.
        cash_flow: what came into the account, or left it, since the run before, and was no trade of ours; None when
            there was no run to compare with.
    """

    id: str
    account: str
    profile: str
    session: date
    signal_session: date
    started_at: datetime
    code_version: str
    opening: Account | None = None
    closing: Account | None = None
    outcome: Outcome | None = None
    detail: str = ""
    finished_at: datetime | None = None
    notes: tuple[str, ...] = ()
    cash_flow: Money | None = None

    @property
    def bars(self) -> BarsMode:
        """
        What signals are made from: a bar of the run's own session can only be made of quotes.
        """
        return BarsMode.LIVE_QUOTE if self.signal_session == self.session else BarsMode.COMPLETED

    def adds_notes_to(self, stored: tuple[str, ...]) -> bool:
        """
        Tell whether these notes are the stored ones and more.
        """
        return len(self.notes) > len(stored) and self.notes[: len(stored)] == stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    The report of a run as it was written; `places` is where it was delivered.
    """

    run_id: str
    subject: str
    text: str
    html: str
    places: tuple[str, ...]
    written_at: datetime


class Transaction(Protocol):
    """
    Writes that become visible together or not at all.
    """

    def emit(self, event: Event, *, due_at: datetime | None = None) -> None:
        """
        Store an event and queue it for its handlers, at once or as a timer. An event id that is already stored is
        left as it is.
        """
        ...

    def save_run(self, run: Run) -> bool:
        """
        Store a run and return True; of one that is stored already add what is news and return False: its opening
        account until there is a plan, its closing account, its end. A run that is over stays as it ended; notes may
        still be added to it.
        """
        ...

    def save_signal(self, signal: PartialSignalGenerated) -> tuple[PartialSignalGenerated, ...]:
        """
        Store what a strategy decided, once for each run and strategy; return all of the run that are stored.
        """
        ...

    def save_plan(self, plan: RebalancePlan, trades: Sequence[Trade]) -> None:
        """
        Store a run's one plan with its trades. A plan that is already stored stays; it is never replaced.
        """
        ...

    def save_report(self, report: Report) -> None:
        """
        Store the one report of a run, or replace it.
        """
        ...


class Runs(Protocol):
    """
    Runs and what each decided.
    """

    def run(self, run_id: str) -> Run | None:
        """
        Return a run.
        """
        ...

    def runs(self, *, account: str | None = None, limit: int = 50, offset: int = 0) -> tuple[Run, ...]:
        """
        Return runs, of one account or of all, the latest session first; of one session the last started first.
        """
        ...

    def signals(self, run_id: str) -> tuple[PartialSignalGenerated, ...]:
        """
        Return what each strategy decided, by strategy name.
        """
        ...

    def plan(self, run_id: str) -> RebalancePlan | None:
        """
        Return the run's plan.
        """
        ...

    def report(self, run_id: str) -> Report | None:
        """
        Return the run's report.
        """
        ...


class Trades(Protocol):
    """
    The trades of runs with their order intents.
    """

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        Return a run's trades with their intents, sells first, then by symbol.
        """
        ...

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        Store the new states of trades with the fills that were seen, in one durable transaction of its own; return
        the trades with the versions they have now.

        Intents are added, never removed; a fill (order id, cumulative quantity) that is stored is left as it is.

        Raises:
            Overtaken: a trade is not the version it was read at; nothing of the commit is stored.
            RecordsError: an intent that is stored would send something else, or a final trade make another attempt.
        """
        ...


class Ledger(Protocol):
    """
    Every fill, for ever.
    """

    def entries(
        self, *, run_id: str | None = None, symbol: str | None = None, limit: int | None = None, offset: int = 0
    ) -> tuple[LedgerEntry, ...]:
        """
        Return fills in the order they were stored; None as limit returns all.
        """
        ...

    def events(self, run_id: str) -> tuple[Event, ...]:
        """
        Return all events of a run in the order they were stored.
        """
        ...
