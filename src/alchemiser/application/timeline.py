"""
The story of a run in the order of its instants: events, what became of their messages, orders and fills.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from alchemiser.application.ports.deliveries import Delivery, Told
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Archive
from alchemiser.application.wording import price, shares
from alchemiser.domain.events import (
    Event,
    ExecutionPhaseCompleted,
    ExecutionTickDue,
    PartialSignalGenerated,
    PortfolioStateChanged,
    RebalancePlanned,
    SignalGenerated,
    TradeExecuted,
    UnresolvedLookUpDue,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)
from alchemiser.domain.execution.order import Closed, Trade
from alchemiser.domain.ledger.book import LedgerEntry

_RANKS = {"event": 0, "order": 1, "fill": 2, "order closed": 3, "message": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    Something that happened in a run.

    Args:
        kind: event, message, order, order closed or fill.
        name: of the event's type, the handler, or the client order id.
        reference: the number of the event or ledger row; of an order the attempt.
    """

    at: datetime
    kind: str
    name: str
    reference: str
    words: str


def timeline(run: Run, told: Sequence[Told], archive: Archive) -> tuple[Moment, ...]:
    """
    Return everything that is recorded of a run, by instant; of one instant as it must have come about.
    """
    moments = [
        *_of_messages(told),
        *_of_orders(archive.trades.trades(run.id)),
        *_of_fills(archive.ledger.entries(run_id=run.id)),
    ]
    # Stable: within one instant and kind the order of storing stays.
    return tuple(sorted(moments, key=lambda one: (one.at, _RANKS[one.kind])))


def _of_messages(told: Sequence[Told]) -> Iterator[Moment]:
    for one in told:
        yield Moment(
            at=one.event.meta.occurred_at,
            kind="event",
            name=type(one.event).__name__,
            reference=str(one.seq),
            words=_event_words(one.event),
        )
        for delivery in one.deliveries:
            yield Moment(
                at=delivery.done_at or delivery.due_at,
                kind="message",
                name=delivery.handler,
                reference=str(one.seq),
                words=_delivery_words(delivery),
            )


def _of_orders(trades: Sequence[Trade]) -> Iterator[Moment]:
    for trade in trades:
        for intent in trade.intents:
            body = intent.body
            yield Moment(
                at=intent.created_at,
                kind="order",
                name=body.client_order_id,
                reference=str(intent.attempt),
                words=f"{body.side} {shares(body.quantity)} {body.symbol} at {price(body.limit)}",
            )
            if isinstance(intent.state, Closed):
                yield Moment(
                    at=intent.state.closed_at,
                    kind="order closed",
                    name=body.client_order_id,
                    reference=str(intent.attempt),
                    words=f"{body.symbol} {intent.state.status}, {shares(intent.state.filled)} filled"
                    + (f": {intent.state.reason}" if intent.state.reason else ""),
                )


def _of_fills(entries: Sequence[LedgerEntry]) -> Iterator[Moment]:
    for entry in entries:
        yield Moment(
            at=entry.seen_at,
            kind="fill",
            name=entry.client_order_id,
            reference=str(entry.cumulative),
            words=f"{entry.side} {shares(entry.quantity)} {entry.symbol} at {price(entry.price)}",
        )


def _delivery_words(delivery: Delivery) -> str:
    attempts = f", attempt {delivery.attempts}" if delivery.attempts > 1 else ""
    by = f" by {delivery.owner}" if delivery.owner else ""
    why = f": {delivery.error}" if delivery.error else ""
    match delivery.state:
        case "done":
            return f"done{by}{attempts}{why}"
        case "leased":
            return f"at work{by}{attempts}{why}"
        case "dead":
            return f"dead after {delivery.attempts} attempts{why}"
        case _:
            return f"waits{attempts}{why}"


def _event_words(event: Event) -> str:
    match event:
        case WorkflowStarted():
            return f"{len(event.strategies)} strategies, bars through {event.signal_session}"
        case PartialSignalGenerated():
            return event.strategy + (f": {event.failure}" if event.failure else "")
        case SignalGenerated():
            return "all strategies decided"
        case RebalancePlanned():
            return f"{event.sells} sells, {event.buys} buys, plan {event.plan_hash[:12]}"
        case ExecutionTickDue():
            return f"{event.phase}, look {event.number}"
        case ExecutionPhaseCompleted():
            return str(event.phase)
        case TradeExecuted():
            why = f": {event.reason}" if event.reason else ""
            return f"{event.symbol} {event.status}, {shares(event.filled)} filled{why}"
        case PortfolioStateChanged():
            return f"equity {event.equity}, cash {event.cash}" + (
                f"; disagree: {', '.join(event.mismatches)}" if event.mismatches else ""
            )
        case WorkflowCompleted():
            return event.outcome.value
        case WorkflowFailed():
            return f"{event.step}: {event.error}"
        case UnresolvedLookUpDue():
            return f"look {event.number} for what nobody could resolve"
        case _:
            assert_never(event)
