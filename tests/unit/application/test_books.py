"""
Whose shares are whose, read off recorded runs.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from alchemiser.application.ports.suite import Archive
from alchemiser.application.queries import books_of
from alchemiser.domain.events import Outcome
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.portfolio.target import Contribution, Target
from alchemiser.domain.values import Side, Symbol
from alchemiser.infrastructure.memory.records import MemoryLedger, MemoryRuns
from alchemiser.infrastructure.memory.store import Memory
from alchemiser.infrastructure.memory.trades import MemoryTrades
from alchemiser.infrastructure.memory.transaction import MemoryTransaction
from support.builders import DAY, a_plan, an_account
from support.records import a_fill, a_run

SPY = Symbol("SPY")


def a_plan_for(run_id: str, weights: Mapping[str, str]) -> RebalancePlan:
    """
    Return a plan of a run in which strategies want SPY.
    """
    wanted = tuple(Contribution(strategy=name, symbol=SPY, weight=Decimal(weight)) for name, weight in weights.items())
    total = sum((one.weight for one in wanted), Decimal(0))
    target = Target(session=DAY, weights={SPY: total} if wanted else {}, contributions=wanted)
    made = a_plan({"SPY": "0.5"}, an_account(cash="100000", equity="100000"), {"SPY": "100"})
    return replace(made, run_id=run_id, snapshot=replace(made.snapshot, target=target))


class Office:
    """
    Records to fill; `books` is what they say.
    """

    def __init__(self) -> None:
        self._memory = Memory()
        self._entries: list[LedgerEntry] = []
        self._runs = 0

    def traded(
        self,
        weights: Mapping[str, str],
        change: str = "0",
        *,
        outcome: Outcome | None = Outcome.SUCCESS,
        account: str = "TEST0001",
    ) -> None:
        """
        Record a session's run that wanted SPY and changed the position.
        """
        self._runs += 1
        day = date(2026, 1, 1) + timedelta(days=self._runs)
        run = replace(a_run(session=day), account=account, outcome=outcome)
        with self._memory.writing():
            tx = MemoryTransaction(self._memory, routes={})
            tx.save_run(run)
            tx.save_plan(a_plan_for(run.id, weights), ())
        quantity = change.removeprefix("-")
        if Decimal(quantity):
            side = Side.SELL if change.startswith("-") else Side.BUY
            self._entries.append(replace(a_fill(quantity, quantity, side=side), run_id=run.id))

    def books(self) -> dict[str, str]:
        """
        Return each strategy's shares of SPY.
        """
        memory = self._memory
        archive = Archive(runs=MemoryRuns(memory), trades=MemoryTrades(memory), ledger=MemoryLedger(memory))
        parts = books_of(self._entries, archive).get(SPY, {})
        return {name: f"{part.value.normalize():f}" for name, part in parts.items()}


def test_runs_count_in_their_order() -> None:
    """
    First both wanted it, then one alone, then both again in another proportion.
    """
    office = Office()
    office.traded({"Harbor": "0.3", "Relay": "0.1"}, "8")
    assert {"Harbor": "6", "Relay": "2"} == office.books()
    office.traded({"Relay": "0.4"}, "1")
    assert {"Relay": "9"} == office.books()
    office.traded({"Harbor": "0.1", "Relay": "0.2"}, "-3")
    assert {"Harbor": "2", "Relay": "4"} == office.books()


def test_every_run_counts_however_many_there_are() -> None:
    """
    More than are read at once.
    """
    office = Office()
    office.traded({"Harbor": "0.3"}, "1")
    for _ in range(450):
        office.traded({"Harbor": "0.3"}, "0.01")

    assert {"Harbor": "5.5"} == office.books()


def test_what_was_not_carried_out_moves_nothing() -> None:
    """
    A plan of a run that failed before it traded, or that has just begun; one that was all hold counts.
    """
    office = Office()
    office.traded({"Harbor": "0.3"}, "8")
    office.traded({"Relay": "0.3"}, outcome=Outcome.FAILED)
    office.traded({"Relay": "0.3"}, outcome=None)
    assert {"Harbor": "8"} == office.books()
    office.traded({"Relay": "0.3"})
    assert {"Relay": "8"} == office.books()


def test_accounts_keep_their_own_books() -> None:
    """
    What one account wants shares out nothing of another's; a strategy's shares in both are added up.
    """
    office = Office()
    office.traded({"Harbor": "0.3"}, "8")
    office.traded({"Relay": "0.3"}, "4", account="TEST0002")
    office.traded({"Harbor": "0.1", "Relay": "0.1"}, "2", account="TEST0002")

    assert {"Harbor": "11", "Relay": "3"} == office.books()
