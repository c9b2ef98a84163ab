"""
What a use case asks of the broker. Only the gate can make the ApprovedOrder that `submit` takes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.values import Symbol


class BrokerClock(Protocol):
    """
    The time that counts for orders.
    """

    def time(self) -> datetime:
        """
        Return the broker's own time.

        Raises:
            BrokerUnavailable: no answer.
        """
        ...


class Broker(Protocol):
    """
    One account at a broker. Any call may raise BrokerUnavailable or BrokerAuthError.
    """

    def account(self) -> Account:
        """
        Return cash, buying power and positions as of now.
        """
        ...

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        Return what may be traded how; a symbol the broker does not know is absent.
        """
        ...

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        Send a day limit order.

        Raises:
            DuplicateClientOrderId: an order of this client id exists, open or closed.
            InsufficientBuyingPower, NotFractionable, OrderRejected: definitely refused.
            BrokerUnavailable: no definite answer; the order may exist.
        """
        ...

    def cancel(self, order_id: str) -> None:
        """
        Ask for an order to be cancelled. Only a later status says whether it was; an order that is already terminal
        is no error.
        """
        ...

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Return every order submitted at or after an instant, in any status, oldest first.
        """
        ...
