"""
The gate: every order passes every rail before it is committed and sent, and only the gate can make an
ApprovedOrder.

    kill switch     nothing is sent while it is on
    account         the broker lets the account trade
    window          from the opening to the last instant for sending
    symbols         in the plan, and on the allowlist when there is one
    plan            the order's symbol and side are its trade's
    quantity        above zero, at most what is authorised and not filled
    notional        at most the limit in dollars
    equity          at most the limit as a fraction of equity
    collar          the limit price stays near the plan's price
    available       a sell is covered by shares that are not reserved
    buying power    a buy is covered by buying power that is not promised
"""

from collections.abc import Iterator
from dataclasses import InitVar, dataclass
from datetime import datetime
from decimal import Decimal

from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.fills import NO_SHARES, remaining
from alchemiser.domain.execution.order import OrderBody, Trade
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Money, Side, Symbol

_SEAL = object()
_MILLION = Money(Decimal(1_000_000))


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
        allowed: the only symbols that may be traded; None allows all.
        is_halted: the kill switch is on: nothing is sent, what rests is cancelled.
    """

    order_notional: Money = _MILLION
    order_fraction: Decimal = Decimal("1.1")
    collar: Decimal = Decimal("0.05")
    allowed: frozenset[Symbol] | None = None
    is_halted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """
    What an order is held against.

    Args:
        opens_at: nothing is sent before.
        last_send: nothing is sent at or after.
        symbols: the symbols the run's plan trades.
        account: as read for this decision.
        spendable: buying power that no other order of this decision was promised.
    """

    now: datetime
    opens_at: datetime
    last_send: datetime
    symbols: frozenset[Symbol]
    account: Account
    spendable: Money


def approve(body: OrderBody, trade: Trade, context: Context, limits: Limits) -> ApprovedOrder:
    """
    Return the order approved.

    Raises:
        OrderRefused: a rail stops it; names the rail, its limit and the value found.
    """
    for rail, is_kept, limit, value in _rails(body, trade, context, limits):
        if not is_kept:
            what = f"{body.side} {body.quantity} {body.symbol} at {body.limit}"
            raise OrderRefused(rail=rail, limit=limit, value=value, what=what)
    return ApprovedOrder(body=body, seal=_SEAL)


def _rails(body: OrderBody, trade: Trade, context: Context, limits: Limits) -> Iterator[tuple[str, bool, str, str]]:
    quantity, notional = body.quantity, body.limit * body.quantity
    window = f"{context.opens_at:%H:%M:%S} to before {context.last_send:%H:%M:%S} UTC"
    is_allowed = limits.allowed is None or body.symbol in limits.allowed
    left = remaining(trade)
    share = context.account.equity * limits.order_fraction
    away = abs(body.limit.value / trade.plan_price.value - 1)
    position = context.account.held().get(body.symbol)
    available = NO_SHARES if position is None else position.available
    yield "kill switch", not limits.is_halted, "off", "on"
    yield "account", not context.account.blocked, "an account that may trade", context.account.blocked
    yield "window", context.opens_at <= context.now < context.last_send, window, f"{context.now:%H:%M:%S} UTC"
    yield "symbols", body.symbol in context.symbols and is_allowed, "planned and allowed symbols", body.symbol
    agrees = (body.symbol, body.side) == (trade.symbol, trade.side)
    yield "plan", agrees, f"{trade.side} {trade.symbol}", f"{body.side} {body.symbol}"
    yield "quantity", NO_SHARES < quantity <= left, f"above 0 and at most {left}", str(quantity)
    yield "notional", notional <= limits.order_notional, str(limits.order_notional), str(notional)
    yield "equity", notional <= share, str(share), str(notional)
    yield "collar", away <= limits.collar, str(limits.collar), f"{away:.6f} away from {trade.plan_price}"
    if body.side is Side.SELL:
        yield "available", quantity <= available, str(available), str(quantity)
    else:
        yield "buying power", notional <= context.spendable, str(context.spendable), str(notional)
