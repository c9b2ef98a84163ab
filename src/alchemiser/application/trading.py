"""
Walk a run's trades: sells first, then buys, tick by tick on durable timers.

A tick looks at the market and the broker once, moves every trade of its phase on, and says when to look again.
"""

from datetime import datetime

from alchemiser.application.execute import TickResult, tick
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
    once_in_run,
)
from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.order import Trade

_SOURCE = "alchemiser.application.trading.tick"


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


def prepare_tick(event: ExecutionTickDue, ports: Ports) -> TickResult:
    """
    Move every trade of the phase on.
    """
    return tick(event.run_id, event.phase, ports)


def apply_tick(event: ExecutionTickDue, result: TickResult, tx: Transaction) -> None:
    """
    Tell of trades that ended; set the next timer, or tell that the phase is over.
    """
    for trade in result.finished:
        tx.emit(_executed(event, trade, at=result.at))
    if result.next_due is not None:
        following = _tick_due(event, event.phase, number=event.number + 1, at=result.at)
        tx.emit(following, due_at=result.next_due)
        return
    tx.emit(
        ExecutionPhaseCompleted(
            meta=once_in_run(event, ExecutionPhaseCompleted, at=result.at, source=_SOURCE, key=event.phase),
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
        meta=once_in_run(cause, TradeExecuted, at=at, source=_SOURCE, key=trade.id),
        run_id=trade.run_id,
        trade_id=trade.id,
        symbol=trade.symbol,
        status=trade.status.value,
        filled=filled(trade),
        reason=trade.reason,
    )
