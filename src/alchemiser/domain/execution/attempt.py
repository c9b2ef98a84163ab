"""
The next attempt of a trade that has no live order, or its end.

Checked in this order: nothing is left; a rejection that no other attempt can mend; the deadline; eight
attempts; the kill switch; the quote; the size. Only orders that rested take a rung; a rejected one does not.

Two rejections are mended, each once: fractions where there are none, by whole shares; too little buying power, by
95 % of what was refused.
"""

from dataclasses import replace
from decimal import Decimal

from alchemiser.domain.execution.fills import NO_SHARES, filled, filled_by, remaining
from alchemiser.domain.execution.observe import ended
from alchemiser.domain.execution.order import (
    Closed,
    Intent,
    OrderBody,
    OrderStatus,
    RejectionCause,
    Sent,
    Trade,
    TradeStatus,
)
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.execution.pricing import limit_price, quote_problem
from alchemiser.domain.execution.step import Seen, Step, Submit
from alchemiser.domain.identity import client_order_id
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Money, Price, Quantity, Side

MIN_NOTIONAL = "min_notional"
_BROKE = Money(Decimal(0))
# A broker may reserve more than limit times quantity, such as three percent above the ask.
_REDUCED = Decimal("0.95")
_MENDABLE = frozenset({RejectionCause.FRACTIONS, RejectionCause.BUYING_POWER})


def next_attempt(trade: Trade, seen: Seen, policy: WalkPolicy) -> Step:
    """
    Return the trade with its next attempt to submit, waiting for a better moment, or ended.
    """
    if trade.authorised is not None and not remaining(trade):
        return Step(trade=ended(trade, TradeStatus.DONE))
    if stop := _stop(trade, seen, policy):
        return Step(trade=ended(trade, *stop))
    if trade.authorised is None:
        return Step(trade=replace(trade, due_at=seen.now + policy.poll))
    problem = quote_problem(seen.quote, trade, now=seen.now, policy=policy)
    if seen.quote is None or problem:
        return Step(trade=_waiting_for_quote(trade, problem, seen, policy))
    rung = min(sum(1 for intent in trade.intents if _has_rested(intent)), len(policy.rungs))
    limit = limit_price(seen.quote, trade.side, rung=rung, plan_price=trade.plan_price, policy=policy)
    sized = _adapted(trade)
    quantity = _affordable(sized, limit, seen)
    if reason := _too_small(sized, quantity, limit, policy):
        return Step(trade=ended(trade, *_dropped(trade, reason)))
    return _submitting(trade, rung, _body(trade, quantity, limit), seen.quote, seen)


def _stop(trade: Trade, seen: Seen, policy: WalkPolicy) -> tuple[TradeStatus, str] | None:
    if rejection := _lasting_rejection(trade):
        return TradeStatus.FAILED, rejection
    if seen.now >= seen.deadlines.last_send:
        return TradeStatus.INCOMPLETE, f"deadline; {trade.reason}" if trade.reason else "deadline"
    if len(trade.intents) >= policy.attempts:
        return TradeStatus.INCOMPLETE, f"not filled in {policy.attempts} attempts"
    if seen.is_halted:
        return TradeStatus.INCOMPLETE, "kill switch"
    return None


def _lasting_rejection(trade: Trade) -> str:
    latest = _rejection(trade.intents[-1]) if trade.intents else None
    if latest is None:
        return ""
    is_mendable = latest.cause in _MENDABLE
    if is_mendable and sum(_is_rejected_for(intent, latest.cause) for intent in trade.intents) == 1:
        return ""
    return latest.reason or "rejected by the broker without a reason"


def _adapted(trade: Trade) -> Trade:
    # Read off the intents each time: what the plan said of the trade is never rewritten.
    if any(_is_rejected_for(intent, RejectionCause.FRACTIONS) for intent in trade.intents):
        return replace(trade, whole_shares=True, full_exit=False)
    return trade


def _is_rejected_for(intent: Intent, cause: RejectionCause) -> bool:
    rejection = _rejection(intent)
    return rejection is not None and rejection.cause is cause


def _rejection(intent: Intent) -> Closed | None:
    match intent.state:
        case Closed(status=OrderStatus.REJECTED) as rejection:
            return rejection
        case _:
            return None


def _has_rested(intent: Intent) -> bool:
    return _rejection(intent) is None


def _waiting_for_quote(trade: Trade, problem: str, seen: Seen, policy: WalkPolicy) -> Trade:
    if trade.quote_waits >= policy.quote_waits:
        return ended(trade, TradeStatus.INCOMPLETE, problem)
    due_at = min(seen.now + policy.quote_wait, seen.deadlines.last_send)
    return replace(trade, quote_waits=trade.quote_waits + 1, due_at=due_at)


def _affordable(trade: Trade, limit: Price, seen: Seen) -> Quantity:
    left = remaining(trade)
    if trade.side is Side.BUY:
        return min(left, _reduced(trade), max(seen.spendable, _BROKE) / limit).floored(whole=trade.whole_shares)
    sellable = min(left, seen.available)
    return sellable if trade.full_exit else sellable.floored(whole=trade.whole_shares)


def _reduced(trade: Trade) -> Quantity:
    # What is bought after a refusal counts against its 95 %, so the rest is not asked for again.
    for number, intent in enumerate(trade.intents, start=1):
        if _is_rejected_for(intent, RejectionCause.BUYING_POWER):
            bought = sum((filled_by(later)[0] for later in trade.intents[number:]), NO_SHARES)
            return Quantity(intent.body.quantity.value * _REDUCED) - bought
    return remaining(trade)


def _too_small(trade: Trade, quantity: Quantity, limit: Price, policy: WalkPolicy) -> str:
    if quantity and (trade.full_exit or limit * quantity >= policy.minimum_notional):
        return ""
    left = remaining(trade)
    if not trade.full_exit and limit * left < policy.minimum_notional:
        return MIN_NOTIONAL
    if trade.whole_shares and not left.floored(whole=True):
        return "rounds to zero shares"
    return "too little buying power" if trade.side is Side.BUY else "too few shares are available"


def _dropped(trade: Trade, reason: str) -> tuple[TradeStatus, str]:
    if not filled(trade):
        return TradeStatus.SKIPPED, reason
    return (TradeStatus.DONE, "dust is left") if reason == MIN_NOTIONAL else (TradeStatus.INCOMPLETE, reason)


def _body(trade: Trade, quantity: Quantity, limit: Price) -> OrderBody:
    return OrderBody(
        client_order_id=client_order_id(trade=trade.id, attempt=len(trade.intents) + 1),
        symbol=trade.symbol,
        side=trade.side,
        quantity=quantity,
        limit=limit,
    )


def _submitting(trade: Trade, rung: int, body: OrderBody, quote: Quote, seen: Seen) -> Step:
    intent = Intent(
        trade_id=trade.id,
        attempt=len(trade.intents) + 1,
        rung=rung,
        body=body,
        bid=Price(quote.bid),
        ask=Price(quote.ask),
        created_at=seen.now,
        state=Sent(posts=1, since=seen.now),
    )
    stepped = replace(
        trade,
        arrival=trade.arrival or quote.mid,
        intents=(*trade.intents, intent),
        reason="",
        quote_waits=0,
        due_at=seen.now,
    )
    return Step(trade=stepped, action=Submit(body=body))
