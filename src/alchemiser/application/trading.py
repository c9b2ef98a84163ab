"""
Walk a run's trades: sells first, then buys, tick by tick on durable timers.

A tick looks at the market and the broker once, moves every trade of its phase on, and says when to look again.
"""

from dataclasses import dataclass
from datetime import datetime

from alchemiser.application.execute import Desk, TickResult, tick
from alchemiser.application.ports.records import Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.events import (
    Event,
    ExecutionPhaseCompleted,
    ExecutionTickDue,
    Phase,
    RebalancePlanned,
    TradeExecuted,
    caused_by,
)
from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.order import Trade

_SOURCE = "alchemiser.application.trading.tick"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """
    What a tick did, and when.
    """

    at: datetime
    result: TickResult


def first_tick(cause: Event, of: Phase, *, at: datetime) -> ExecutionTickDue:
    """
    Return the first timer of a phase, due at once.
    """
    return _tick_due(cause, of, number=1, at=at)


def prepare_sells(event: RebalancePlanned, ports: Ports) -> ExecutionTickDue:
    """
    Return the sells' first timer.
    """
    return first_tick(event, Phase.SELLS, at=ports.clock.now())


def apply_sells(event: RebalancePlanned, first: ExecutionTickDue, tx: Transaction) -> None:
    """
    Start the sells' timer.
    """
    del event
    tx.emit(first)


def prepare_tick(event: ExecutionTickDue, ports: Ports) -> Ticked:
    """
    Move every trade of the phase on.
    """
    run = ports.runs.run(event.run_id)
    if run is None:
        raise LookupError(f"{event.run_id}: no such run")
    rules = ports.rules
    desk = Desk(
        trades=ports.trades,
        broker=ports.broker,
        quotes=ports.quotes,
        clock=ports.clock,
        policy=rules.walk,
        limits=rules.limits,
    )
    session = ports.calendar.session(run.session)
    return Ticked(
        at=ports.clock.now(),
        result=tick(run.id, event.phase, session=session, started_at=run.started_at, desk=desk),
    )


def apply_tick(event: ExecutionTickDue, ticked: Ticked, tx: Transaction) -> None:
    """
    Tell of trades that ended; set the next timer, or tell that the phase is over.
    """
    result, at = ticked.result, ticked.at
    for trade in result.finished:
        tx.emit(_executed(event, trade, at=at))
    if result.next_due is not None:
        following = _tick_due(event, event.phase, number=event.number + 1, at=at)
        tx.emit(following, due_at=result.next_due)
        return
    tx.emit(
        ExecutionPhaseCompleted(
            meta=caused_by(event, ExecutionPhaseCompleted, at=at, source=_SOURCE, key=event.phase),
            run_id=event.run_id,
            phase=event.phase,
        )
    )


def _tick_due(cause: Event, of: Phase, *, number: int, at: datetime) -> ExecutionTickDue:
    return ExecutionTickDue(
        meta=caused_by(cause, ExecutionTickDue, at=at, source=_SOURCE, key=f"{of}-{number}"),
        run_id=cause.run_id,
        phase=of,
        number=number,
    )


def _executed(cause: ExecutionTickDue, trade: Trade, *, at: datetime) -> TradeExecuted:
    return TradeExecuted(
        meta=caused_by(cause, TradeExecuted, at=at, source=_SOURCE, key=trade.id),
        run_id=trade.run_id,
        trade_id=trade.id,
        symbol=trade.symbol,
        status=trade.status.value,
        filled=filled(trade),
        reason=trade.reason,
    )
