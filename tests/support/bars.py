"""
Small files of bars and strategies for tests of what reads them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2024, 1, 1)


def weekdays(count: int, first: date = FIRST) -> tuple[date, ...]:
    """
    Return so many days from Monday to Friday, ascending.
    """
    days = (first + timedelta(days=step) for step in range(count * 2 + 2))
    return tuple(day for day in days if day.weekday() < 5)[:count]


def write_bars(path: Path, closes: Mapping[str, Sequence[float | None]]) -> Path:
    """
    Write a CSV of closes on consecutive weekdays; None is a day without a row.
    """
    rows = ["date,symbol,close"]
    for symbol, series in closes.items():
        days = weekdays(len(series))
        rows += [f"{day},{symbol},{close}" for day, close in zip(days, series, strict=True) if close is not None]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def write_strategy(path: Path, body: str, name: str = "Switch") -> Path:
    """
    Write a strategy file.
    """
    text = f'(defsymphony "{name}" {{:asset-class "EQUITIES", :rebalance-frequency :daily}} {body})'
    path.write_text(text, encoding="utf-8")
    return path


# Above its average SPY is held, below it a quarter UVXY and the rest bills.
SWITCH = """(if (> (current-price "SPY") (moving-average-price "SPY" {:window 3}))
  [(asset "SPY" nil)]
  [(weight-specified 0.25 (asset "UVXY" nil) 0.75 (asset "BIL" nil))])"""

RISING_THEN_FALLING: Mapping[str, Sequence[float | None]] = {
    "SPY": [100, 101, 102, 103, 104, 90],
    "UVXY": [10, 10, 10, 10, 10, 12],
    "BIL": [50, 50, 50, 50, 50, 50],
}
