"""
A broker that trades in the simulated market and keeps its books in its own SQLite file.

Like a real one it outlives our process: an order that was taken stays taken. It stores what it was told (orders and
cancels) and works out what happened since from `matching`. Orders that came to their end are settled into cash and
holdings by the next call that writes.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import (
    BrokerUnavailable,
    ConfigurationError,
    DuplicateClientOrderId,
    InsufficientBuyingPower,
    OrderRejected,
    RecordsError,
)
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, OrderBody
from alchemiser.domain.market import Session
from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.values import Money, Quantity, Side, Symbol
from alchemiser.infrastructure.simulation.books import Books, Entry, order_id
from alchemiser.infrastructure.simulation.matching import Placed, QuoteAt

_DOLLAR = Money(Decimal(1))
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """
    The market a simulated broker trades in.

    Args:
        quote_at: the quote of a symbol at an instant, a pure function.
        asset_of: what may be traded how; None for a symbol that does not exist.
        seed: decides what fills.
    """

    calendar: Calendar
    quote_at: QuoteAt
    asset_of: Callable[[Symbol], Asset | None]
    seed: int


class SimulatedBroker(Broker):
    """
    One cash account, opened with some cash when its file is new.
    """

    def __init__(self, path: str, *, clock: Clock, venue: Venue, account_id: str, cash: Money) -> None:
        self._clock = clock
        self._venue = venue
        self._books = Books(path, account_id=account_id, cash=cash, seed=venue.seed, quote_at=venue.quote_at)

    def close(self) -> None:
        """
        Close the file; nothing is lost.
        """
        self._books.close()

    def account(self) -> Account:
        """
        Return cash, buying power and positions as of now; positions count at the middle of the market.
        """
        now = self._clock.now()
        with self._books.reading():
            state = self._state(now)
        marked_at = self._marked_at(now)
        worth = Money(state.cash)
        for symbol, quantity in state.held.items():
            worth += self._venue.quote_at(symbol, marked_at).mid * Quantity(quantity)
        return Account(
            id=self._books.account_id,
            at=now,
            equity=worth,
            cash=Money(state.cash),
            buying_power=Money(state.buying_power),
            positions=tuple(
                Position(
                    symbol=symbol,
                    quantity=Quantity(quantity),
                    available=Quantity(quantity - state.reserved.get(symbol, _ZERO)),
                )
                for symbol, quantity in sorted(state.held.items())
            ),
        )
