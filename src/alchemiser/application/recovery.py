"""
Bring the records of runs that are over to what the broker shows: book what filled since, end what is still open.

A run that failed in the middle may leave orders at the broker, and fills that nobody booked; an order that nobody
could resolve may show up later.
"""

from collections.abc import Mapping, Sequence

from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.domain.execution.observe import ended, observed
from alchemiser.domain.execution.order import BrokerOrder, Closed, Trade, TradeStatus
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.ledger.fills import new_fills


def unsettled(run: Run, archive: Archive) -> tuple[Trade, ...]:
    """
    Return the trades of a run that are not known to their end: open, or with a last order that is not closed.
    """
    return tuple(trade for trade in archive.trades.trades(run.id) if is_unsettled(trade))


def is_unsettled(trade: Trade) -> bool:
    """
    Tell whether a trade of a run that is over is open, or has a last order that is not closed.
    """
    if trade.status is TradeStatus.OPEN:
        return True
    return bool(trade.intents) and not isinstance(trade.intents[-1].state, Closed)


def settle(run: Run, trades: Sequence[Trade], orders: Sequence[BrokerOrder], ports: Ports) -> tuple[LedgerEntry, ...]:
    """
    Fold what the broker shows into trades of a run that is over, and commit; return what had filled unseen.

    Raises:
        Overtaken: another process settles them.
    """
    shown = {order.body.client_order_id: order for order in orders}
    pairs = [(before, _ended(observed(before, shown))) for before in trades]
    changed = [(before, after) for before, after in pairs if after != before]
    fills = [
        fill
        for before, after in changed
        for fill in new_fills(before, after, session=run.session, seen_at=ports.clock.now())
    ]
    if changed:
        ports.trades.commit([after for _, after in changed], fills)
    return tuple(fills)


def late_fills(run: Run, fills: Sequence[LedgerEntry]) -> Mapping[str, LedgerEntry]:
    """
    Return what was booked after a run had ended, by order; of several fills of one order the last.
    """
    if run.finished_at is None:
        return {}
    return {fill.client_order_id: fill for fill in fills if fill.seen_at > run.finished_at}


def _ended(trade: Trade) -> Trade:
    if trade.status is not TradeStatus.OPEN:
        return trade
    return ended(trade, TradeStatus.INCOMPLETE, "the run ended before it did")
