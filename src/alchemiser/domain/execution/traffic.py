"""
The orders there are beside the one that is looked at: what the broker shows, and what we sent and it does not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alchemiser.domain.execution.fills import filled_by
from alchemiser.domain.execution.order import BrokerOrder, Closed, Intent, OrderBody, Trade
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.values import Money, Price, Quantity

_NOTHING = Money(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """
    An order of anyone's in this account.

    Args:
        at: when it was sent.
        is_live: it may still trade, for all that is known.
        filled: the shares it traded.
        spent: what those were worth.
    """

    body: OrderBody
    at: datetime
    is_live: bool
    filled: Quantity
    spent: Money

    @property
    def is_ours(self) -> bool:
        """
        Tell whether its id is one that we make.
        """
        return self.body.client_order_id.startswith(ORDER_PREFIX)

    @property
    def resting(self) -> Money:
        """
        Return what it may still trade, at its limit.
        """
        return self.body.limit * (self.body.quantity - self.filled) if self.is_live else _NOTHING

    def is_of(self, run_id: str) -> bool:
        """
        Tell whether a run sent it.
        """
        return self.body.client_order_id.startswith(f"{ORDER_PREFIX}{run_id}-")


def placed(orders: Sequence[BrokerOrder], trades: Sequence[Trade]) -> tuple[Placed, ...]:
    """
    Return every order at the broker, and every intent that it does not show.
    """
    shown = {order.body.client_order_id for order in orders}
    intents = (intent for trade in trades for intent in trade.intents)
    unseen = (intent for intent in intents if intent.body.client_order_id not in shown)
    return (*_seen(orders), *map(_unseen, unseen))


def promised(body: OrderBody, *, at: datetime) -> Placed:
    """
    Return an order that is about to be sent.
    """
    return Placed(body=body, at=at, is_live=True, filled=Quantity(Decimal(0)), spent=_NOTHING)


def _seen(orders: Sequence[BrokerOrder]) -> Iterator[Placed]:
    for order in orders:
        yield Placed(
            body=order.body,
            at=order.submitted_at,
            is_live=not order.status.is_terminal,
            filled=order.filled,
            spent=_worth(order.filled_average, order.filled),
        )


def _unseen(intent: Intent) -> Placed:
    filled, average = filled_by(intent)
    return Placed(
        body=intent.body,
        at=intent.created_at,
        is_live=not isinstance(intent.state, Closed),
        filled=filled,
        spent=_worth(average, filled),
    )


def _worth(average: Price | None, filled: Quantity) -> Money:
    return _NOTHING if average is None else average * filled
