"""
Trades and their intents in the database.

What an intent sends never changes once it is stored, and a closed intent stays as it closed: a process that
woke up late cannot take back what another one learned. For the same reason a final trade stays as it ended; what its
last order is found to have done later is added to the intent.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from alchemiser.application.ports.records import Trades
from alchemiser.domain.errors import RecordsError
from alchemiser.domain.execution.order import Intent, Trade, TradeStatus
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.rows import intent_from, intent_row, ledger_row, trade_from, trade_row
from alchemiser.infrastructure.sql.tables import intents, ledger, trades
from alchemiser.infrastructure.sql.upsert import insert_new, insert_or_update

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

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> None:
        """
        Store the new states of trades with the fills that were seen.
        """
        with self._database.writing() as connection:
            store_trades(connection, trades)
            for fill in fills:
                insert_new(connection, ledger, ledger_row(fill), key=["order_id", "cumulative"])


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


def store_trades(connection: Connection, changed: Sequence[Trade]) -> None:
    """
    Insert or update trades with their intents. A trade that is stored as final is left as it is.

    Raises:
        RecordsError: a trade that is stored as final would make another attempt.
    """
    _refuse_attempts_of_final(connection, changed)
    insert_or_update(
        connection,
        trades,
        [trade_row(trade) for trade in changed],
        key=["id"],
        changing=_TRADE_CHANGES,
        where=trades.c.status == TradeStatus.OPEN.value,
    )
    insert_or_update(
        connection,
        intents,
        [intent_row(intent) for trade in changed for intent in trade.intents],
        key=["trade_id", "attempt"],
        changing=_INTENT_CHANGES,
        where=intents.c.state != "closed",
    )


def _refuse_attempts_of_final(connection: Connection, changed: Sequence[Trade]) -> None:
    # Intents are committed before their orders are sent, so what is refused here is never sent.
    is_final = trades.c.id.in_([trade.id for trade in changed]) & (trades.c.status != TradeStatus.OPEN.value)
    final = set(connection.scalars(select(trades.c.id).where(is_final).with_for_update()))
    asked = {(trade.id, intent.attempt) for trade in changed if trade.id in final for intent in trade.intents}
    if not asked:
        return
    attempts = select(intents.c.trade_id, intents.c.attempt).where(intents.c.trade_id.in_(final))
    stored = {(row.trade_id, row.attempt) for row in connection.execute(attempts)}
    if further := sorted(asked - stored):
        trade_id, attempt = further[0]
        raise RecordsError(
            f"expected no further order of {trade_id}, which is final, found attempt {attempt}; "
            "another process ended the trade meanwhile and the order was not sent: look at `alchemiser status`"
        )
