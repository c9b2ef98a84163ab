"""
Trades and their intents in the database.

A trade counts how often it was stored. Whoever stores it says which version it was read at, and is refused when that
is no longer the latest: a process that slept and woke up late can neither take back what another one learned nor send
what the other one has not heard of. What an intent sends never changes once it is stored, a closed intent stays as it
closed and a final trade as it ended; what its last order is found to have done later is added to the intent.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from alchemiser.application.ports.records import Trades
from alchemiser.domain.errors import Overtaken, RecordsError
from alchemiser.domain.execution.order import Intent, Trade, TradeStatus
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.infrastructure.sql.chain import Chain
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.rows import (
    body_from,
    intent_from,
    intent_row,
    ledger_row,
    trade_from,
    trade_row,
)
from alchemiser.infrastructure.sql.tables import intents, ledger, trades
from alchemiser.infrastructure.sql.upsert import insert_or_update

_TRADE_CHANGES = ("authorised", "arrival", "status", "reason", "quote_waits", "due_at")
_INTENT_CHANGES = ("state", "posts", "order_id", "filled", "average", "body")


class SqlTrades(Trades):
    """
    Trades on a database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        Return a run's trades with their intents, sells first, then by symbol.
        """
        with self._database.reading() as connection:
            return stored_trades(connection, run_id)

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        Store the new states of trades with the fills that were seen; return the trades with their new versions.
        """
        with self._database.writing() as connection:
            chain = Chain(connection)
            stored = store_trades(connection, trades)
            for fill in fills:
                chain.add(ledger, ledger_row(fill), key=["order_id", "cumulative"])
        return stored


def stored_trades(connection: Connection, run_id: str) -> tuple[Trade, ...]:
    """
    Return a run's trades, sells first, then by symbol.
    """
    of_run = select(trades).where(trades.c.run_id == run_id)
    rows = connection.execute(of_run.order_by(trades.c.side.desc(), trades.c.symbol)).mappings().all()
    made: dict[str, list[Intent]] = {row["id"]: [] for row in rows}
    attempts = (
        select(intents)
        .join(trades, trades.c.id == intents.c.trade_id)
        .where(trades.c.run_id == run_id)
        .order_by(intents.c.trade_id, intents.c.attempt)
    )
    for row in connection.execute(attempts).mappings():
        made[row["trade_id"]].append(intent_from(row))
    return tuple(trade_from(row, tuple(made[row["id"]])) for row in rows)


def store_trades(connection: Connection, changed: Sequence[Trade]) -> tuple[Trade, ...]:
    """
    Insert or update trades with their intents; return them with their new versions. A trade that is stored as final
    is left as it is.

    Raises:
        Overtaken: a trade is not the version it was read at.
        RecordsError: an intent would send something else than is stored, or a final trade make another attempt.
    """
    _refuse_overtaken(connection, changed)
    _refuse_other_orders(connection, changed)
    names = [trade.id for trade in changed]
    connection.execute(trades.update().where(trades.c.id.in_(names)).values(version=trades.c.version + 1))
    stored = tuple(replace(trade, version=trade.version + 1) for trade in changed)
    insert_or_update(
        connection,
        trades,
        [trade_row(trade) for trade in stored],
        key=["id"],
        changing=_TRADE_CHANGES,
        where=trades.c.status == TradeStatus.OPEN.value,
    )
    insert_or_update(
        connection,
        intents,
        [intent_row(intent) for trade in stored for intent in trade.intents],
        key=["trade_id", "attempt"],
        changing=_INTENT_CHANGES,
        where=intents.c.state != "closed",
    )
    return stored


def _refuse_overtaken(connection: Connection, changed: Sequence[Trade]) -> None:
    # In the order of their ids, so that two processes that lock several trades never wait for each other in a ring.
    wanted = trades.c.id.in_([trade.id for trade in changed])
    found = connection.execute(
        select(trades.c.id, trades.c.version).where(wanted).order_by(trades.c.id).with_for_update()
    )
    versions = {row.id: row.version for row in found}
    for trade in changed:
        if versions.get(trade.id, 0) != trade.version:
            raise Overtaken(trade.id, read=trade.version, stored=versions.get(trade.id, 0))


def _refuse_other_orders(connection: Connection, changed: Sequence[Trade]) -> None:
    # Intents are committed before their orders are sent, so what is refused here is never sent.
    names = [trade.id for trade in changed]
    is_final = trades.c.id.in_(names) & (trades.c.status != TradeStatus.OPEN.value)
    final = set(connection.scalars(select(trades.c.id).where(is_final)))
    rows = connection.execute(select(intents).where(intents.c.trade_id.in_(names))).mappings()
    stored = {(row["trade_id"], row["attempt"]): body_from(row) for row in rows}
    for intent in (intent for trade in changed for intent in trade.intents):
        body = stored.get((intent.trade_id, intent.attempt))
        if body is None and intent.trade_id in final:
            raise RecordsError(
                f"expected no further order of {intent.trade_id}, which is final, found attempt {intent.attempt}; "
                "the order was not sent: look at `alchemiser status`"
            )
        if body is not None and body != intent.body:
            raise RecordsError(
                f"expected attempt {intent.attempt} of {intent.trade_id} as it is stored, {body}, found {intent.body}; "
                "the order was not sent"
            )
