"""
The second look: the caps, held again at the broker's door, by code that shares nothing with the gate.

The gate reckons from what was decided and recorded. This reckons from the broker's own books: its orders of the last
day, its account, and what went out through this door since they were read. A fault in one is caught by the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import DuplicateClientOrderId, OrderRefused, OrderRejected
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, OrderBody
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.values import Money, Side, Symbol

_DAY, _FRESH = timedelta(hours=16), timedelta(seconds=20)
# The gate counts from the decision, this from the sending a moment later: what is just within there is within here.
_MINUTE = timedelta(seconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """
    What never goes out; see `domain.execution.gate.Limits` for each.
    """

    order_notional: Money
    order_fraction: Decimal
    orders_per_run: int
    orders_per_minute: int
    turnover: Decimal
    gross_exposure: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """
    An order that is or may be at the broker, and the dollars it traded or still may.
    """

    at: datetime
    run: str
    is_buy: bool
    dollars: Decimal
    open_dollars: Decimal


class GuardedBroker(Broker):
    """
    A broker behind caps.
    """

    def __init__(self, inner: Broker, caps: Caps, *, clock: Clock) -> None:
        self._inner = inner
        self._caps = caps
        self._clock = clock
        self._read_last: tuple[datetime, Account] | None = None
        self._known: dict[str, _Known] = {}

    def account(self) -> Account:
        """
        See the port.
        """
        return self._inner.account()

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        See the port.
        """
        return self._inner.assets(symbols)

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        Send an order that is within every cap.

        Raises:
            OrderRefused: it is not; nothing was sent.
        """
        now, name = self._clock.now(), order.body.client_order_id
        try:
            self._check(order.body, self._lately(now), now)
        except OrderRefused:
            # What was cancelled since the books were read no longer counts.
            self._check(order.body, self._read(now), now)
        is_new = name not in self._known
        # Counted before it goes: an answer that is lost does not make it forgotten.
        self._known[name] = _about_to_go(order.body, now)
        try:
            return self._inner.submit(order)
        except DuplicateClientOrderId:
            raise
        except OrderRejected:
            if is_new:
                del self._known[name]
            raise

    def cancel(self, order_id: str) -> None:
        """
        See the port.
        """
        self._inner.cancel(order_id)

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        return self._inner.orders(since=since)

    def _lately(self, now: datetime) -> Account:
        if self._read_last is not None:
            read_at, account = self._read_last
            if timedelta(0) <= now - read_at <= _FRESH:
                return account
        return self._read(now)

    def _read(self, now: datetime) -> Account:
        # The account first: what fills in between is then counted as an order, not twice.
        account = self._inner.account()
        shown = {one.body.client_order_id: _shown(one) for one in self._inner.orders(since=now - _DAY)}
        kept = {name: one for name, one in self._known.items() if one.at > now - _DAY}
        self._known = kept | shown
        self._read_last = (now, account)
        return account

    def _check(self, body: OrderBody, account: Account, now: datetime) -> None:
        dollars = body.limit.value * body.quantity.value
        equity = account.equity.value
        name, run = body.client_order_id, _run_of(body.client_order_id)
        others = [one for known, one in self._known.items() if known != name]
        ours = [one for one in others if one.run]
        is_buy = body.side is Side.BUY
        moved = dollars + sum(one.dollars for one in ours if one.is_buy is is_buy)
        in_run = 1 + sum(one.run == run for one in ours)
        in_minute = 1 + sum(now - one.at < _MINUTE for one in ours)
        caps = self._caps
        _hold("notional", dollars, caps.order_notional.value, body)
        _hold("equity", dollars, equity * caps.order_fraction, body)
        _hold("orders per run", Decimal(in_run), Decimal(caps.orders_per_run), body)
        _hold("orders per minute", Decimal(in_minute), Decimal(caps.orders_per_minute), body)
        _hold("turnover", moved, equity * caps.turnover, body)
        if is_buy:
            held = equity - account.cash.value
            gross = held + dollars + sum(one.open_dollars for one in others if one.is_buy)
            _hold("gross exposure", gross, equity * caps.gross_exposure, body)


def _hold(cap: str, found: Decimal, most: Decimal, body: OrderBody) -> None:
    if not found <= most:
        raise OrderRefused(rail=f"{cap} (at the broker)", limit=most, value=found, what=body.client_order_id)


def _shown(order: BrokerOrder) -> _Known:
    filled = Decimal(0) if order.filled_average is None else order.filled_average.value * order.filled.value
    left = (order.body.quantity.value - order.filled.value) * order.body.limit.value
    resting = Decimal(0) if order.status.is_terminal else left
    return _Known(
        at=order.submitted_at,
        run=_run_of(order.body.client_order_id),
        is_buy=order.body.side is Side.BUY,
        dollars=filled + resting,
        open_dollars=resting,
    )


def _about_to_go(body: OrderBody, now: datetime) -> _Known:
    dollars = body.limit.value * body.quantity.value
    return _Known(
        at=now,
        run=_run_of(body.client_order_id),
        is_buy=body.side is Side.BUY,
        dollars=dollars,
        open_dollars=dollars,
    )


def _run_of(client_order_id: str) -> str:
    # What stands before the day, the kind and the number is the account's; after them come symbol, side and attempt.
    if not client_order_id.startswith(ORDER_PREFIX):
        return ""
    return client_order_id.removeprefix(ORDER_PREFIX).partition("-a")[0].rsplit("-", 2)[0]
