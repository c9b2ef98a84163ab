"""
Walk one trade through the spread: a pure reducer from a trade and what is seen to the next trade and one
action.

1. A trade is looked at when it is due. What the broker shows of its latest order is folded in.
2. An order that rests is cancelled when its rung's time is over, or the phase's. Until the broker says that
   it is terminal it is asked again; there is no next order before that, so one order of a trade is live at a
   time.
3. An order that may or may not have arrived is looked up; when it is not found the same body is sent again
   under the same id. A new id is never made while an old one is unanswered. After the last instant for sending
   it is only looked up; found, it is cancelled like any other. What four minutes of looking and sending again leave
   unknown ends the trade unresolved.
4. An order that the broker called a duplicate is there: it is looked up, never sent again, until it is shown.
5. With no live order, what is left of the authorised quantity is tried on the next rung, or the trade ends:
   see `attempt`.

The caller commits the stepped trade before it does the action, and folds the answer in with `record`. A trade
with an action to do stays due at once, so a crash between the two repeats the action under the same id.
"""

from dataclasses import replace
from typing import assert_never

from alchemiser.domain.execution.attempt import next_attempt
from alchemiser.domain.execution.observe import ended, next_look, observed, with_state
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Open,
    Sent,
    Taken,
    Trade,
    TradeStatus,
    Unknown,
)
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.execution.pricing import rest
from alchemiser.domain.execution.step import Cancel, Seen, Step, Submit


def advance(trade: Trade, seen: Seen, policy: WalkPolicy) -> Step:
    """
    Return the trade one step on. A trade that is final or not yet due is returned as it is.

    For all that can be seen: at most one order is live, filled <= authorised <= planned, nothing is sent at
    or after `last_send`, and from `give_up_at` on the trade is final.
    """
    if trade.status is not TradeStatus.OPEN or (trade.due_at is not None and seen.now < trade.due_at):
        return Step(trade=trade)
    looked = observed(trade, seen.orders)
    if looked.status is not TradeStatus.OPEN:
        return Step(trade=looked)
    if not looked.intents:
        return next_attempt(looked, seen, policy)
    state = looked.intents[-1].state
    match state:
        case Closed():
            return next_attempt(looked, seen, policy)
        case Unknown():
            return Step(trade=ended(looked, TradeStatus.UNRESOLVED, state.reason))
        case Sent():
            return _unanswered(looked, state, seen, policy)
        case Taken():
            return _unseen(looked, state, seen, policy)
        case Open():
            return _resting(looked, state, seen, policy)
        case Canceling():
            return _canceling(looked, state, seen, policy)
        case _:
            assert_never(state)


def _unanswered(trade: Trade, state: Sent, seen: Seen, policy: WalkPolicy) -> Step:
    ends_at = seen.deadlines.look_until
    if state.posts > 1:
        ends_at = min(ends_at, state.since + policy.unanswered)
    if seen.now >= ends_at:
        reason = f"no answer to {state.posts} sends since {state.since:%H:%M:%S} UTC; look the order up by hand"
        return _unresolved(trade, state, reason)
    if seen.is_halted or seen.now >= seen.deadlines.last_send:
        return Step(trade=replace(trade, due_at=min(seen.now + policy.poll, ends_at)))
    again = replace(with_state(trade, replace(state, posts=state.posts + 1)), due_at=seen.now)
    return Step(trade=again, action=Submit(body=trade.intents[-1].body))


def _unseen(trade: Trade, state: Taken, seen: Seen, policy: WalkPolicy) -> Step:
    ends_at = seen.deadlines.give_up_at
    if seen.now >= ends_at:
        name = trade.intents[-1].body.client_order_id
        reason = f"the broker knows order {name} and did not show it by the close; look it up by hand"
        return _unresolved(trade, state, reason)
    return Step(trade=replace(trade, due_at=min(seen.now + policy.poll, ends_at)))


def _unresolved(trade: Trade, state: Sent | Taken, reason: str) -> Step:
    unknown = with_state(trade, Unknown(since=state.since, reason=reason))
    return Step(trade=ended(unknown, TradeStatus.UNRESOLVED, reason))


def _resting(trade: Trade, state: Open, seen: Seen, policy: WalkPolicy) -> Step:
    if seen.now >= seen.deadlines.give_up_at:
        return _given_up(trade, state)
    until = min(state.submitted_at + rest(trade.intents[-1].rung, policy), seen.deadlines.cancel_at)
    if seen.is_halted or seen.now >= until:
        return _ask_to_cancel(trade, state, seen)
    due_at = next_look(now=seen.now, every=policy.poll, until=until)
    return Step(trade=replace(trade, due_at=due_at))


def _canceling(trade: Trade, state: Canceling, seen: Seen, policy: WalkPolicy) -> Step:
    if seen.now >= seen.deadlines.give_up_at:
        return _given_up(trade, state)
    was_never_told = trade.due_at is None or trade.due_at <= state.asked_at
    ask_again_at = state.asked_at + policy.cancel_again
    if was_never_told or seen.now >= ask_again_at:
        return _ask_to_cancel(trade, state, seen)
    until = min(ask_again_at, seen.deadlines.give_up_at)
    due_at = next_look(now=seen.now, every=policy.poll, until=until)
    return Step(trade=replace(trade, due_at=due_at))


def _ask_to_cancel(trade: Trade, state: Open | Canceling, seen: Seen) -> Step:
    asked = Canceling(
        order_id=state.order_id,
        submitted_at=state.submitted_at,
        asked_at=seen.now,
        filled=state.filled,
        average=state.average,
    )
    asking = replace(with_state(trade, asked), due_at=seen.now)
    return Step(trade=asking, action=Cancel(order_id=state.order_id))


def _given_up(trade: Trade, state: Open | Canceling) -> Step:
    reason = f"order {state.order_id} was not final after the close; look it up by hand"
    return Step(trade=ended(trade, TradeStatus.UNRESOLVED, reason))
