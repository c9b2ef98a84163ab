"""
Fold what the broker shows into a trade, end it, and say when to look at it again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alchemiser.domain.execution.fills import filled_by
from alchemiser.domain.execution.order import (
    BrokerOrder,
    Canceling,
    Closed,
    Intent,
    IntentState,
    Open,
    Trade,
    TradeStatus,
)

_GRID = datetime(2000, 1, 1, tzinfo=UTC)


def observed(trade: Trade, orders: Mapping[str, BrokerOrder]) -> Trade:
    """
    Fold what the broker shows of a trade's latest order into it; filled quantities never shrink.

    An order that is not shown proves nothing and changes nothing. An order under our id with another body
    ends the trade unresolved.
    """
    if not trade.intents:
        return trade
    intent = trade.intents[-1]
    order = orders.get(intent.body.client_order_id)
    if order is None or isinstance(intent.state, Closed):
        return trade
    if order.body != intent.body:
        reason = f"order {order.id} at the broker is not the one that was committed; look at it by hand"
        return ended(trade, TradeStatus.UNRESOLVED, reason)
    return with_state(trade, _state_of(order, intent))


def with_state(trade: Trade, state: IntentState) -> Trade:
    """
    Return the trade with another state of its latest intent.
    """
    return replace(trade, intents=(*trade.intents[:-1], replace(trade.intents[-1], state=state)))


def ended(trade: Trade, status: TradeStatus, reason: str = "") -> Trade:
    """
    Return the trade as final.
    """
    return replace(trade, status=status, reason=reason, due_at=None, quote_waits=0)


def next_look(*, now: datetime, every: timedelta, until: datetime) -> datetime:
    """
    Return the first instant after `now` on the grid of looks, at the latest `until`.

    All orders are looked at on one grid: a look asks the broker for every order at once, so it costs the same for
    twenty as for one. The grid stands on the calendar, so that a restart does not move the looks.
    """
    return min(_GRID + ((now - _GRID) // every + 1) * every, until)


def _state_of(order: BrokerOrder, intent: Intent) -> IntentState:
    known, average = filled_by(intent)
    if order.filled >= known:
        known, average = order.filled, order.filled_average
    if order.status.is_terminal:
        return Closed(
            order_id=order.id,
            status=order.status,
            filled=known,
            average=average,
            closed_at=order.updated_at,
            reason=order.reason,
            cause=order.cause,
        )
    if isinstance(intent.state, Canceling):
        return replace(intent.state, filled=known, average=average)
    return Open(order_id=order.id, submitted_at=order.submitted_at, filled=known, average=average)
