"""
Kill our own process at a chosen call, before or after its effect: how a crash is rehearsed.

Calls to the broker and the quotes, and every write of trades and messages, are counted together, from 1, in the order
they are made. With the rest of the world deterministic, the same number is the same instant of the same day.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.messaging import Engine, Message
from alchemiser.application.ports.records import Trades, Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.market import Quote
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.values import Symbol

T = TypeVar("T")


def with_faults(ports: Ports, faults: "Faults") -> Ports:
    """
    Return the ports with every call counted, and a strike at the chosen one.
    """
    return replace(
        ports,
        broker=FaultyBroker(ports.broker, faults),
        quotes=FaultyQuotes(ports.quotes, faults),
        trades=FaultyTrades(ports.trades, faults),
        engine=FaultyEngine(ports.engine, faults),
    )


def kill_own_process() -> None:
    """
    End this process as a power cut would.
    """
    os.kill(os.getpid(), signal.SIGKILL)


class Faults:
    """
    Counts calls; at the chosen one it calls `strike`. `calls` is how many there were.
    """

    def __init__(self, *, kill_at: int, after: bool, strike: Callable[[], None] = kill_own_process) -> None:
        if kill_at < 1:
            raise ValueError(f"expected a call number from 1, found {kill_at}")
        self.calls = 0
        self._kill_at = kill_at
        self._after = after
        self._strike = strike

    def around(self, effect: Callable[[], T]) -> T:
        """
        Make one counted call.
        """
        with self.counted():
            return effect()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """
        Count what happens inside as one call. An effect that raises has happened too.
        """
        self.calls += 1
        is_chosen = self.calls == self._kill_at
        if is_chosen and not self._after:
            self._strike()
        try:
            yield
        finally:
            if is_chosen and self._after:
                self._strike()


class FaultyBroker(Broker):
    """
    A broker whose every call is counted.
    """

    def __init__(self, inner: Broker, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def account(self) -> Account:
        """
        See the port.
        """
        return self._faults.around(self._inner.account)

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        See the port.
        """
        return self._faults.around(lambda: self._inner.assets(symbols))

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        return self._faults.around(lambda: self._inner.submit(order))

    def cancel(self, order_id: str) -> None:
        """
        See the port.
        """
        self._faults.around(lambda: self._inner.cancel(order_id))

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        return self._faults.around(lambda: self._inner.orders(since=since))


class FaultyQuotes(Quotes):
    """
    Quotes whose every call is counted.
    """

    def __init__(self, inner: Quotes, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        See the port.
        """
        return self._faults.around(lambda: self._inner.latest(symbols))


class FaultyTrades(Trades):
    """
    Trades whose every commit is counted.
    """

    def __init__(self, inner: Trades, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        See the port.
        """
        return self._inner.trades(run_id)

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        See the port.
        """
        return self._faults.around(lambda: self._inner.commit(trades, fills))


class FaultyEngine(Engine):
    """
    An engine whose every write is counted; a transaction's effect is its commit with all that was emitted.
    """

    def __init__(self, inner: Engine, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def claim(self, *, now: datetime) -> Message | None:
        """
        See the port.
        """
        return self._faults.around(lambda: self._inner.claim(now=now))

    def next_due(self) -> datetime | None:
        """
        See the port.
        """
        return self._inner.next_due()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """
        See the port.
        """
        with self._faults.counted(), self._inner.begin() as transaction:
            yield transaction

    @contextmanager
    def finishing(self, message: Message, *, now: datetime, error: str | None = None) -> Iterator[Transaction]:
        """
        See the port.
        """
        with self._faults.counted(), self._inner.finishing(message, now=now, error=error) as transaction:
            yield transaction

    def delayed(self, message: Message, *, error: str, retry_at: datetime) -> None:
        """
        See the port.
        """
        self._faults.around(lambda: self._inner.delayed(message, error=error, retry_at=retry_at))
