"""
Small markets for tests of brokers and executions: a path of quotes that the test draws, and brokers on it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Quotes
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.domain.market import Quote
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.values import Symbol, usd
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.broker import SimulatedBroker, Venue
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import an_asset

T = TypeVar("T")

_ASSETS = {
    "SPY": an_asset("SPY"),
    "TLT": an_asset("TLT"),
    "KMLM": an_asset("KMLM", fractionable=False),
    "HALT": an_asset("HALT", tradable=False),
}


class DrawnQuotes(Quotes):
    """
    Bid and ask around 100, twenty cents wide, shifted as the test draws it.
    """

    def __init__(self, clock: ManualClock, drift: Callable[[datetime], Decimal] = lambda _: Decimal(0)) -> None:
        self._clock = clock
        self._drift = drift

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        Return the quotes of this instant.
        """
        return {symbol: self.quote_at(symbol, self._clock.now()) for symbol in symbols}

    def quote_at(self, symbol: Symbol, instant: datetime) -> Quote:
        """
        Return the quote of any instant.
        """
        shift = self._drift(instant)
        return Quote(
            symbol=symbol, bid=Decimal("99.90") + shift, ask=Decimal("100.10") + shift, at=instant, source="test"
        )


def asset_of(symbol: Symbol) -> Asset | None:
    """
    Return a tradable fund, one in whole shares, one that is halted, or nothing.
    """
    return _ASSETS.get(symbol)


def a_broker(
    clock: ManualClock,
    *,
    path: str = ":memory:",
    cash: str = "100000",
    seed: int = 7,
    quotes: DrawnQuotes | None = None,
) -> SimulatedBroker:
    """
    Return a simulated broker on drawn quotes.
    """
    drawn = quotes or DrawnQuotes(clock)
    venue = Venue(calendar=new_york(), quote_at=drawn.quote_at, asset_of=asset_of, seed=seed)
    return SimulatedBroker(path, clock=clock, venue=venue, account_id="TEST0001", cash=usd(cash))


class Reopened(Broker):
    """
    A broker that is opened anew from its file for each call, as after a crash.
    """

    def __init__(self, clock: ManualClock, path: Path) -> None:
        self._clock = clock
        self._path = path

    def account(self) -> Account:
        """
        See the port.
        """
        return self._ask(SimulatedBroker.account)

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        See the port.
        """
        return self._ask(lambda broker: broker.assets(symbols))

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        return self._ask(lambda broker: broker.submit(order))

    def cancel(self, order_id: str) -> None:
        """
        See the port.
        """
        self._ask(lambda broker: broker.cancel(order_id))

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        return self._ask(lambda broker: broker.orders(since=since))

    def close(self) -> None:
        """
        Nothing is open.
        """

    def _ask(self, question: Callable[[SimulatedBroker], T]) -> T:
        broker = a_broker(self._clock, path=str(self._path))
        try:
            return question(broker)
        finally:
            broker.close()


def seconds(number: float) -> timedelta:
    """
    Return so many seconds.
    """
    return timedelta(seconds=number)
