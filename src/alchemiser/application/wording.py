"""
How values read, in reports and in the terminal: the same value always reads the same, whatever the locale or zone.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import assert_never
from zoneinfo import ZoneInfo

from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Intent,
    Open,
    OrderStatus,
    Sent,
    Taken,
    Unknown,
)
from alchemiser.domain.values import Money, Price, Quantity, Side

_BRIEF = 4
_EXCHANGE = ZoneInfo("America/New_York")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_OUTCOMES = {
    Outcome.SUCCESS: "Success",
    Outcome.PARTIAL: "Partly done",
    Outcome.SKIPPED: "Skipped",
    Outcome.FAILED: "Failed",
    Outcome.NOT_STARTED: "Not started",
}
_ENDS = {
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "cancelled",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.REJECTED: "rejected",
}


def outcome_words(outcome: Outcome | None) -> str:
    """
    Return how a run ended, `Running` while it has not.
    """
    return "Running" if outcome is None else _OUTCOMES[outcome]


def day_words(day: date) -> str:
    """
    Return a day in full: `Friday, 31 July 2026`.
    """
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def clock_words(instant: datetime) -> str:
    """
    Return an instant as the exchange's time of day: `15:45:30`.
    """
    return f"{instant.astimezone(_EXCHANGE):%H:%M:%S}"


def zone_words(instant: datetime) -> str:
    """
    Return an instant as the exchange's date, time and zone: `2026-07-31 15:45:30 EDT`.
    """
    return f"{instant.astimezone(_EXCHANGE):%Y-%m-%d %H:%M:%S %Z}"


def dollars(amount: Money) -> str:
    """
    Return dollars and cents: `$12,345.67`, `-$12.00`.
    """
    sign = "-" if amount.cents().value < 0 else ""
    return f"{sign}${abs(amount.cents().value):,.2f}"


def signed_dollars(amount: Money) -> str:
    """
    Return dollars that were won or lost: `+$12.00`.
    """
    return dollars(amount) if amount.cents().value <= 0 else f"+{dollars(amount)}"


def percent(fraction: Decimal) -> str:
    """
    Return a fraction as percent with two decimals: `33.33 %`.
    """
    return f"{fraction * 100:.2f} %"


def short_percent(fraction: Decimal) -> str:
    """
    Return a fraction as percent with as many decimals as it needs, at most four: `12.5 %`.
    """
    text = f"{fraction * 100:.4f}".rstrip("0").rstrip(".")
    return f"{text} %"


def shares(quantity: Quantity) -> str:
    """
    Return a number of shares with thousands apart and no useless zeros: `1,250.5`.
    """
    text = f"{quantity.value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def brief_shares(quantity: Quantity) -> str:
    """
    Return shares to four decimals, marked when there are more: `54.3214…`.
    """
    whole = shares(quantity)
    _, _, part = whole.partition(".")
    return whole if len(part) <= _BRIEF else f"{whole[: _BRIEF - len(part)]}…"


def price(value: Price) -> str:
    """
    Return a price with cents, or with four decimals where cents would hide something.
    """
    cents = f"{value.value:,.2f}"
    return cents if value.value >= 1 and Decimal(cents.replace(",", "")) == value.value else f"{value.value:,.4f}"


def bps(value: Decimal) -> str:
    """
    Return signed basis points with one decimal: `+1.5 bps`.
    """
    rounded = f"{value:+.1f}"
    return "0.0 bps" if rounded in {"+0.0", "-0.0"} else f"{rounded} bps"


def reach_words(intent: Intent) -> str:
    """
    Return how far into the spread of its quote an attempt's limit reaches: `75 %`, or `across`.
    """
    spread = intent.ask.value - intent.bid.value
    if intent.body.side is Side.BUY:
        reach = intent.body.limit.value - intent.bid.value
    else:
        reach = intent.ask.value - intent.body.limit.value
    if reach >= spread:
        return "across"
    return f"{int(reach / spread * 100)} %" if reach >= 0 else "behind"


def rung_words(intent: Intent) -> str:
    """
    Return where an attempt stood: `rung 1 at 75 %`, `across the spread`.
    """
    reach = reach_words(intent)
    return f"{reach} the spread" if reach in {"across", "behind"} else f"rung {intent.rung + 1} at {reach}"


def status_words(status: OrderStatus) -> str:
    """
    Return how an order ended: `cancelled`.
    """
    return _ENDS.get(status, status.value)


def end_words(intent: Intent) -> str:
    """
    Return what became of an attempt.
    """
    match intent.state:
        case Sent():
            return "sent, no answer on record"
        case Taken():
            return "at the broker, not shown yet"
        case Open(filled=filled):
            return f"resting, {shares(filled)} filled"
        case Canceling(filled=filled):
            return f"being cancelled, {shares(filled)} filled"
        case Closed(filled=filled, status=status, reason=why):
            end = status_words(status)
            part = f", {shares(filled)} filled" if filled and status is not OrderStatus.FILLED else ""
            return f"{end}{part}{f': {why}' if why else ''}"
        case Unknown(reason=why):
            return f"unresolved: {why}"
        case _:
            assert_never(intent.state)
