"""
One random order before the gate, held against rails that are reckoned here again, in plain decimals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, localcontext

from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.gate import Context, Limits, approve
from alchemiser.domain.execution.order import OrderBody, Trade
from alchemiser.domain.execution.traffic import Placed
from alchemiser.domain.identity import client_order_id, trade_id
from alchemiser.domain.portfolio.account import Account, Position
from alchemiser.domain.values import Money, Price, Quantity, Side, Symbol
from fuzz.dice import Dice
from support.builders import CLOSE, OPEN, RUN, START

_NAMES = tuple(Symbol(name) for name in ("AAA", "BBB"))
_OTHER_RUN = RUN.replace("rebalance-1", "rebalance-2")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    An order and all it is held against.
    """

    body: OrderBody
    trade: Trade
    context: Context
    limits: Limits


def broken_promises(dice: Dice) -> Iterator[str]:
    """
    Ask the gate for one order, and yield where its answer is not what the rails say.
    """
    with localcontext(prec=60):
        case = a_case(dice)
        broken = set(_broken_rails(case))
        try:
            approve(case.body, case.trade, case.context, case.limits)
        except OrderRefused as refusal:
            if refusal.rail not in broken:
                yield f"refused by {refusal.rail}, broken are {sorted(broken)}: {refusal}"
        else:
            if broken:
                yield f"approved, broken are {sorted(broken)}"


def a_case(dice: Dice) -> Case:
    """
    Return an order that may break any rail, and often breaks none.
    """
    symbol, side = _NAMES[0], dice.pick((Side.BUY, Side.SELL))
    plan_price = Decimal(dice.below(50_000) + 100).scaleb(-2)
    limit = (plan_price * (Decimal(94 + dice.below(13)) / 100)).quantize(Decimal("0.01"))
    quantity = Decimal(dice.below(20_000) + dice.below(2)).scaleb(-1)
    authorised = quantity if dice.happens(2) else Decimal(dice.below(20_000)).scaleb(-1)
    equity = Decimal(dice.below(2_000_000) + 1)
    cash = equity if dice.happens(3) else equity * dice.below(100) / 100
    held = Decimal(dice.below(20_000)).scaleb(-1)
    name = trade_id(run=RUN, symbol=symbol, side=side)
    trade = Trade(
        id=name,
        run_id=RUN,
        symbol=dice.pick((symbol, symbol, symbol, symbol, symbol, symbol, symbol, _NAMES[1])),
        side=side,
        planned=Quantity(max(authorised, quantity)),
        authorised=None if dice.happens(30) else Quantity(authorised),
        full_exit=False,
        whole_shares=False,
        plan_price=Price(plan_price),
    )
    body = OrderBody(
        client_order_id=client_order_id(trade=name, attempt=2),
        symbol=symbol,
        side=side,
        quantity=Quantity(quantity),
        limit=Price(max(limit, Decimal("0.01"))),
    )
    position = Position(symbol=symbol, quantity=Quantity(held), available=Quantity(held / (1 + dice.below(2))))
    context = Context(
        halted="enough" if dice.happens(30) else "",
        owner="LIVE0001" if dice.happens(30) else "TEST0001",
        now=START + timedelta(minutes=dice.pick((0, 0, 0, 0, 0, 14, 15, -400))),
        opens_at=OPEN,
        last_send=CLOSE - timedelta(minutes=3),
        symbols=frozenset() if dice.happens(30) else frozenset(_NAMES),
        account=Account(
            id="TEST0001",
            at=START,
            equity=Money(equity),
            cash=Money(cash),
            buying_power=Money(cash),
            positions=(position,) if held else (),
            blocked="by hand" if dice.happens(30) else "",
        ),
        spendable=Money(cash * (1 + dice.below(3)) / 3),
        placed=tuple(_placed(dice, body) for _ in range(dice.below(4))),
    )
    return Case(body=body, trade=trade, context=context, limits=_limits(dice))


def _limits(dice: Dice) -> Limits:
    limits = Limits(
        orders_per_run=1 + dice.below(8),
        orders_per_minute=1 + dice.below(8),
        turnover=dice.pick((Decimal("0.1"), Decimal("1.1"), Decimal(3))),
        gross_exposure=dice.pick((Decimal("0.5"), Decimal(1), Decimal(2))),
        order_notional=Money(Decimal(10 ** (3 + dice.below(4)))),
        order_fraction=dice.pick((Decimal("0.25"), Decimal("1.1"))),
        collar=dice.pick((Decimal("0.03"), Decimal("0.05"), Decimal("0.2"))),
    )
    return replace(limits, allowed=frozenset({_NAMES[dice.below(2)]})) if dice.happens(10) else limits


def _placed(dice: Dice, body: OrderBody) -> Placed:
    symbol, side = dice.pick(_NAMES), dice.pick((Side.BUY, Side.BUY, Side.SELL))
    quantity = body.quantity if dice.happens(4) else Quantity(Decimal(dice.below(1000)).scaleb(-1))
    filled = dice.pick((Quantity(_ZERO), quantity, Quantity(quantity.value / 2)))
    run = dice.pick((RUN, _OTHER_RUN))
    own = client_order_id(trade=trade_id(run=run, symbol=symbol, side=side), attempt=1 + dice.below(3))
    limit = Price(Decimal(dice.below(50_000) + 1).scaleb(-2))
    return Placed(
        body=OrderBody(
            client_order_id="by-hand" if dice.happens(5) else own,
            symbol=symbol,
            side=side,
            quantity=quantity,
            limit=limit,
        ),
        at=START - timedelta(seconds=dice.pick((1, 59, 60, 61, 4000))),
        is_live=not dice.happens(3),
        filled=filled,
        spent=limit * filled,
    )


def _broken_rails(case: Case) -> Iterator[str]:
    body, trade, context, limits = case.body, case.trade, case.context, case.limits
    dollars = body.limit.value * body.quantity.value
    equity = context.account.equity.value
    if context.halted:
        yield "kill switch"
    if context.account.id != context.owner or context.account.blocked:
        yield "account"
    if context.now < context.opens_at or context.now >= context.last_send:
        yield "window"
    if body.symbol not in context.symbols:
        yield "symbols"
    if limits.allowed is not None and body.symbol not in limits.allowed:
        yield "allowlist"
    if body.symbol != trade.symbol or body.side != trade.side:
        yield "plan"
    if trade.authorised is None or not 0 < body.quantity.value <= trade.authorised.value:
        yield "quantity"
    if dollars > limits.order_notional.value:
        yield "notional"
    if dollars > equity * limits.order_fraction:
        yield "equity"
    if abs(body.limit.value - trade.plan_price.value) > limits.collar * trade.plan_price.value:
        yield "collar"
    yield from _broken_cover(body, dollars, context)
    yield from _broken_traffic(case, dollars, equity)


def _broken_cover(body: OrderBody, dollars: Decimal, context: Context) -> Iterator[str]:
    if body.side is Side.BUY:
        if dollars > context.spendable.value:
            yield "buying power"
        return
    available = sum((p.available.value for p in context.account.positions if p.symbol == body.symbol), _ZERO)
    if body.quantity.value > available:
        yield "available"


def _broken_traffic(case: Case, dollars: Decimal, equity: Decimal) -> Iterator[str]:
    body, context, limits = case.body, case.context, case.limits
    run = ours = minute = 0
    turned, resting = dollars, _ZERO
    for one in context.placed:
        named, other = one.body.client_order_id, one.body
        if named == body.client_order_id:
            continue
        is_ours = named.startswith("alc1-")
        is_of_run = named.startswith(f"alc1-{case.trade.run_id}-")
        open_dollars = other.limit.value * (other.quantity.value - one.filled.value) if one.is_live else _ZERO
        is_same = other.symbol == body.symbol
        run += is_of_run
        ours += is_ours
        minute += is_ours and context.now - one.at < timedelta(seconds=60)
        turned += one.spent.value + open_dollars if is_ours and other.side is body.side else _ZERO
        resting += open_dollars if other.side is Side.BUY else _ZERO
        if is_same and is_of_run and other.side is not body.side:
            yield "side"
        if is_same and not is_ours and one.is_live:
            yield "foreign order"
        is_twin = is_same and (other.side, other.quantity) == (body.side, body.quantity)
        if is_twin and context.now - one.at < limits.duplicate_within and (one.is_live or one.filled):
            yield "duplicate"
    if run + 1 > limits.orders_per_run:
        yield "orders per run"
    if minute + 1 > limits.orders_per_minute:
        yield "orders per minute"
    if turned > equity * limits.turnover:
        yield "turnover"
    if body.side is Side.BUY:
        exposed = equity - context.account.cash.value + resting + dollars
        if exposed > equity * limits.gross_exposure:
            yield "gross exposure"
