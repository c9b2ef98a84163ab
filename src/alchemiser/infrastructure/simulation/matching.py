"""
What becomes of an order in the simulated market, as a pure function of the order and the path of quotes.

1. An order arrives 20 to 300 ms after it was sent; a cancel takes 0.1 to 1 s and can come too late.
2. One that crosses the spread fills from its arrival on, at the quote, never worse than its limit.
3. One that rests inside the spread is hit at its limit, or at the middle when that is better, with a chance
   that grows with its reach into the spread; it also fills at its limit once the market comes to it.
4. A fill comes in one to three slices. What is unfilled when the cancel takes effect or the session closes
   stays so.

Every draw is a hash of the seed and the client order id, and every look at the quotes is at a fixed distance
from the arrival. So what happened by an instant never depends on when or how often anybody asked.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TypeAlias

from alchemiser.domain.execution.order import OrderBody, OrderStatus
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Price, Quantity, Side, Symbol

QuoteAt: TypeAlias = Callable[[Symbol, datetime], Quote]

_LOOK = timedelta(seconds=3)
_PATIENCE_S = 27.0
_BASE_CHANCE = 0.10
_REACH_CHANCE = 0.70
_AT_MIDDLE = 0.25
_TWO_SLICES = 0.50
_THREE_SLICES = 0.85
_FINEST = Decimal("0.0001")
_PART = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """
    An order as the broker took it.
    """

    body: OrderBody
    submitted_at: datetime
    closes_at: datetime
    cancel_asked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """
    Shares that changed hands at once.
    """

    at: datetime
    quantity: Quantity
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    What happened to an order so far.
    """

    status: OrderStatus
    slices: tuple[Slice, ...]
    updated_at: datetime


def history(order: Placed, *, seed: int, quote_at: QuoteAt, until: datetime) -> History:
    """
    Return what happened to an order by an instant, that instant included.
    """
    ends_at, ending = _ending(order, seed)
    bound = min(until, ends_at)
    slices = tuple(_slices(order, seed, quote_at, bound))
    total = sum((part.quantity.value for part in slices), Decimal(0))
    if total == order.body.quantity.value:
        return History(status=OrderStatus.FILLED, slices=slices, updated_at=slices[-1].at)
    if until >= ends_at:
        return History(status=ending, slices=slices, updated_at=ends_at)
    last = slices[-1].at if slices else order.submitted_at
    if order.cancel_asked_at is not None and order.cancel_asked_at <= until:
        return History(status=OrderStatus.PENDING_CANCEL, slices=slices, updated_at=max(last, order.cancel_asked_at))
    status = OrderStatus.PARTIALLY_FILLED if slices else OrderStatus.NEW
    return History(status=status, slices=slices, updated_at=last)


def _ending(order: Placed, seed: int) -> tuple[datetime, OrderStatus]:
    if order.cancel_asked_at is None:
        return order.closes_at, OrderStatus.EXPIRED
    effective = order.cancel_asked_at + _seconds(0.1 + 0.9 * _draw(seed, order, "cancel"))
    if effective >= order.closes_at:
        return order.closes_at, OrderStatus.EXPIRED
    return effective, OrderStatus.CANCELED


def _slices(order: Placed, seed: int, quote_at: QuoteAt, bound: datetime) -> Iterator[Slice]:
    arrives_at = order.submitted_at + _seconds(0.02 + 0.28 * _draw(seed, order, "arrival"))
    if arrives_at > bound:
        return
    if _is_crossing(order.body, quote_at(order.body.symbol, arrives_at)):
        at = arrives_at
        for number, quantity in enumerate(_parts(order, seed)):
            at += _seconds(0.3 + 2.7 * _draw(seed, order, f"gap {number}")) if number else timedelta(0)
            if at > bound:
                return
            yield Slice(at=at, quantity=quantity, price=_at_quote(order.body, quote_at(order.body.symbol, at)))
        return
    met = _meets(order, seed, quote_at, arrives_at, bound)
    if met is None:
        return
    at, price = met
    for number, quantity in enumerate(_parts(order, seed)):
        at += _seconds(1 + 14 * _draw(seed, order, f"gap {number}")) if number else timedelta(0)
        if at > bound:
            return
        yield Slice(at=at, quantity=quantity, price=price)


def _meets(
    order: Placed, seed: int, quote_at: QuoteAt, arrives_at: datetime, bound: datetime
) -> tuple[datetime, Price] | None:
    body = order.body
    first = quote_at(body.symbol, arrives_at)
    hit_at = None
    if _is_inside(body, first) and _draw(seed, order, "hit") < _BASE_CHANCE + _REACH_CHANCE * _reach(body, first) ** 2:
        hit_at = arrives_at + _seconds(1 + (_PATIENCE_S - 1) * _draw(seed, order, "patience"))
    look_at = arrives_at + _LOOK
    while look_at <= bound and (hit_at is None or look_at < hit_at):
        if _is_crossing(body, quote_at(body.symbol, look_at)):
            return look_at, body.limit
        look_at += _LOOK
    if hit_at is None or hit_at > bound:
        return None
    if _draw(seed, order, "middle") < _AT_MIDDLE:
        return hit_at, _at_middle(body, first)
    return hit_at, body.limit


def _parts(order: Placed, seed: int) -> Iterator[Quantity]:
    quantity = order.body.quantity.value
    luck = _draw(seed, order, "count")
    count = 1 + (luck > _TWO_SLICES) + (luck > _THREE_SLICES)
    step = Decimal(1) if quantity == quantity.to_integral_value() else _PART
    left = quantity
    for number in range(count - 1):
        share = Decimal(str(0.2 + 0.4 * _draw(seed, order, f"size {number}")))
        part = (quantity * share).quantize(step, rounding=ROUND_DOWN)
        if 0 < part < left:
            yield Quantity(part)
            left -= part
    yield Quantity(left)


def _is_crossing(body: OrderBody, quote: Quote) -> bool:
    if not 0 < quote.bid <= quote.ask:
        return False
    if body.side is Side.BUY:
        return body.limit.value >= quote.ask
    return body.limit.value <= quote.bid


def _is_inside(body: OrderBody, quote: Quote) -> bool:
    # Worse than the near side nobody is met before the market itself comes there.
    if not 0 < quote.bid <= quote.ask:
        return False
    return body.limit.value >= quote.bid if body.side is Side.BUY else body.limit.value <= quote.ask


def _reach(body: OrderBody, quote: Quote) -> float:
    if not 0 < quote.bid < quote.ask:
        return 0.0
    inside = body.limit.value - quote.bid if body.side is Side.BUY else quote.ask - body.limit.value
    return min(max(float(inside / (quote.ask - quote.bid)), 0.0), 1.0)


def _at_quote(body: OrderBody, quote: Quote) -> Price:
    if not _is_crossing(body, quote):
        return body.limit
    if body.side is Side.BUY:
        return Price(min(body.limit.value, quote.ask.quantize(_FINEST, rounding=ROUND_UP)))
    return Price(max(body.limit.value, quote.bid.quantize(_FINEST, rounding=ROUND_DOWN)))


def _at_middle(body: OrderBody, quote: Quote) -> Price:
    if not 0 < quote.bid <= quote.ask:
        return body.limit
    if body.side is Side.BUY:
        return Price(min(body.limit.value, quote.mid.value.quantize(_FINEST, rounding=ROUND_UP)))
    return Price(max(body.limit.value, quote.mid.value.quantize(_FINEST, rounding=ROUND_DOWN)))


def _draw(seed: int, order: Placed, purpose: str) -> float:
    digest = hashlib.sha256(f"{seed}/{order.body.client_order_id}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _seconds(seconds: float) -> timedelta:
    return timedelta(milliseconds=round(seconds * 1000))
