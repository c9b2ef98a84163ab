"""
An adversarial broker: one cash account that keeps every promise of the port, and not one more.

What becomes of an order is a function of the seed and its client order id: when it fills, in how many slices, how long
a cancel takes, whether the exchange throws it out afterwards. Fills race cancels; an order shows late; a cancel may be
lost inside; the checks stand in another order than one would like.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from alchemiser.domain.errors import DuplicateClientOrderId, InsufficientBuyingPower, NotFractionable, OrderRejected
from alchemiser.domain.execution.order import BrokerOrder, OrderBody, OrderStatus
from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.values import Money, Price, Quantity, Side, Symbol
from dst.chance import Chance
from dst.market import Market
from dst.scenario import ACCOUNT, Scenario
from dst.timeline import Timeline

_ZERO = Decimal(0)
_PART = Decimal("1e-9")
_CENT, _SUB_PENNY = Decimal("0.01"), Decimal("0.0001")
_RESTS_S = 45.0
_RUNG_S = 26.0


@dataclass(slots=True, kw_only=True)
class Order:
    """
    An order as the broker keeps it; `shown` is how it looked since when, the last entry being how it stands.
    """

    id: str
    body: OrderBody
    is_ours: bool
    accepted_at: float
    visible_at: float
    cancel_after: float
    ignores_cancels: int
    status: OrderStatus = OrderStatus.NEW
    filled: Decimal = _ZERO
    cost: Decimal = _ZERO
    is_canceling: bool = False
    shown: list[tuple[float, BrokerOrder]] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        """
        Tell whether it can still fill.
        """
        return not self.status.is_terminal

    @property
    def left(self) -> Decimal:
        """
        Return the shares that are not filled.
        """
        return self.body.quantity.value - self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """
    What becomes of one order: shares that fill so many seconds after it was taken.

    Args:
        cancel_after_s: how long a cancel takes.
        ignores_cancels: how many requests to cancel come to nothing.
        visible_after_s: when it is first listed.
    """

    fills: tuple[tuple[float, str], ...] = ()
    cancel_after_s: float = 0.5
    ignores_cancels: int = 0
    visible_after_s: float = 0.0


class Venue:
    """
    The broker's own truth. Whoever watches is told of each order taken and each fill.
    """

    def __init__(self, scenario: Scenario, timeline: Timeline, market: Market) -> None:
        self.cash = scenario.cash
        self.held: dict[Symbol, Decimal] = dict(scenario.held)
        self.orders: dict[str, Order] = {}
        self.blocked = ""
        self.is_calm = False
        # What becomes of an order by its client order id, where it is not left to chance.
        self.lives: dict[str, Life] = {}
        self.lag_s = 0.0
        self.on_taken: Callable[[Order], None] = lambda _: None
        self.on_ended: Callable[[Order], object] = lambda _: None
        self.on_fill: Callable[[Order, Decimal], None] = lambda _order, _quantity: None
        self._scenario = scenario
        self._timeline = timeline
        self._market = market
        self._by_id: dict[str, Order] = {}
        self._closes_at = 0.0
        self._account: Account | None = None
        self._listed: tuple[datetime, tuple[BrokerOrder, ...]] | None = None

    def open(self, *, closes_at: float) -> None:
        """
        Begin a session; what rests at its close expires then.
        """
        self._closes_at = closes_at
        self._timeline.at(closes_at, self._expire)

    def account(self) -> Account:
        """
        Return the account as it stands.
        """
        if self._account is None:
            self._account = self._standing()
        return self._account

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        Return what may be traded how.
        """
        listings = self._market.listings
        return {
            symbol: Asset(symbol=symbol, is_tradable=True, is_fractionable=listings[symbol].is_fractionable)
            for symbol in symbols
            if symbol in listings
        }

    def listed(self, *, since: datetime, lag_s: float = 0.0) -> tuple[BrokerOrder, ...]:
        """
        Return the orders since an instant as they are shown, or as they were shown a moment ago.
        """
        if lag_s:
            seen_at = self._timeline.now - lag_s
            stale = ([shown for at, shown in one.shown if at <= seen_at] for one in self._visible(since))
            return tuple(shown[-1] for shown in stale if shown)
        if self._listed is None or self._listed[0] != since:
            self._listed = (since, tuple(one.shown[-1][1] for one in self._visible(since)))
        return self._listed[1]

    def take(self, body: OrderBody, *, is_ours: bool = True) -> BrokerOrder:
        """
        Take an order or refuse it.
        """
        chance = Chance(self._scenario.seed, "order", body.client_order_id)
        # The documented order of checks is no promise: a duplicate may be refused for what its twin reserves.
        if chance.happens(0.5):
            self._refuse_duplicate(body)
            self._refuse_uncovered(body)
        else:
            self._refuse_uncovered(body)
            self._refuse_duplicate(body)
        order = self._taken(body, chance, is_ours=is_ours)
        self.on_taken(order)
        if life := self._life_of(body.client_order_id):
            self._lead(order, life)
        elif is_ours:
            self._plan_life(order, chance)
        else:
            self._later(chance.between(20, 400), lambda: self._end(order, OrderStatus.CANCELED))
        return order.shown[-1][1]

    def cancel(self, order_id: str) -> None:
        """
        Take the request to cancel; it may come to nothing.
        """
        order = self._by_id.get(order_id)
        if order is None or not order.is_live or order.is_canceling:
            return
        if order.ignores_cancels:
            order.ignores_cancels -= 1
            return
        order.is_canceling = True
        order.status = OrderStatus.PENDING_CANCEL
        self._show(order)
        self._timeline.at(self._timeline.now + order.cancel_after, lambda: self._end(order, OrderStatus.CANCELED))

    def block(self, reason: str) -> None:
        """
        Block the account, or free it again.
        """
        self.blocked = reason
        self._changed()

    def move_cash(self, dollars: Decimal) -> None:
        """
        Deposit or withdraw, never more than is free.
        """
        self.cash += max(dollars, -self._buying_power())
        self._changed()

    def move_by_hand(self, symbol: Symbol, change: Decimal) -> Decimal:
        """
        Trade in the account by hand, never more than is free; return what was moved.
        """
        free = self.held.get(symbol, _ZERO) - self._reserved(symbol)
        change = max(change, -free)
        price = self._market.middle(symbol)
        if change > 0 and change * price > self._buying_power():
            return _ZERO
        self._move(symbol, change, -change * price)
        return change

    def _visible(self, since: datetime) -> list[Order]:
        now, first = self._timeline.now, self._timeline.seconds(since)
        return [order for order in self.orders.values() if order.accepted_at >= first and order.visible_at <= now]

    def _refuse_duplicate(self, body: OrderBody) -> None:
        if body.client_order_id in self.orders:
            raise DuplicateClientOrderId(code="40010001", reason="client_order_id must be unique")

    def _refuse_uncovered(self, body: OrderBody) -> None:
        listing = self._market.listings.get(body.symbol)
        if listing is None:
            raise OrderRejected(code="42210000", reason=f'could not find asset "{body.symbol}"')
        quantity, limit = body.quantity.value, body.limit.value
        if not listing.is_fractionable and quantity != quantity.to_integral_value():
            raise NotFractionable(code="42210000", reason=f'asset "{body.symbol}" is not fractionable')
        if limit % (_CENT if limit >= 1 else _SUB_PENNY):
            raise OrderRejected(code="42210000", reason="sub-penny increment does not fulfill minimum pricing criteria")
        if self.blocked:
            raise OrderRejected(code="40310000", reason=f"account is blocked: {self.blocked}")
        if self._timeline.now >= self._closes_at:
            raise OrderRejected(code="42210000", reason="the market is closed")
        is_buy = body.side is Side.BUY
        if any(o.is_live and o.body.symbol == body.symbol and o.body.side is not body.side for o in self._live()):
            raise OrderRejected(code="40310000", reason="potential wash trade detected. use complex orders")
        if is_buy and quantity * limit > self._buying_power():
            raise InsufficientBuyingPower(code="40310000", reason="insufficient buying power")
        free = self.held.get(body.symbol, _ZERO) - self._reserved(body.symbol)
        if not is_buy and quantity > free:
            reason = f"insufficient qty available for order (requested: {quantity}, available: {free})"
            raise OrderRejected(code="40310000", reason=reason)

    def _taken(self, body: OrderBody, chance: Chance, *, is_ours: bool) -> Order:
        now = self._timeline.now
        lag = self.lag_s * chance.unit() if chance.happens(0.3) else 0.0
        order = Order(
            id=f"b-{len(self.orders) + 1}",
            body=body,
            is_ours=is_ours,
            accepted_at=now,
            visible_at=now + lag,
            cancel_after=chance.between(0.05, 4.0),
            ignores_cancels=1 if self._scenario.is_rough and chance.happens(0.05) else 0,
        )
        self.orders[body.client_order_id] = self._by_id[order.id] = order
        self._show(order)
        if lag:
            self._timeline.at(order.visible_at, self._changed)
        return order

    def _life_of(self, client_order_id: str) -> Life | None:
        return next((life for part, life in self.lives.items() if client_order_id.endswith(part)), None)

    def _lead(self, order: Order, life: Life) -> None:
        order.cancel_after, order.ignores_cancels = life.cancel_after_s, life.ignores_cancels
        order.visible_at = order.accepted_at + life.visible_after_s
        self._changed()
        self._later(life.visible_after_s, self._changed)
        for when, quantity in life.fills:
            self._later(when, lambda size=Decimal(quantity): self._fill(order, size))  # type: ignore[misc]

    def _plan_life(self, order: Order, chance: Chance) -> None:
        if self._market.listings[order.body.symbol].is_halted:
            return
        fate = chance.unit()
        is_rough = self._scenario.is_rough and not self.is_calm
        if not self._scenario.intensity and order.body.client_order_id[-1] not in "123":
            is_rough = False
        if is_rough and fate < 0.02:
            self._later(chance.between(0.1, 5), lambda: self._end(order, OrderStatus.REJECTED))
            return
        if is_rough and fate < 0.04:
            self._later(chance.between(1, 20), lambda: self._end(order, OrderStatus.CANCELED))
        if fate > 0.85 and is_rough:
            return
        part = Decimal(20 + chance.below(60)) / 100 if fate > 0.7 and is_rough else Decimal(1)
        slices = self._slices(order, part, 1 + chance.below(3), chance)
        for number, quantity in enumerate(slices):
            longest = _RESTS_S if is_rough else 20.0
            when = chance.between(0.1, 4.0) + number * chance.between(0, longest / len(slices))
            if not self._scenario.intensity and when > _RUNG_S:
                when /= 2
            self._later(when, lambda size=quantity: self._fill(order, size))  # type: ignore[misc]

    def _slices(self, order: Order, part: Decimal, count: int, chance: Chance) -> list[Decimal]:
        step = _PART if self._market.listings[order.body.symbol].is_fractionable else Decimal(1)
        whole = order.body.quantity.value
        left = whole if part == 1 else (whole * part).quantize(step, rounding="ROUND_DOWN")
        slices = []
        for _ in range(count - 1):
            size = (left * Decimal(chance.below(100)) / 100).quantize(step, rounding="ROUND_DOWN")
            slices.append(size)
            left -= size
        return [size for size in [*slices, left] if size]

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        self._timeline.at(self._timeline.now + seconds, act)

    def _fill(self, order: Order, quantity: Decimal) -> None:
        if not order.is_live:
            return
        quantity = min(quantity, order.left)
        sign = 1 if order.body.side is Side.BUY else -1
        tick = _CENT if order.body.limit.value > 1 else _SUB_PENNY
        price = order.body.limit.value - sign * (tick if len(order.shown) % 2 else _ZERO)
        order.filled += quantity
        order.cost += quantity * price
        order.status = OrderStatus.PENDING_CANCEL if order.is_canceling else OrderStatus.PARTIALLY_FILLED
        if not order.left:
            order.status = OrderStatus.FILLED
        self._move(order.body.symbol, sign * quantity, -sign * quantity * price)
        self._show(order)
        self.on_fill(order, quantity)

    def _end(self, order: Order, status: OrderStatus) -> None:
        if order.is_live:
            order.status = status
            self._show(order)
            self.on_ended(order)

    def _expire(self) -> None:
        for order in self._live():
            self._end(order, OrderStatus.EXPIRED)

    def _move(self, symbol: Symbol, shares: Decimal, dollars: Decimal) -> None:
        self.held[symbol] = self.held.get(symbol, _ZERO) + shares
        if not self.held[symbol]:
            del self.held[symbol]
        self.cash += dollars
        self._changed()

    def _changed(self) -> None:
        self._account = self._listed = None

    def _show(self, order: Order) -> None:
        now = self._timeline.now
        average = Price(order.cost / order.filled) if order.filled else None
        shown = BrokerOrder(
            id=order.id,
            body=order.body,
            status=order.status,
            filled=Quantity(order.filled),
            filled_average=average,
            submitted_at=self._timeline.instant(order.accepted_at),
            updated_at=self._timeline.instant(now),
            reason="rejected by the exchange" if order.status is OrderStatus.REJECTED else "",
        )
        order.shown.append((now, shown))
        self._changed()

    def _live(self) -> list[Order]:
        return [order for order in self.orders.values() if order.is_live]

    def _reserved(self, symbol: Symbol) -> Decimal:
        sells = (o.left for o in self._live() if o.body.symbol == symbol and o.body.side is Side.SELL)
        return sum(sells, _ZERO)

    def _buying_power(self) -> Decimal:
        buys = (o.left * o.body.limit.value for o in self._live() if o.body.side is Side.BUY)
        return self.cash - sum(buys, _ZERO)

    def _standing(self) -> Account:
        worth = self.cash
        for symbol, quantity in self.held.items():
            worth += quantity * self._market.listings[symbol].price
        positions = tuple(
            Position(symbol=symbol, quantity=Quantity(quantity), available=Quantity(quantity - self._reserved(symbol)))
            for symbol, quantity in sorted(self.held.items())
        )
        return Account(
            id=ACCOUNT,
            at=self._timeline.instant(self._timeline.now),
            equity=Money(worth),
            cash=Money(self.cash),
            buying_power=Money(self._buying_power()),
            positions=positions,
            blocked=self.blocked,
        )
