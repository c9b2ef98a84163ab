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

Two processes may tick one phase: one slept past its lease and woke up. A trade counts how often it was stored; who
read an older version is refused by the records before anything is sent. An answer that comes too late to be stored is
dropped: the order is found at the broker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from alchemiser.application.log import Log
from alchemiser.application.ports.suite import Ports
from alchemiser.application.sending import Move, sent
from alchemiser.domain.errors import BrokerUnavailable, DataError, OrderRefused, Overtaken, RecordsError
from alchemiser.domain.events import Phase
from alchemiser.domain.execution.answers import held_back, refused
from alchemiser.domain.execution.fills import NO_SHARES
from alchemiser.domain.execution.gate import PASSING, Context, after_approval, approve
from alchemiser.domain.execution.order import BrokerOrder, Trade, TradeStatus
from alchemiser.domain.execution.phase import authorise_buys, authorise_sells
from alchemiser.domain.execution.policy import Deadlines, deadlines
from alchemiser.domain.execution.step import Cancel, Seen, Step, Submit
from alchemiser.domain.execution.traffic import placed
from alchemiser.domain.execution.walk import advance
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.ledger.fills import new_fills
from alchemiser.domain.market import Quote, Session
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Money, Side, Symbol

log = Log()
_NO_MONEY = Money(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class TickResult:
    """
    A phase after a tick, already committed.

    Args:
        trades: the phase's trades.
        next_due: when to tick again; None once every trade is final.
        finished: the final trades, told once: on the tick that ends the phase, empty before.
        at: the instant of the tick.
    """

    at: datetime
    trades: tuple[Trade, ...]
    next_due: datetime | None
    finished: tuple[Trade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """
    One look at the broker and the market.
    """

    now: datetime
    halted: str
    orders: Mapping[str, BrokerOrder]
    account: Account
    quotes: Mapping[Symbol, Quote]
    trades: Sequence[Trade]
    ends: Deadlines


def tick(run_id: str, phase: Phase, ports: Ports) -> TickResult:
    """
    Move the trades of a phase that are due, and commit.

    Raises:
        ValueError: buys are ticked while a sell is not final.
        RecordsError: the run is not recorded.
        BrokerAuthError: the broker does not accept us; nothing more can be done by waiting.
        Overtaken: another process moved a trade on meanwhile; nothing was sent.
    """
    everything = ports.trades.trades(run_id)
    side = Side.SELL if phase is Phase.SELLS else Side.BUY
    mine = tuple(trade for trade in everything if trade.side is side)
    if side is Side.BUY and any(t.side is Side.SELL and t.status is TradeStatus.OPEN for t in everything):
        raise ValueError(f"{run_id}: buys were ticked while sells are open")
    now = ports.clock.now()
    if not any(_is_due(trade, now) for trade in mine):
        return _result(mine, now)
    run = ports.runs.run(run_id)
    if run is None:
        raise RecordsError(f"expected the run {run_id} in the records, found trades without it; restore the database")
    session = ports.calendar.session(run.session)
    ends = deadlines(side, session=session, started_at=run.started_at, policy=ports.rules.walk)
    try:
        mine = _authorised(mine, side, now=now, ports=ports)
        view = _look(everything, mine, now=now, since=session.opens_at, ends=ends, ports=ports)
    except BrokerUnavailable as error:
        log.warning("broker_unavailable", run_id=run_id, phase=phase.value, error=str(error))
        return _without_broker(mine, now=now, ends=ends, ports=ports)
    moves = _decided(mine, view, opens_at=session.opens_at, ports=ports)
    moved = {move.after.id: move.after for move in moves}
    moved |= _commit([move for move in moves if _has_news(move)], session=session, now=now, ports=ports)
    told = [replace(move, after=moved[move.after.id]) for move in moves]
    answered, broken = sent(told, last_send=ends.last_send, ports=ports)
    try:
        moved |= _commit(answered, session=session, now=now, ports=ports)
        trades = [moved.get(trade.id, trade) for trade in mine]
    except Overtaken as overtaken:
        log.warning("answers_overtaken", run_id=run_id, error=str(overtaken))
        _commit_one_by_one(answered, session=session, now=now, ports=ports)
        trades = [trade for trade in ports.trades.trades(run_id) if trade.side is side]
    if broken is not None:
        raise broken
    return _result(trades, now)


def _is_due(trade: Trade, now: datetime) -> bool:
    return trade.status is TradeStatus.OPEN and (trade.due_at is None or trade.due_at <= now)


def _result(trades: Sequence[Trade], at: datetime) -> TickResult:
    dues = [trade.due_at or at for trade in trades if trade.status is TradeStatus.OPEN]
    if dues:
        return TickResult(at=at, trades=tuple(trades), next_due=min(dues), finished=())
    return TickResult(at=at, trades=tuple(trades), next_due=None, finished=tuple(trades))


def _authorised(trades: tuple[Trade, ...], side: Side, *, now: datetime, ports: Ports) -> tuple[Trade, ...]:
    if all(trade.authorised is not None for trade in trades):
        return trades
    account = ports.broker.account()
    if side is Side.SELL:
        allowed = authorise_sells(trades, account, now=now)
    else:
        allowed = authorise_buys(trades, account, policy=ports.rules.walk, now=now)
    return ports.trades.commit(allowed, ())


def _look(
    everything: Sequence[Trade],
    mine: Sequence[Trade],
    *,
    now: datetime,
    since: datetime,
    ends: Deadlines,
    ports: Ports,
) -> _View:
    # The account is read after the orders: shares that a cancelled sell gave back are available by then.
    # Orders are those of the whole session: nobody else's may rest in a symbol, and the day's turnover counts.
    halted = ports.switch.reason()
    orders = {order.body.client_order_id: order for order in ports.broker.orders(since=since)}
    return _View(
        now=now,
        halted=halted,
        orders=orders,
        account=ports.broker.account(),
        quotes=_quotes(sorted({trade.symbol for trade in mine if _is_due(trade, now)}), ports),
        trades=tuple(everything),
        ends=ends,
    )


def _quotes(symbols: Sequence[Symbol], ports: Ports) -> Mapping[Symbol, Quote]:
    try:
        return ports.quotes.latest(symbols)
    except DataError as error:
        # Without a quote a trade waits or ends by its own rules; what rests at the broker is still looked after.
        log.warning("quotes_failed", error=str(error))
        return {}


def _without_broker(trades: Sequence[Trade], *, now: datetime, ends: Deadlines, ports: Ports) -> TickResult:
    if now < ends.give_up_at:
        return TickResult(at=now, trades=tuple(trades), next_due=now + ports.rules.walk.poll, finished=())
    blind = Seen(
        now=now,
        quote=None,
        orders={},
        available=NO_SHARES,
        spendable=_NO_MONEY,
        deadlines=ends,
        is_halted=True,
    )
    final = [advance(trade, blind, ports.rules.walk).trade for trade in trades]
    return _result(ports.trades.commit(final, ()), now)


def _decided(trades: Sequence[Trade], view: _View, *, opens_at: datetime, ports: Ports) -> list[Move]:
    context = Context(
        halted=view.halted,
        owner=ports.rules.account,
        now=view.now,
        opens_at=opens_at,
        last_send=view.ends.last_send,
        symbols=frozenset(trade.symbol for trade in view.trades),
        account=view.account,
        spendable=max(min(view.account.buying_power, view.account.cash), _NO_MONEY),
        placed=placed(tuple(view.orders.values()), view.trades),
    )
    moves = []
    for trade in trades:
        move = _move(trade, advance(trade, _seen(trade, view, context.spendable), ports.rules.walk), context, ports)
        if move.order is not None:
            context = after_approval(context, move.order)
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
        is_halted=bool(view.halted),
    )


def _move(before: Trade, step: Step, context: Context, ports: Ports) -> Move:
    walk = ports.rules.walk
    match step.action:
        case None:
            return Move(before=before, after=step.trade)
        case Cancel(order_id=order_id):
            return Move(before=before, after=step.trade, cancel=order_id)
        case Submit(body=body):
            try:
                order = approve(body, step.trade, context, ports.rules.limits)
            except OrderRefused as refusal:
                log.warning("order_refused", trade_id=before.id, rail=refusal.rail, error=str(refusal))
                if refusal.rail in PASSING:
                    return Move(before=before, after=held_back(step.trade, str(refusal), at=context.now, policy=walk))
                after = refused(step.trade, str(refusal), at=context.now, policy=walk)
                return Move(before=before, after=after)
            return Move(before=before, after=step.trade, order=order)
        case _:
            assert_never(step.action)


def _has_news(move: Move) -> bool:
    # A look that saw nothing new only moves `due_at`; that is not worth a commit.
    return replace(move.after, due_at=move.before.due_at) != move.before


def _commit(moves: Sequence[Move], *, session: Session, now: datetime, ports: Ports) -> dict[str, Trade]:
    if not moves:
        return {}
    fills: list[LedgerEntry] = []
    for move in moves:
        fills.extend(new_fills(move.before, move.after, session=session.day, seen_at=now))
    return {trade.id: trade for trade in ports.trades.commit([move.after for move in moves], fills)}


def _commit_one_by_one(answered: Sequence[Move], *, session: Session, now: datetime, ports: Ports) -> None:
    # Each answer that still is about the latest version of its trade counts: a rejection is told only once.
    for move in answered:
        try:
            _commit([move], session=session, now=now, ports=ports)
        except Overtaken as overtaken:
            log.warning("answer_dropped", trade_id=overtaken.trade_id, error=str(overtaken))
