"""
How much of a trade was filled, by its intents.
"""

from decimal import Decimal
from typing import assert_never

from alchemiser.domain.execution.order import Canceling, Closed, Intent, Open, Sent, Taken, Trade, Unknown
from alchemiser.domain.values import Price, Quantity

NO_SHARES = Quantity(Decimal(0))


def filled_by(intent: Intent) -> tuple[Quantity, Price | None]:
    """
    Return the shares an intent is known to have filled, with their average price once there are any.
    """
    match intent.state:
        case Sent() | Taken() | Unknown():
            return NO_SHARES, None
        case Open(filled=filled, average=average) | Canceling(filled=filled, average=average):
            return filled, average
        case Closed(filled=filled, average=average):
            return filled, average
        case _:
            assert_never(intent.state)


def filled(trade: Trade) -> Quantity:
    """
    Return the shares all intents of a trade are known to have filled.
    """
    return sum((filled_by(intent)[0] for intent in trade.intents), NO_SHARES)


def remaining(trade: Trade) -> Quantity:
    """
    Return the shares that are authorised and not known to be filled; none before the trade's phase begins.
    """
    return NO_SHARES if trade.authorised is None else trade.authorised - filled(trade)
