"""
How values read in a report. The same value always reads the same, whatever the machine's locale or zone.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import assert_never
from zoneinfo import ZoneInfo

from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Intent,
    New,
    Open,
    OrderStatus,
    Sent,
    Unknown,
)
from alchemiser.domain.values import Money, Price, Quantity

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


def shares(quantity: Quantity) -> str:
    """
    Return a number of shares with thousands apart and no useless zeros: `1,250.5`.
    """
    text = f"{quantity.value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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


def rung_words(intent: Intent) -> str:
    """
    Return where an attempt stood: on a rung of the spread, or across it.
    """
    return "across the spread" if intent.rung > 2 else f"rung {intent.rung + 1}"


def end_words(intent: Intent) -> str:
    """
    Return what became of an attempt.
    """
    match intent.state:
        case New():
            return "never sent"
        case Sent():
            return "sent, no answer on record"
        case Open(filled=filled):
            return f"resting, {shares(filled)} filled"
        case Canceling(filled=filled):
            return f"being cancelled, {shares(filled)} filled"
        case Closed(filled=filled, status=status, reason=why):
            end = _ENDS.get(status, status.value)
            part = f", {shares(filled)} filled" if filled and status is not OrderStatus.FILLED else ""
            return f"{end}{part}{f': {why}' if why else ''}"
        case Unknown(reason=why):
            return f"unresolved: {why}"
        case _:
            assert_never(intent.state)


def one_line(text: str) -> str:
    """
    Return text on one line, without characters that a terminal or a mail header would act on.
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def aligned(rows: Sequence[Sequence[str]], *, right: str = "", indent: int = 2) -> str:
    """
    Return rows as lines with their columns aligned.

    Args:
        right: the columns that hold numbers, by their place from 0: `"23"`.
    """
    if not rows:
        return ""
    clean = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    numeric = {int(place) for place in right}
    lines = (
        "  ".join(
            cell.rjust(width) if place in numeric else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in clean
    )
    return "\n".join(f"{' ' * indent}{line}".rstrip() for line in lines)
