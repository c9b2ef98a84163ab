"""
Trades and their intents in memory.

A trade counts how often it was stored; who read an older version is refused. What an intent sends never changes once it
is stored, a closed intent stays as it closed and a final trade as it ended, as in the database.
"""

from collections.abc import Sequence
from dataclasses import replace

from alchemiser.application.ports.records import Trades
from alchemiser.domain.errors import Overtaken, RecordsError
from alchemiser.domain.execution.order import Closed, Intent, Trade, TradeStatus
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.values import Side
from alchemiser.infrastructure.memory.store import Memory


class MemoryTrades(Trades):
    """
    Trades in memory.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        Return a run's trades with their intents, sells first, then by symbol.
        """
        found = self._memory.trades.get(run_id, {}).values()
        return tuple(sorted(found, key=lambda trade: (trade.side is Side.BUY, trade.symbol)))

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        Store the new states of trades with the fills that were seen; return the trades with their new versions.
        """
        with self._memory.writing():
            stored = store_trades(self._memory, trades)
            for fill in fills:
                _store_fill(self._memory, fill)
        return stored


def store_trades(memory: Memory, changed: Sequence[Trade]) -> tuple[Trade, ...]:
    """
    Insert or update trades with their intents; return them with their new versions. A trade that is stored as final
    is left as it is.

    Raises:
        Overtaken: a trade is not the version it was read at.
        RecordsError: an intent would send something else than is stored, a final trade make another attempt, or a key
            belongs to another row.
    """
    told = tuple(replace(trade, version=trade.version + 1) for trade in changed)
    for trade in told:
        of_run = memory.trades.get(trade.run_id)
        if of_run is None:
            memory.put(memory.trades, trade.run_id, of_run := {})
        stored = of_run.get(trade.id)
        version = 0 if stored is None else stored.version
        if version != trade.version - 1:
            raise Overtaken(trade.id, read=trade.version - 1, stored=version)
        if stored is None:
            _refuse_unknown_run(memory, trade)
            _refuse_other_side(trade, of_run)
        else:
            _refuse_other_orders(stored, trade)
        _store_ids(memory, trade)
        memory.put(of_run, trade.id, trade if stored is None else _merged(stored, trade))
    return told


def _merged(stored: Trade, given: Trade) -> Trade:
    known = {intent.attempt: intent for intent in stored.intents}
    told = [_merged_intent(known.pop(intent.attempt, None), intent) for intent in given.intents]
    intents = tuple(sorted([*known.values(), *told], key=lambda intent: intent.attempt))
    if stored.status is not TradeStatus.OPEN:
        return replace(stored, intents=intents, version=given.version)
    return replace(
        stored,
        authorised=given.authorised,
        arrival=given.arrival,
        status=given.status,
        reason=given.reason,
        quote_waits=given.quote_waits,
        due_at=given.due_at,
        intents=intents,
        version=given.version,
    )


def _merged_intent(stored: Intent | None, given: Intent) -> Intent:
    if stored is None:
        return given
    return stored if isinstance(stored.state, Closed) else replace(stored, state=given.state)


def _refuse_unknown_run(memory: Memory, trade: Trade) -> None:
    if trade.run_id not in memory.runs:
        raise RecordsError(f"expected the run of {trade.id} in the records, found none")


def _refuse_other_side(trade: Trade, of_run: dict[str, Trade]) -> None:
    if any(other.symbol == trade.symbol for other in of_run.values()):
        raise RecordsError(f"expected one trade a symbol in {trade.run_id}, found a second one in {trade.symbol}")


def _refuse_other_orders(stored: Trade, given: Trade) -> None:
    bodies = {intent.attempt: intent.body for intent in stored.intents}
    for intent in given.intents:
        body = bodies.get(intent.attempt)
        if body is None and stored.status is not TradeStatus.OPEN:
            raise RecordsError(
                f"expected no further order of {given.id}, which is final, found attempt {intent.attempt}; "
                "the order was not sent: look at `alchemiser status`"
            )
        if body is not None and body != intent.body:
            raise RecordsError(
                f"expected attempt {intent.attempt} of {given.id} as it is stored, {body}, found {intent.body}; "
                "the order was not sent"
            )


def _store_ids(memory: Memory, trade: Trade) -> None:
    for intent in trade.intents:
        name, place = intent.body.client_order_id, (trade.id, intent.attempt)
        holder = memory.orders.get(name)
        if holder is None:
            memory.put(memory.orders, name, place)
        elif holder != place:
            raise RecordsError(f"expected a client_order_id of its own for each attempt, found {name} twice")


def _store_fill(memory: Memory, fill: LedgerEntry) -> None:
    if fill.trade_id not in memory.trades.get(fill.run_id, {}):
        raise RecordsError(f"expected the trade of a fill in the records, found none called {fill.trade_id}")
    key = (fill.order_id, format(fill.cumulative.value.normalize(), "f"))
    if key not in memory.fills:
        memory.put(memory.fills, key, len(memory.ledger))
        memory.add(memory.ledger, fill)
