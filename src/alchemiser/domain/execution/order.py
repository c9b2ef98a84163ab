"""
The states of a trade, of its order intents, and of an order as the broker shows it: one type per state.

A trade buys or sells one symbol in one run, in up to eight attempts. An attempt is an intent: it is committed before
anything is sent, under a client order id that is never used for another body.

    intent   Sent → Open → Canceling → Closed              trade   Open → Done | Incomplete | Skipped
              ├→ Taken → Open                                           | Failed | Unresolved
              └→ (no answer: stays Sent, looked up) → Unknown

An intent begins as Sent: from its commit on it may be at the broker, whatever happens to us.

A fill can arrive after a cancel was asked for; only a closed order's filled quantity is final.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from alchemiser.domain.values import Price, Quantity, Side, Symbol


class OrderStatus(StrEnum):
    """
    What the broker says of an order.
    """

    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_terminal(self) -> bool:
        """
        Tell whether nothing more can happen to the order.
        """
        return self in {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}


class RejectionCause(StrEnum):
    """
    What a rejection can be mended by, when it can.
    """

    OTHER = "other"
    BUYING_POWER = "buying_power"
    """The broker reserves more than there is: a smaller order may pass."""
    FRACTIONS = "fractions"
    """The asset is traded in whole shares only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBody:
    """
    What is sent: always a day limit order under our own id.
    """

    client_order_id: str
    symbol: Symbol
    side: Side
    quantity: Quantity
    limit: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """
    An order as the broker shows it; `filled` is cumulative, `filled_average` its average price once anything filled.
    """

    id: str
    body: OrderBody
    status: OrderStatus
    filled: Quantity
    filled_average: Price | None
    submitted_at: datetime
    updated_at: datetime
    reason: str = ""
    cause: RejectionCause = RejectionCause.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    Perhaps at the broker: `posts` sends were begun since `since` and no definite answer is on record.
    """

    posts: int
    since: datetime
    kind: Literal["sent"] = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """
    Known to be at the broker, which refused its id as a duplicate, and not shown by it yet.
    """

    since: datetime
    kind: Literal["taken"] = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """
    Known to rest at the broker.
    """

    order_id: str
    submitted_at: datetime
    filled: Quantity
    average: Price | None
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceling:
    """
    Asked to be cancelled at `asked_at`; may still fill.
    """

    order_id: str
    submitted_at: datetime
    asked_at: datetime
    filled: Quantity
    average: Price | None
    kind: Literal["canceling"] = "canceling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """
    Terminal at the broker, or definitely refused by it (`order_id` empty); `filled` is final.
    """

    order_id: str
    status: OrderStatus
    filled: Quantity
    average: Price | None
    closed_at: datetime
    reason: str = ""
    cause: RejectionCause = RejectionCause.OTHER
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """
    Nobody could say what became of it in time; the trade makes no further attempt in this run.
    """

    since: datetime
    reason: str
    kind: Literal["unknown"] = "unknown"


IntentState: TypeAlias = Sent | Taken | Open | Canceling | Closed | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """
    One attempt of a trade: the body to send, the rung it stands on (0, 1, 2 walk the spread, 3 crosses), the quote it
    was priced on, and what is known of it.
    """

    trade_id: str
    attempt: int
    rung: int
    body: OrderBody
    bid: Price
    ask: Price
    created_at: datetime
    state: IntentState


class TradeStatus(StrEnum):
    """
    What became of a trade; everything but OPEN is final.
    """

    OPEN = "open"
    DONE = "done"
    INCOMPLETE = "incomplete"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """
    One symbol, one side, one run.

    Args:
        planned: what the plan wants.
        authorised: what may be traded, at most `planned`; None until its phase begins.
        full_exit: sell exactly what the broker says is available.
        whole_shares: no fractions.
        plan_price: the price the plan was made on, the collar's centre.
        arrival: the middle of the market when the first attempt was priced.
        quote_waits: how often an unusable quote was waited for in a row.
        due_at: when to look at it next, None once final.
        version: how often it was stored when it was read, 0 for one that never was; says nothing of the trade.
    """

    id: str
    run_id: str
    symbol: Symbol
    side: Side
    planned: Quantity
    authorised: Quantity | None
    full_exit: bool
    whole_shares: bool
    plan_price: Price
    arrival: Price | None = None
    status: TradeStatus = TradeStatus.OPEN
    reason: str = ""
    intents: tuple[Intent, ...] = ()
    quote_waits: int = 0
    due_at: datetime | None = None
    version: int = field(default=0, compare=False)
