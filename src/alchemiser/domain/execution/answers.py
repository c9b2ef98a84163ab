"""
Fold the broker's answer to a send or a cancel into the trade.

A refusal is proof only of the one and only send: after a second one, the first may be what holds the shares.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from alchemiser.domain.execution.fills import NO_SHARES
from alchemiser.domain.execution.observe import ended, next_look, observed, with_state
from alchemiser.domain.execution.order import (
    BrokerOrder,
    Canceling,
    Closed,
    Open,
    OrderStatus,
    RejectionCause,
    Sent,
    Taken,
    Trade,
    TradeStatus,
)
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.execution.pricing import rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """
    The broker took the order.
    """

    order: BrokerOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """
    The broker knows an order of this id: it exists. A later look shows it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """
    The broker definitely refused this send.
    """

    reason: str
    cause: RejectionCause = RejectionCause.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTaken:
    """
    The broker took the request to cancel; only a later status says what came of it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """
    The call may or may not have had its effect.
    """


Answer: TypeAlias = Accepted | Duplicate | Rejected | CancelTaken | NoAnswer


def record(trade: Trade, answer: Answer, *, at: datetime, policy: WalkPolicy) -> Trade:
    """
    Return the trade after an answer that came at an instant, due when it is to be looked at next.
    """
    match answer:
        case Accepted(order=order):
            taken = observed(trade, {order.body.client_order_id: order})
            return _due(taken, at=at, policy=policy)
        case Duplicate():
            return _due(_taken(trade), at=at, policy=policy)
        case Rejected():
            return _rejected(trade, answer, at=at, policy=policy)
        case CancelTaken() | NoAnswer():
            return _due(trade, at=at, policy=policy)
        case _:
            assert_never(answer)


def refused(trade: Trade, reason: str, *, at: datetime, policy: WalkPolicy) -> Trade:
    """
    Return a trade whose latest step a rail did not let pass, so that it was not sent.

    A first send leaves nothing at the broker: the trade fails. An order that may be there already is only
    looked up from now on, for as long as the rail refuses it.
    """
    return _unsent(trade, TradeStatus.FAILED, reason, at=at, policy=policy)


def held_back(trade: Trade, reason: str, *, at: datetime, policy: WalkPolicy) -> Trade:
    """
    Return a trade whose latest step waits for a rail: without the intent it would have made, and with all it has seen.
    """
    state = trade.intents[-1].state
    if isinstance(state, Sent) and state.posts > 1:
        before = with_state(trade, replace(state, posts=state.posts - 1))
    else:
        before = replace(trade, intents=trade.intents[:-1])
    return replace(before, reason=reason, due_at=at + policy.poll)


def withheld(trade: Trade, reason: str, *, at: datetime, policy: WalkPolicy) -> Trade:
    """
    Return a trade whose latest step came too late, or after the kill switch, so that it was not sent.

    A first send leaves nothing at the broker: the trade ends incomplete. An order that may be there already is only
    looked up from now on.
    """
    return _unsent(trade, TradeStatus.INCOMPLETE, reason, at=at, policy=policy)


def _unsent(trade: Trade, status: TradeStatus, reason: str, *, at: datetime, policy: WalkPolicy) -> Trade:
    state = trade.intents[-1].state
    if isinstance(state, Sent) and state.posts > 1:
        unsent = with_state(trade, replace(state, posts=state.posts - 1))
        return replace(unsent, due_at=at + policy.poll)
    return ended(with_state(trade, _never_taken(reason, at)), status, reason)


def _taken(trade: Trade) -> Trade:
    state = trade.intents[-1].state
    return with_state(trade, Taken(since=state.since)) if isinstance(state, Sent) else trade


def _rejected(trade: Trade, answer: Rejected, *, at: datetime, policy: WalkPolicy) -> Trade:
    state = trade.intents[-1].state
    if not isinstance(state, Sent) or state.posts != 1:
        return _due(trade, at=at, policy=policy)
    return replace(with_state(trade, _never_taken(answer.reason, at, answer.cause)), due_at=at)


def _never_taken(reason: str, at: datetime, cause: RejectionCause = RejectionCause.OTHER) -> Closed:
    return Closed(
        order_id="",
        status=OrderStatus.REJECTED,
        filled=NO_SHARES,
        average=None,
        closed_at=at,
        reason=reason,
        cause=cause,
    )


def _due(trade: Trade, *, at: datetime, policy: WalkPolicy) -> Trade:
    if trade.status is not TradeStatus.OPEN:
        return trade
    intent = trade.intents[-1]
    match intent.state:
        case Sent(posts=posts):
            due_at = at + min(timedelta(seconds=2.0 ** min(posts, 10)), policy.longest_backoff)
        case Taken():
            due_at = at + policy.poll
        case Open(submitted_at=submitted_at):
            until = submitted_at + rest(intent.rung, policy)
            due_at = max(at, next_look(now=at, every=policy.poll, until=until))
        case Canceling(asked_at=asked_at):
            until = asked_at + policy.cancel_again
            due_at = max(at, next_look(now=at, every=policy.poll, until=until))
        case _:
            due_at = at
    return replace(trade, due_at=due_at)
