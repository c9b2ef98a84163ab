"""
A broker for tests that answers badly, and tells what it was asked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from alchemiser.application.ports.broker import Broker
from alchemiser.domain.errors import BrokerUnavailable
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.values import Symbol


class Moody(Broker):
    """
    A broker that raises instead of answering, as each call's list says; then it is itself again.

    It counts what it is asked for: `sent` and `cancelled` by id, `accounts` by number.
    """

    def __init__(
        self, inner: Broker, *, submits: Sequence[Exception] = (), cancels: Sequence[Exception] = (), looks: int = 0
    ) -> None:
        self._inner = inner
        self._submits = list(submits)
        self._cancels = list(cancels)
        self._looks = looks
        self.sent: list[str] = []
        self.cancelled: list[str] = []
        self.accounts = 0

    def account(self) -> Account:
        """
        See the port.
        """
        self.accounts += 1
        return self._inner.account()

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        See the port.
        """
        return self._inner.assets(symbols)

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        self.sent.append(order.body.client_order_id)
        if self._submits:
            raise self._submits.pop(0)
        return self._inner.submit(order)

    def cancel(self, order_id: str) -> None:
        """
        See the port.
        """
        self.cancelled.append(order_id)
        if self._cancels:
            raise self._cancels.pop(0)
        self._inner.cancel(order_id)

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        if self._looks:
            self._looks -= 1
            raise BrokerUnavailable("no answer")
        return self._inner.orders(since=since)
