"""
Bring the records of a run that is over to what the broker shows: cancel what still rests, book what filled since.

A run that failed in the middle may leave orders at the broker, and fills that nobody booked. This is done before the
next run looks at the account, so that nothing of ours is live when it starts.
"""

from datetime import datetime

from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import latest_run
from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.observe import ended, observed
from alchemiser.domain.execution.order import BrokerOrder, Closed, Trade, TradeStatus
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.ledger.fills import new_fills

_LOOKS = 30


def recover(ports: Ports) -> None:
    """
    Settle the trades of the account's latest run with the broker.

    Raises:
        OrderRefused: an order of ours still rests after it was asked to be cancelled for a minute.
        BrokerUnavailable: no answer; try again.
    """
    latest = latest_run(ports, account=ports.rules.account)
    if latest is None or latest.outcome is None:
        return
    unsettled = [trade for trade in ports.trades.trades(latest.id) if _is_unsettled(trade)]
    if not unsettled:
        return
    orders = {order.body.client_order_id: order for order in _quiet_orders(latest.started_at, ports)}
    after = [_settled(observed(trade, orders)) for trade in unsettled]
    fills = [
        fill
        for before, settled in zip(unsettled, after, strict=True)
        for fill in new_fills(before, settled, session=latest.session, seen_at=ports.clock.now())
    ]
    ports.trades.commit(after, fills)


def _is_unsettled(trade: Trade) -> bool:
    if trade.status is TradeStatus.OPEN:
        return True
    return bool(trade.intents) and not isinstance(trade.intents[-1].state, Closed)


def _settled(trade: Trade) -> Trade:
    if trade.status is not TradeStatus.OPEN:
        return trade
    return ended(trade, TradeStatus.INCOMPLETE, "the run ended before it did")


def _quiet_orders(since: datetime, ports: Ports) -> tuple[BrokerOrder, ...]:
    for _ in range(_LOOKS):
        orders = ports.broker.orders(since=since)
        live = [order for order in orders if _is_ours(order) and not order.status.is_terminal]
        if not live:
            return orders
        for order in live:
            ports.broker.cancel(order.id)
        ports.clock.wait_until(ports.clock.now() + ports.rules.walk.poll)
    raise OrderRefused(
        rail="live orders",
        limit="no order of ours at the broker when a run starts",
        value=", ".join(order.body.client_order_id for order in live),
        what=f"account {ports.rules.account}",
    )


def _is_ours(order: BrokerOrder) -> bool:
    return order.body.client_order_id.startswith(ORDER_PREFIX)
