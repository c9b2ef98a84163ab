"""
One tick of an execution phase: look at every trade that is due, move it one step, and say when to look again.

1. At the first tick the phase's trades are authorised: sells by what is available, buys by the money there
   is once every sell is final. That is committed before anything else.
2. One query each for orders, account and quotes.
3. Each due trade is advanced; what it would send passes the gate.
4. Trades, intents and new fills are committed. Nothing was sent before this.
5. Orders and cancels are sent, the answers folded in and committed.

A tick can be cut off anywhere and delivered again: what was committed is not done twice, what was sent is
found at the broker by its id, what was not sent is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import assert_never

import structlog

from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.records import Trades
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import BrokerUnavailable, DuplicateClientOrderId, OrderRefused, OrderRejected
from alchemiser.domain.events import Phase
from alchemiser.domain.execution.answers import (
    Accepted,
    Answer,
    CancelTaken,
    Duplicate,
    NoAnswer,
    Rejected,
    record,
    refused,
)
from alchemiser.domain.execution.fills import NO_SHARES
from alchemiser.domain.execution.gate import ApprovedOrder, Context, Limits, approve
from alchemiser.domain.execution.order import BrokerOrder, Trade, TradeStatus
from alchemiser.domain.execution.phase import authorise_buys, authorise_sells
from alchemiser.domain.execution.policy import Deadlines, WalkPolicy, deadlines
from alchemiser.domain.execution.step import Cancel, Seen, Step, Submit
from alchemiser.domain.execution.walk import advance
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.ledger.fills import new_fills
from alchemiser.domain.market import Quote, Session
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Money, Side, Symbol

log = structlog.get_logger()
_NO_MONEY = Money(Decimal(0))


def never() -> bool:
    """
    Tell that the kill switch is off.
    """
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """
    Everything an execution works with; `is_halted` reads the kill switch.
    """

    trades: Trades
    broker: Broker
    quotes: Quotes
    clock: Clock
    policy: WalkPolicy
    limits: Limits
    is_halted: Callable[[], bool] = never


@dataclass(frozen=True, slots=True, kw_only=True)
class TickResult:
    """
    A phase after a tick, already committed.

    Args:
        trades: the phase's trades.
        next_due: when to tick again; None once every trade is final.
        finished: the final trades, told once: on the tick that ends the phase, empty before.
    """

    trades: tuple[Trade, ...]
    next_due: datetime | None
    finished: tuple[Trade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """
    One look at the broker and the market.
    """

    now: datetime
    orders: Mapping[str, BrokerOrder]
    account: Account
    quotes: Mapping[Symbol, Quote]
    symbols: frozenset[Symbol]
    ends: Deadlines
    is_halted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """
    A trade as it was, as it is to be committed, and what is to be sent then.
    """

    before: Trade
    after: Trade
    order: ApprovedOrder | None = None
    cancel: str = ""


def tick(run_id: str, phase: Phase, *, session: Session, started_at: datetime, desk: Desk) -> TickResult:
    """
    Move the trades of a phase that are due, and commit.

    Args:
        started_at: when the run began; orders are looked up from then on, and sells have half the time from
            then.

    Raises:
        ValueError: buys are ticked while a sell is not final.
        BrokerAuthError: the broker does not accept us; nothing more can be done by waiting.
    """
    everything = desk.trades.trades(run_id)
    side = Side.SELL if phase is Phase.SELLS else Side.BUY
    mine = tuple(trade for trade in everything if trade.side is side)
    if side is Side.BUY and any(t.side is Side.SELL and t.status is TradeStatus.OPEN for t in everything):
        raise ValueError(f"{run_id}: buys were ticked while sells are open")
    now = desk.clock.now()
    if not any(_is_due(trade, now) for trade in mine):
        return _result(mine)
    ends = deadlines(side, session=session, started_at=started_at)
    try:
        mine = _authorised(mine, side, now=now, desk=desk)
        view = _look(everything, mine, now=now, since=started_at, ends=ends, desk=desk)
    except BrokerUnavailable as error:
        log.warning("broker_unavailable", run_id=run_id, phase=phase.value, error=str(error))
        return _without_broker(mine, now=now, ends=ends, desk=desk)
    moves = _decided(mine, view, opens_at=session.opens_at, desk=desk)
    _commit([move for move in moves if _has_news(move)], session=session, now=now, desk=desk)
    answered = _sent(moves, desk)
    _commit(answered, session=session, now=now, desk=desk)
    moved = {move.after.id: move.after for move in [*moves, *answered]}
    return _result([moved.get(trade.id, trade) for trade in mine])


def _is_due(trade: Trade, now: datetime) -> bool:
    return trade.status is TradeStatus.OPEN and (trade.due_at is None or trade.due_at <= now)


def _result(trades: Sequence[Trade]) -> TickResult:
    dues = [trade.due_at for trade in trades if trade.status is TradeStatus.OPEN and trade.due_at is not None]
    if dues:
        return TickResult(trades=tuple(trades), next_due=min(dues), finished=())
    return TickResult(trades=tuple(trades), next_due=None, finished=tuple(trades))


def _authorised(trades: tuple[Trade, ...], side: Side, *, now: datetime, desk: Desk) -> tuple[Trade, ...]:
    if all(trade.authorised is not None or trade.status is not TradeStatus.OPEN for trade in trades):
        return trades
    account = desk.broker.account()
    if side is Side.SELL:
        allowed = authorise_sells(trades, account, now=now)
    else:
        allowed = authorise_buys(trades, account, policy=desk.policy, now=now)
    desk.trades.commit(allowed, ())
    return allowed


def _look(
    everything: Sequence[Trade],
    mine: Sequence[Trade],
    *,
    now: datetime,
    since: datetime,
    ends: Deadlines,
    desk: Desk,
) -> _View:
    # The account is read after the orders: shares that a cancelled sell gave back are available by then.
    orders = {order.body.client_order_id: order for order in desk.broker.orders(since=since)}
    return _View(
        now=now,
        orders=orders,
        account=desk.broker.account(),
        quotes=desk.quotes.latest(sorted({trade.symbol for trade in mine if _is_due(trade, now)})),
        symbols=frozenset(trade.symbol for trade in everything),
        ends=ends,
        is_halted=desk.is_halted(),
    )


def _without_broker(trades: Sequence[Trade], *, now: datetime, ends: Deadlines, desk: Desk) -> TickResult:
    if now < ends.give_up_at:
        return TickResult(trades=tuple(trades), next_due=now + desk.policy.poll, finished=())
    blind = Seen(
        now=now,
        quote=None,
        orders={},
        available=NO_SHARES,
        spendable=_NO_MONEY,
        deadlines=ends,
        is_halted=True,
    )
    final = [advance(trade, blind, desk.policy).trade for trade in trades]
    desk.trades.commit(final, ())
    return _result(final)


def _decided(trades: Sequence[Trade], view: _View, *, opens_at: datetime, desk: Desk) -> list[_Move]:
    spendable = max(min(view.account.buying_power, view.account.cash), _NO_MONEY)
    moves = []
    for trade in trades:
        if not _is_due(trade, view.now):
            continue
        step = advance(trade, _seen(trade, view, spendable), desk.policy)
        context = Context(
            now=view.now,
            is_halted=view.is_halted,
            opens_at=opens_at,
            last_send=view.ends.last_send,
            symbols=view.symbols,
            account=view.account,
            spendable=spendable,
        )
        move = _move(trade, step, context, desk)
        if move.order is not None and move.order.body.side is Side.BUY:
            spendable -= move.order.body.limit * move.order.body.quantity
        moves.append(move)
    return moves


def _seen(trade: Trade, view: _View, spendable: Money) -> Seen:
    position = view.account.held().get(trade.symbol)
    return Seen(
        now=view.now,
        quote=view.quotes.get(trade.symbol),
        orders=view.orders,
        available=NO_SHARES if position is None else position.available,
        spendable=spendable,
        deadlines=view.ends,
        is_halted=view.is_halted,
    )


def _move(before: Trade, step: Step, context: Context, desk: Desk) -> _Move:
    match step.action:
        case None:
            return _Move(before=before, after=step.trade)
        case Cancel(order_id=order_id):
            return _Move(before=before, after=step.trade, cancel=order_id)
        case Submit(body=body):
            try:
                order = approve(body, step.trade, context, desk.limits)
            except OrderRefused as refusal:
                log.warning("order_refused", trade_id=before.id, rail=refusal.rail, error=str(refusal))
                after = refused(step.trade, str(refusal), at=context.now, policy=desk.policy)
                return _Move(before=before, after=after)
            return _Move(before=before, after=step.trade, order=order)
        case _:
            assert_never(step.action)


def _has_news(move: _Move) -> bool:
    # A look that saw nothing new only moves `due_at`; that is not worth a commit.
    return replace(move.after, due_at=move.before.due_at) != move.before


def _commit(moves: Sequence[_Move], *, session: Session, now: datetime, desk: Desk) -> None:
    if not moves:
        return
    fills: list[LedgerEntry] = []
    for move in moves:
        fills.extend(new_fills(move.before, move.after, session=session.day, seen_at=now))
    desk.trades.commit([move.after for move in moves], fills)


def _sent(moves: Sequence[_Move], desk: Desk) -> list[_Move]:
    answered = []
    for move in moves:
        if move.order is not None:
            answer = _submit(move.order, desk.broker)
        elif move.cancel:
            answer = _cancel(move.cancel, desk.broker)
        else:
            continue
        log.info("broker_answered", trade_id=move.after.id, answer=type(answer).__name__)
        after = record(move.after, answer, at=desk.clock.now(), policy=desk.policy)
        answered.append(_Move(before=move.after, after=after))
    return answered


def _submit(order: ApprovedOrder, broker: Broker) -> Answer:
    try:
        return Accepted(order=broker.submit(order))
    except DuplicateClientOrderId:
        return Duplicate()
    except OrderRejected as rejection:
        return Rejected(reason=f"{rejection.code}: {rejection.reason}")
    except BrokerUnavailable:
        return NoAnswer()


def _cancel(order_id: str, broker: Broker) -> Answer:
    try:
        broker.cancel(order_id)
    except BrokerUnavailable:
        return NoAnswer()
    return CancelTaken()
