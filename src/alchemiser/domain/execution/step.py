"""
What a walk sees, what it may do, and what it returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from alchemiser.domain.execution.order import BrokerOrder, OrderBody, Trade
from alchemiser.domain.execution.policy import Deadlines
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Money, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    What is known when a trade is looked at.

    Args:
        orders: orders at the broker by client order id; others' do no harm.
        available: for a sell, the shares that may be sold; ignored for a buy.
        spendable: for a buy, the money that may be spent; ignored for a sell.
        is_halted: the kill switch is on.
    """

    now: datetime
    quote: Quote | None
    orders: Mapping[str, BrokerOrder]
    available: Quantity
    spendable: Money
    deadlines: Deadlines
    is_halted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """
    Send this body, through the gate.
    """

    body: OrderBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """
    Ask for this order to be cancelled.
    """

    order_id: str


Action: TypeAlias = Submit | Cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    A trade after a look at it, and what to do once that is committed.
    """

    trade: Trade
    action: Action | None = None
