"""
A database that is locked or full in the middle of a day: nothing is sent that is not recorded, and the day goes on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.messaging import Message
from alchemiser.application.ports.records import Transaction
from alchemiser.application.replay import recorded_run
from alchemiser.application.start import start
from alchemiser.container.houses import House
from alchemiser.domain.errors import RecordsError
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.infrastructure.simulation.faults import Faults, FaultyEngine, FaultyTrades
from alchemiser.infrastructure.sql.engine import Database
from support.small_books import FIRST


class _LockedTrades(FaultyTrades):
    """
    Trades whose database is held by someone else at every third commit.
    """

    commits = 0

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        self.commits += 1
        if self.commits % 3 == 0:
            raise RecordsError("database is locked")
        return super().commit(trades, fills)


class _LockedEngine(FaultyEngine):
    """
    An engine whose database is held by someone else at every fifth end of a message.
    """

    ends = 0

    @contextmanager
    def finishing(self, message: Message, *, now: datetime, error: str | None = None) -> Iterator[Transaction]:
        self.ends += 1
        if self.ends % 5 == 0:
            raise RecordsError("database is locked")
        with super().finishing(message, now=now, error=error) as transaction:
            yield transaction


def unrecorded_orders(house: House, run_id: str) -> list[str]:
    """
    Return the orders at the broker that no intent was stored for.
    """
    run = recorded_run(run_id, house.ports)
    intents = {
        intent.body.client_order_id: intent.body
        for trade in house.ports.trades.trades(run_id)
        for intent in trade.intents
    }
    orders = house.ports.broker.orders(since=run.started_at)
    assert all(order.body.client_order_id.startswith(ORDER_PREFIX) for order in orders)
    return [order.body.client_order_id for order in orders if intents.get(order.body.client_order_id) != order.body]


def _has_no_room(house: House, run_id: str) -> bool:
    return any("expected room" in one.error for told in house.deliveries.of_run(run_id) for one in told.deliveries)


def test_a_locked_database_is_tried_again(house: House) -> None:
    """
    Every third commit and every fifth end of a message finds it held: whole transactions are repeated, the day ends.
    """
    never = Faults(kill_at=10**9, after=False)
    trades, engine = _LockedTrades(house.ports.trades, never), _LockedEngine(house.ports.engine, never)
    ports = replace(house.ports, trades=trades, engine=engine)
    run, _ = start(FIRST, ports)

    list(islice(pump(ports), 2000))

    assert Outcome.SUCCESS is recorded_run(run.id, ports).outcome
    assert [] == unrecorded_orders(house, run.id)
    assert trades.commits > 3
    assert engine.ends > 10


@pytest.mark.parametrize("messages", [4, 5, 6, 9])
def test_a_full_disk_sends_nothing_that_is_not_recorded(house: House, messages: int) -> None:
    """
    No page more than there are: the intent cannot be committed, so its order is not sent; with room again it goes on.
    """
    run, _ = start(FIRST, house.ports)
    for _ in islice(pump(house.ports), messages):
        pass
    database: Database = house.ports.trades._database  # type: ignore[attr-defined]  # what is behind the port
    with database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with suppress(RecordsError):
        for _ in islice(pump(house.ports), 200):
            if _has_no_room(house, run.id):
                break
    has_no_room = _has_no_room(house, run.id)
    during = unrecorded_orders(house, run.id)
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    list(islice(pump(house.ports), 2000))

    assert has_no_room
    assert [] == during
    assert [] == unrecorded_orders(house, run.id)
    assert Outcome.SUCCESS is recorded_run(run.id, house.ports).outcome
