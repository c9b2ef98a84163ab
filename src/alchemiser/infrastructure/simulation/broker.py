"""
A broker that trades in the simulated market and keeps its books in its own SQLite file.

Like a real one it outlives our process: an order that was taken stays taken. It stores what it was told
(orders and cancels) and works out what has happened since from `matching`. Orders that came to their end are
settled into cash and holdings by the next call that writes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alchemiser.application.ports.broker import Broker, BrokerClock
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import (
    ConfigurationError,
    DuplicateClientOrderId,
    InsufficientBuyingPower,
    NotFractionable,
    OrderRejected,
)
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, OrderBody
from alchemiser.domain.market import Session
from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.values import Money, Quantity, Side, Symbol
from alchemiser.infrastructure.simulation.books import Books, Settled, shown, totals
from alchemiser.infrastructure.simulation.matching import History, Placed, QuoteAt, history

_ZERO = Decimal(0)
_LEAST_ORDER = Money(Decimal(1))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """
    The account at an instant: `reserved` shares are in open sells, `promised` dollars in open buys.
    """

    cash: Decimal
    held: Mapping[Symbol, Decimal]
    reserved: Mapping[Symbol, Decimal]
    promised: Decimal
    live: tuple[OrderBody, ...]

    def available(self, symbol: Symbol) -> Decimal:
        return self.held.get(symbol, _ZERO) - self.reserved.get(symbol, _ZERO)


class SimulatedBroker(Broker, BrokerClock):
    """
    One cash account; it begins with `cash` when its file is new. The path may be ":memory:".
    """

    def __init__(self, path: str, *, clock: Clock, venue: Venue, account_id: str, cash: Money) -> None:
        self._clock = clock
        self._venue = venue
        self._books = Books(path, account_id=account_id, cash=cash.value)

    def close(self) -> None:
        """
        Close the books; nothing is lost.
        """
        self._books.close()

    def time(self) -> datetime:
        """
        Return the time the orders are matched by.
        """
        return self._clock.now()

    def account(self) -> Account:
        """
        Return the account; positions count at the middle of the market, at the last close outside its hours.
        """
        now = self._clock.now()
        with self._books.reading():
            standing = self._standing(now)
        marked_at = self._marked_at(now)
        worth = Money(standing.cash)
        for symbol, quantity in standing.held.items():
            worth += self._venue.quote_at(symbol, marked_at).mid * Quantity(quantity)
        return Account(
            id=self._books.account_id,
            at=now,
            equity=worth,
            cash=Money(standing.cash),
            buying_power=Money(standing.cash - standing.promised),
            positions=tuple(
                Position(symbol=symbol, quantity=Quantity(quantity), available=Quantity(standing.available(symbol)))
                for symbol, quantity in sorted(standing.held.items())
            ),
        )

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        Return what may be traded how.
        """
        found = {symbol: self._venue.asset_of(symbol) for symbol in symbols}
        return {symbol: asset for symbol, asset in found.items() if asset is not None}

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        Take a day limit order; what the checks refuse leaves no trace, so its id stays free.
        """
        now = self._clock.now()
        with self._books.writing():
            if self._books.knows(order.body.client_order_id):
                raise DuplicateClientOrderId(code="40010001", reason="client_order_id must be unique")
            self._settle(now)
            session = self._session(now)
            self._check(order.body, self._standing(now))
            placed = Placed(body=order.body, submitted_at=now, closes_at=session.closes_at, cancel_asked_at=None)
            self._books.place(placed)
        return self._shown(placed, None, now)

    def cancel(self, order_id: str) -> None:
        """
        Take the request to cancel an order. It takes effect after 0.1 to 1 s, unless a fill is faster.
        """
        now = self._clock.now()
        with self._books.writing():
            self._settle(now)
            self._books.ask_cancel(order_id, at=now)

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Return every order submitted since an instant, as it stands now.
        """
        now = self._clock.now()
        with self._books.reading():
            found = self._books.orders(since=since)
        return tuple(self._shown(placed, settled, now) for placed, settled in found)

    def _shown(self, placed: Placed, settled: Settled | None, now: datetime) -> BrokerOrder:
        if settled is None:
            so_far = self._history(placed, now)
            filled, cost = totals(so_far)
            settled = Settled(status=so_far.status, filled=filled, cost=cost, updated_at=so_far.updated_at)
        return shown(placed, settled)

    def _history(self, placed: Placed, now: datetime) -> History:
        return history(placed, seed=self._venue.seed, quote_at=self._venue.quote_at, until=now)

    def _settle(self, now: datetime) -> None:
        for placed in self._books.live():
            so_far = self._history(placed, now)
            if so_far.status.is_terminal:
                self._books.settle(placed, so_far)

    def _standing(self, now: datetime) -> _Standing:
        cash, held = self._books.cash(), self._books.holdings()
        reserved: dict[Symbol, Decimal] = {}
        promised = _ZERO
        live = []
        for placed in self._books.live():
            so_far, body = self._history(placed, now), placed.body
            filled, cost = totals(so_far)
            is_buy = body.side is Side.BUY
            cash += -cost if is_buy else cost
            held[body.symbol] = held.get(body.symbol, _ZERO) + (filled if is_buy else -filled)
            if so_far.status.is_terminal:
                continue
            live.append(body)
            left = body.quantity.value - filled
            if is_buy:
                promised += (body.limit * Quantity(left)).value
            else:
                reserved[body.symbol] = reserved.get(body.symbol, _ZERO) + left
        return _Standing(
            cash=cash,
            held={symbol: quantity for symbol, quantity in held.items() if quantity},
            reserved=reserved,
            promised=promised,
            live=tuple(live),
        )

    def _session(self, now: datetime) -> Session:
        try:
            session = self._venue.calendar.session(now.date())
        except ConfigurationError as exc:
            raise OrderRejected(code="42210000", reason=f"the market is closed: {exc}") from exc
        if not session.opens_at <= now < session.closes_at:
            hours = f"{session.opens_at:%H:%M} to {session.closes_at:%H:%M} UTC"
            raise OrderRejected(code="42210000", reason=f"the market is closed: it trades from {hours}")
        return session

    def _marked_at(self, now: datetime) -> datetime:
        calendar = self._venue.calendar
        try:
            session = calendar.session(now.date())
        except ConfigurationError:
            return calendar.previous(now.date()).closes_at
        if now < session.opens_at:
            return calendar.previous(now.date()).closes_at
        return min(now, session.closes_at)

    def _check(self, body: OrderBody, standing: _Standing) -> None:
        asset = self._venue.asset_of(body.symbol)
        if asset is None:
            raise OrderRejected(code="42210000", reason=f'could not find asset "{body.symbol}"')
        if not asset.is_tradable:
            raise OrderRejected(code="42210000", reason=f'asset "{body.symbol}" is not tradable')
        _check_shape(body, asset)
        if any(other.symbol == body.symbol and other.side is not body.side for other in standing.live):
            reason = "potential wash trade detected: an opposite side order of this symbol is open"
            raise OrderRejected(code="40310000", reason=reason)
        if body.side is Side.SELL:
            _check_available(body, standing)
        else:
            _check_affordable(body, standing)


def _check_shape(body: OrderBody, asset: Asset) -> None:
    quantity, limit = body.quantity, body.limit
    if quantity.value <= 0:
        raise OrderRejected(code="40010001", reason="qty must be > 0")
    if quantity != quantity.floored(whole=False):
        raise OrderRejected(code="40010001", reason="qty must have at most 9 decimals")
    if not asset.is_fractionable and body.side is Side.BUY and quantity != quantity.floored(whole=True):
        raise NotFractionable(code="42210000", reason=f'asset "{body.symbol}" is not fractionable')
    if limit != limit.tick(body.side):
        reason = f"invalid limit_price {limit}. sub-penny increment does not fulfill minimum pricing criteria"
        raise OrderRejected(code="42210000", reason=reason)


def _check_available(body: OrderBody, standing: _Standing) -> None:
    available = standing.available(body.symbol)
    if body.quantity.value > available:
        reason = f"insufficient qty available for order (requested: {body.quantity}, available: {available:f})"
        raise OrderRejected(code="40310000", reason=reason)
    # A position worth less than a dollar could never be left otherwise.
    if body.quantity.value < standing.held[body.symbol]:
        _check_worth(body)


def _check_affordable(body: OrderBody, standing: _Standing) -> None:
    _check_worth(body)
    buying_power = Money(standing.cash - standing.promised)
    if body.limit * body.quantity > buying_power:
        reason = f"insufficient buying power: {buying_power} for {body.limit * body.quantity}"
        raise InsufficientBuyingPower(code="40310000", reason=reason)


def _check_worth(body: OrderBody) -> None:
    if body.limit * body.quantity < _LEAST_ORDER:
        reason = f"cost basis must be >= minimal amount of order {_LEAST_ORDER}"
        raise OrderRejected(code="40310000", reason=reason)
