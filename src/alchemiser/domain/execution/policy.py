"""
How trades are walked: the rungs, the patience, the instants after which nothing more is tried.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alchemiser.domain.market import Session
from alchemiser.domain.values import Money, Side

_DOLLAR = Money(Decimal(1))
_GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkPolicy:
    """
    How one trade is walked through the spread.

    Args:
        rungs: fractions of the spread at which the first attempts rest.
        rung_rest: how long an attempt rests on a rung.
        cross: how far beyond the far side the last rung reaches, as a fraction.
        cross_rest: how long a marketable attempt rests.
        attempts: the most attempts of a trade.
        collar: how far the market may be from the plan's price, as a fraction.
        widest_spread: the widest spread that is traded on, as a fraction of the middle.
        quote_age: the oldest quote that is traded on.
        quote_wait: the pause after an unusable quote.
        quote_waits: how many such pauses in a row are made before the trade is given up.
        poll: how often an order at the broker is looked at.
        cancel_again: how long after an unconfirmed cancel it is asked for again.
        longest_backoff: the longest pause between two sends of one order.
        unanswered: how long an order that was sent more than once may stay without a definite answer.
        minimum_notional: the smallest order in dollars, but for full exits.
        last_send: how long before the close the last order is sent.
        last_cancel: how long before the close what rests is cancelled.
    """

    rungs: tuple[Decimal, ...] = (Decimal("0.75"), Decimal("0.85"), Decimal("0.95"))
    rung_rest: timedelta = timedelta(seconds=30)
    cross: Decimal = Decimal("0.005")
    cross_rest: timedelta = timedelta(seconds=60)
    attempts: int = 8
    collar: Decimal = Decimal("0.05")
    widest_spread: Decimal = Decimal("0.05")
    quote_age: timedelta = timedelta(seconds=15)
    quote_wait: timedelta = timedelta(seconds=2)
    quote_waits: int = 5
    poll: timedelta = timedelta(seconds=2)
    cancel_again: timedelta = timedelta(seconds=5)
    longest_backoff: timedelta = timedelta(seconds=8)
    unanswered: timedelta = timedelta(seconds=240)
    minimum_notional: Money = _DOLLAR
    last_send: timedelta = timedelta(minutes=3)
    last_cancel: timedelta = timedelta(seconds=90)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.last_cancel <= self.last_send:
            raise ValueError(
                f"expected the last cancel after the last sending and before the close, found {self.last_cancel} and "
                f"{self.last_send} before it"
            )


_AS_SHIPPED = WalkPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """
    The instants that end a phase.

    Args:
        last_send: nothing is sent at or after.
        cancel_at: whatever still rests is cancelled.
        look_until: an order that may or may not be at the broker, and was never seen there, is left unresolved.
        give_up_at: an order that is at the broker and still not final is left unresolved; after the close of the
            session.
    """

    last_send: datetime
    cancel_at: datetime
    look_until: datetime
    give_up_at: datetime

    def __post_init__(self) -> None:
        is_ordered = self.last_send <= self.cancel_at <= self.look_until <= self.give_up_at
        if not is_ordered or self.cancel_at == self.give_up_at:
            raise ValueError(
                f"expected deadlines in order, found {self.last_send}, {self.cancel_at}, {self.look_until}, "
                f"{self.give_up_at}"
            )


def deadlines(side: Side, *, session: Session, started_at: datetime, policy: WalkPolicy = _AS_SHIPPED) -> Deadlines:
    """
    Return the deadlines of a side's phase in a run.

    Buys are sent until `last_send` before the close and cancelled `last_cancel` before it. Sells have the first
    half of the time from the start of the run until then, so that buys keep the other half. Of that half a sell
    that nobody can find may take another half; one that is known to be at the broker is waited for, since no
    buy may be sent before it is final.
    """
    last_send = session.closes_at - policy.last_send
    give_up_at = session.closes_at + _GRACE
    if side is Side.BUY:
        cancel_at = session.closes_at - policy.last_cancel
        return Deadlines(last_send=last_send, cancel_at=cancel_at, look_until=give_up_at, give_up_at=give_up_at)
    half = min(started_at + max(last_send - started_at, timedelta(0)) / 2, last_send)
    look_until = half + (last_send - half) / 2
    return Deadlines(last_send=half, cancel_at=half, look_until=look_until, give_up_at=give_up_at)
