"""
The two phases of an execution: trades from the plan, then what each may trade.

Sells are authorised when their phase begins, to what is available. Buys are authorised once, from the
account as it is when every sell is final: never more than planned, all scaled by one factor when the money
is short.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, localcontext

from alchemiser.domain.execution.attempt import MIN_NOTIONAL
from alchemiser.domain.execution.fills import NO_SHARES
from alchemiser.domain.execution.observe import ended
from alchemiser.domain.execution.order import Trade, TradeStatus
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.identity import trade_id
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import PlanLine, RebalancePlan
from alchemiser.domain.values import Money, Quantity, Side

# Prices move between the authorisation and the fill; the last rung reaches half a percent beyond the spread.
_RESERVE = Decimal("0.995")
_DIGITS = 60


def trades_of(plan: RebalancePlan) -> tuple[Trade, ...]:
    """
    Return one open trade for each line of a plan that sells or buys, not yet authorised.
    """
    sells = [_trade(plan.run_id, line, Side.SELL) for line in plan.sells]
    buys = [_trade(plan.run_id, line, Side.BUY) for line in plan.buys]
    return (*sells, *buys)


def authorise_sells(trades: Sequence[Trade], account: Account, *, now: datetime) -> tuple[Trade, ...]:
    """
    Return the sells, each allowed what is planned, at most what is available. Trades already authorised stay.
    """
    held = account.held()
    allowed = []
    for trade in trades:
        position = held.get(trade.symbol)
        available = NO_SHARES if position is None else position.available
        quantity = min(trade.planned, available)
        allowed.append(_authorised(trade, quantity, "too few shares are available", now=now))
    return tuple(allowed)


def authorise_buys(
    trades: Sequence[Trade], account: Account, *, policy: WalkPolicy, now: datetime
) -> tuple[Trade, ...]:
    """
    Return the buys, each allowed what is planned, or its share of the money when that is short.

    The money is the smaller of cash and buying power, less half a percent. Trades already authorised stay.
    """
    with localcontext(prec=_DIGITS, rounding=ROUND_FLOOR):
        open_ = [trade for trade in trades if _waits(trade)]
        cost = sum((trade.plan_price * trade.planned for trade in open_), Money(Decimal(0)))
        budget = max(min(account.buying_power, account.cash) * _RESERVE, Money(Decimal(0)))
        if cost <= budget:
            return tuple(_authorised(trade, trade.planned, "", now=now) for trade in trades)
        return tuple(_scaled(trade, budget, cost, policy=policy, now=now) for trade in trades)


def _trade(run_id: str, line: PlanLine, side: Side) -> Trade:
    return Trade(
        id=trade_id(run=run_id, symbol=line.symbol, side=side),
        run_id=run_id,
        symbol=line.symbol,
        side=side,
        planned=line.quantity,
        authorised=None,
        full_exit=line.full_exit,
        whole_shares=line.whole_shares,
        plan_price=line.price,
    )


def _waits(trade: Trade) -> bool:
    return trade.status is TradeStatus.OPEN and trade.authorised is None


def _scaled(trade: Trade, budget: Money, cost: Money, *, policy: WalkPolicy, now: datetime) -> Trade:
    share = Quantity(trade.planned.value * budget.value / cost.value).floored(whole=trade.whole_shares)
    if not share:
        return _authorised(trade, NO_SHARES, "too little money after the sells", now=now)
    too_small = trade.plan_price * share < policy.minimum_notional
    return _authorised(trade, NO_SHARES if too_small else share, MIN_NOTIONAL, now=now)


def _authorised(trade: Trade, quantity: Quantity, reason: str, *, now: datetime) -> Trade:
    if not _waits(trade):
        return trade
    allowed = replace(trade, authorised=quantity, due_at=now)
    return allowed if quantity else ended(allowed, TradeStatus.SKIPPED, reason)
