"""
Turn what a trade's orders filled since the last look into ledger entries.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from alchemiser.domain.execution.fills import NO_SHARES, filled_by
from alchemiser.domain.execution.order import Canceling, Closed, Intent, Open, Trade
from alchemiser.domain.ledger.book import FINEST_COST, LedgerEntry
from alchemiser.domain.values import Price


def new_fills(before: Trade, after: Trade, *, session: date, seen_at: datetime) -> tuple[LedgerEntry, ...]:
    """
    Return an entry for each order of a trade that filled further between two states of it.

    The broker tells cumulative quantities and averages; the price of the difference follows from both.
    """
    return tuple(_entries(before, after, session, seen_at))


def _entries(before: Trade, after: Trade, session: date, seen_at: datetime) -> Iterator[LedgerEntry]:
    earlier = {intent.attempt: intent for intent in before.intents}
    for intent in after.intents:
        quantity, average = filled_by(intent)
        known = earlier.get(intent.attempt)
        had, had_average = (NO_SHARES, None) if known is None else filled_by(known)
        if quantity <= had or average is None:
            continue
        cost = _cost(had_average, had.value)
        more = quantity - had
        yield LedgerEntry(
            order_id=_order_id(intent),
            cumulative=quantity,
            run_id=after.run_id,
            trade_id=after.id,
            client_order_id=intent.body.client_order_id,
            session=session,
            symbol=after.symbol,
            side=after.side,
            quantity=more,
            price=Price((_cost(average, quantity.value) - cost) / more.value),
            arrival=after.arrival or average,
            rung=intent.rung,
            seen_at=seen_at,
        )


def _cost(average: Price | None, quantity: Decimal) -> Decimal:
    return Decimal(0) if average is None else (average.value * quantity).quantize(FINEST_COST)


def _order_id(intent: Intent) -> str:
    match intent.state:
        case Open(order_id=order_id) | Canceling(order_id=order_id) | Closed(order_id=order_id):
            return order_id
        case _:
            raise ValueError(f"{intent.body.client_order_id}: filled, but no order is known")
