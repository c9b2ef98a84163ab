"""
The gate: every order passes every rail before it is committed and sent, and only the gate can make an
ApprovedOrder.

    kill switch         nothing is sent while it is on
    account             the account that the profile names, and one that the broker lets trade
    window              from the opening to the last instant for sending
    symbols             symbols of the plan only
    allowlist           symbols of the allowlist only, when there is one
    plan                the order's symbol and side are its trade's
    quantity            above zero, at most what is authorised and not filled
    notional            at most the limit in dollars
    equity              at most the limit as a fraction of equity
    collar              the limit price stays near the plan's price
    available           a sell is covered by shares that are not reserved
    buying power        a buy is covered by buying power that is not promised
    side                a run has one side in a symbol
    foreign order       nobody else's order rests in the symbol
    orders per run      of one run
    orders per minute   of all of ours
    turnover            bought, or sold, on one day, as a fraction of equity
    gross exposure      what is held and what buys may add, as a fraction of equity
    duplicate           no order of the same symbol, side and quantity that was just sent, and traded or still may

An order that is sent again under its id is held against the others, never against itself. Most rails fail the trade
that they refuse; those in PASSING hold it back until the next look.
"""

from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.fills import NO_SHARES, remaining
from alchemiser.domain.execution.order import OrderBody, Trade
from alchemiser.domain.execution.traffic import Placed, promised
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Money, Side, Symbol

_SEAL = object()
_MILLION = Money(Decimal(1_000_000))
_NOTHING = Money(Decimal(0))
_MINUTE = timedelta(minutes=1)
# What these find passes by itself: a minute ends, and the account catches up with what has just filled.
PASSING = frozenset({"orders per minute", "gross exposure"})

Rail: TypeAlias = tuple[str, bool, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedOrder:
    """
    An order body that passed every rail. Made by `approve` alone: the seal does not leave this module.
    """

    body: OrderBody
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the gate makes an ApprovedOrder; call approve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What no order may exceed.

    Args:
        order_notional: the largest order in dollars.
        order_fraction: the largest order as a fraction of equity; above 1 so that a full exit may cross the
            spread.
        collar: how far a limit price may be from the plan's price, as a fraction.
        orders_per_run: the most orders one run sends.
        orders_per_minute: the most orders of ours in a minute.
        turnover: the most that is bought on a day, and the most that is sold, as a fraction of equity.
        gross_exposure: the most that may be held once every buy has filled, as a fraction of equity.
        duplicate_within: how long an order of the same symbol, side and quantity is a duplicate.
        allowed: the only symbols that may be traded; None allows all.
    """

    order_notional: Money = _MILLION
    order_fraction: Decimal = Decimal("1.1")
    collar: Decimal = Decimal("0.05")
    orders_per_run: int = 500
    orders_per_minute: int = 120
    turnover: Decimal = Decimal("1.1")
    gross_exposure: Decimal = Decimal("1.0")
    duplicate_within: timedelta = timedelta(seconds=60)
    allowed: frozenset[Symbol] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """
    What an order is held against.

    Args:
        halted: why the kill switch is on, empty when it is off.
        owner: the id of the only account that may be traded.
        opens_at: nothing is sent before.
        last_send: nothing is sent at or after.
        symbols: the symbols the run's plan trades.
        account: as read for this decision.
        spendable: buying power that no other order of this decision was promised.
        placed: every order of the day in this account, and every one that was sent and is not shown.
    """

    halted: str
    owner: str
    now: datetime
    opens_at: datetime
    last_send: datetime
    symbols: frozenset[Symbol]
    account: Account
    spendable: Money
    placed: tuple[Placed, ...]


def approve(body: OrderBody, trade: Trade, context: Context, limits: Limits) -> ApprovedOrder:
    """
    Return the order approved.

    Raises:
        OrderRefused: a rail stops it; names the rail, its limit and the value found.
    """
    others = [order for order in context.placed if order.body.client_order_id != body.client_order_id]
    for rail, is_kept, limit, value in (
        *_of_the_moment(context),
        *_of_the_order(body, trade, context, limits),
        *_of_the_cover(body, context),
        *_of_the_traffic(body, trade, others, context, limits),
    ):
        if not is_kept:
            what = f"{body.side} {body.quantity} {body.symbol} at {body.limit}"
            raise OrderRefused(rail=rail, limit=limit, value=value, what=what)
    return ApprovedOrder(body=body, seal=_SEAL)


def after_approval(context: Context, order: ApprovedOrder) -> Context:
    """
    Return what the next order of the same decision is held against.
    """
    body = order.body
    cost = body.limit * body.quantity if body.side is Side.BUY else _NOTHING
    others = tuple(other for other in context.placed if other.body.client_order_id != body.client_order_id)
    return replace(context, spendable=context.spendable - cost, placed=(*others, promised(body, at=context.now)))


def _of_the_moment(context: Context) -> Iterator[Rail]:
    window = f"{context.opens_at:%H:%M:%S} to before {context.last_send:%H:%M:%S} UTC"
    yield "kill switch", not context.halted, "off", context.halted
    yield "account", context.account.id == context.owner, context.owner, context.account.id
    yield "account", not context.account.blocked, "an account that may trade", context.account.blocked
    yield "window", context.opens_at <= context.now < context.last_send, window, f"{context.now:%H:%M:%S} UTC"


def _of_the_order(body: OrderBody, trade: Trade, context: Context, limits: Limits) -> Iterator[Rail]:
    quantity, notional = body.quantity, body.limit * body.quantity
    left = remaining(trade)
    share = context.account.equity * limits.order_fraction
    away = abs(body.limit.value / trade.plan_price.value - 1)
    agrees = (body.symbol, body.side) == (trade.symbol, trade.side)
    yield "symbols", body.symbol in context.symbols, "symbols of the plan", body.symbol
    yield "allowlist", limits.allowed is None or body.symbol in limits.allowed, "allowed symbols", body.symbol
    yield "plan", agrees, f"{trade.side} {trade.symbol}", f"{body.side} {body.symbol}"
    yield "quantity", NO_SHARES < quantity <= left, f"above 0 and at most {left}", str(quantity)
    yield "notional", notional <= limits.order_notional, str(limits.order_notional), str(notional)
    yield "equity", notional <= share, str(share), str(notional)
    yield "collar", away <= limits.collar, str(limits.collar), f"{away:.6f} away from {trade.plan_price}"


def _of_the_traffic(
    body: OrderBody, trade: Trade, others: Sequence[Placed], context: Context, limits: Limits
) -> Iterator[Rail]:
    notional, equity = body.limit * body.quantity, context.account.equity
    same = [order for order in others if order.body.symbol == body.symbol]
    of_run = [order for order in others if order.is_of(trade.run_id)]
    opposite = [order for order in same if order.is_of(trade.run_id) and order.body.side is not body.side]
    foreign = [order for order in same if order.is_live and not order.is_ours]
    in_minute = [order for order in others if order.is_ours and order.at > context.now - _MINUTE]
    ours = (order for order in others if order.is_ours and order.body.side is body.side)
    turned = sum((order.spent + order.resting for order in ours), notional)
    resting = (order.resting for order in others if order.body.side is Side.BUY)
    exposed = sum(resting, equity - context.account.cash + notional)
    since = context.now - limits.duplicate_within
    twins = [order for order in same if order.at > since and _is_twin(order, body)]
    yield "side", not opposite, f"one side in {body.symbol} for each run", _names(opposite)
    yield "foreign order", not foreign, f"no order of anyone else's in {body.symbol}", _names(foreign)
    yield "orders per run", len(of_run) < limits.orders_per_run, str(limits.orders_per_run), str(len(of_run) + 1)
    per_minute = limits.orders_per_minute
    yield "orders per minute", len(in_minute) < per_minute, str(per_minute), str(len(in_minute) + 1)
    yield "turnover", turned <= equity * limits.turnover, str(equity * limits.turnover), str(turned)
    if body.side is Side.BUY:
        most = equity * limits.gross_exposure
        yield "gross exposure", exposed <= most, str(most), str(exposed)
    within_s = f"{limits.duplicate_within.total_seconds():.0f} s"
    yield "duplicate", not twins, f"no other order of this kind within {within_s}", _names(twins)


def _is_twin(order: Placed, body: OrderBody) -> bool:
    is_same = (order.body.side, order.body.quantity) == (body.side, body.quantity)
    # One that was cancelled without a fill is what the next rung follows on.
    return is_same and (order.is_live or bool(order.filled))


def _of_the_cover(body: OrderBody, context: Context) -> Iterator[Rail]:
    if body.side is Side.BUY:
        notional = body.limit * body.quantity
        yield "buying power", notional <= context.spendable, str(context.spendable), str(notional)
        return
    position = context.account.held().get(body.symbol)
    available = NO_SHARES if position is None else position.available
    yield "available", body.quantity <= available, str(available), str(body.quantity)


def _names(orders: Sequence[Placed]) -> str:
    return ", ".join(order.body.client_order_id for order in orders)
