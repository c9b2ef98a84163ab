"""
What the market shows: sessions, quotes, and the panel of adjusted closes a strategy is evaluated on.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.errors import NoSession
from alchemiser.domain.values import Price, Symbol

Series: TypeAlias = NDArray[np.float64]


class BarsMode(StrEnum):
    """
    What a run's signals are made from: completed bars alone, or with today's quotes appended as one more bar.
    """

    COMPLETED = "completed"
    LIVE_QUOTE = "live-quote"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Session:
    """
    One trading day of the exchange, with its opening and closing instants in UTC.
    """

    day: date
    opens_at: datetime
    closes_at: datetime

    def __post_init__(self) -> None:
        if self.opens_at.tzinfo is None or self.closes_at.tzinfo is None:
            raise ValueError(f"session {self.day}: opening and closing need a time zone")
        if self.opens_at >= self.closes_at:
            raise ValueError(f"session {self.day}: opens {self.opens_at}, after it closes {self.closes_at}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """
    The best bid and ask of a symbol at an instant. Sides are kept as the source gave them, zero or crossed included;
    whether a quote may be traded on is decided by the walk.
    """

    symbol: Symbol
    bid: Decimal
    ask: Decimal
    at: datetime
    source: str

    @property
    def has_two_sides(self) -> bool:
        """
        Tell whether both sides are prices, the bid at most the ask.
        """
        # No number compares with another: to ask whether it is less than one raises.
        return self.bid.is_finite() and self.ask.is_finite() and 0 < self.bid <= self.ask

    @property
    def mid(self) -> Price:
        """
        Return the middle of the market; ValueError for a quote without two sides.
        """
        if not self.has_two_sides:
            raise ValueError(f"{self.symbol}: no middle between bid {self.bid} and ask {self.ask}")
        return Price((self.bid + self.ask) / 2)

    @property
    def spread_bps(self) -> Decimal:
        """
        Return the spread in basis points of the middle.
        """
        return (self.ask - self.bid) / self.mid.value * 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closes:
    """
    Adjusted closes of many symbols over the same sessions, read-only.

    Args:
        sessions: ascending dates, length T.
        symbols: the rows' names, length N, no duplicates.
        values: float64, shape (N, T), symbol-major; NaN where there is no bar; every number above zero.
        absent: symbols that were asked for and have no row, because their bars may not be used, with the reason.
    """

    sessions: tuple[date, ...]
    symbols: tuple[Symbol, ...]
    values: Series
    absent: Mapping[Symbol, str] = field(default_factory=dict)
    _row: Mapping[Symbol, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        expected = (len(self.symbols), len(self.sessions))
        if self.values.shape != expected:
            raise ValueError(f"expected closes of shape {expected}, found {self.values.shape}")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("expected each symbol once")
        if not set(self.symbols).isdisjoint(self.absent):
            raise ValueError("expected each symbol to have a row or a reason for having none")
        if any(a >= b for a, b in zip(self.sessions, self.sessions[1:], strict=False)):
            raise ValueError("expected sessions in ascending order, each once")
        if not bool(np.all((self.values > 0) | np.isnan(self.values))) or bool(np.any(np.isinf(self.values))):
            raise ValueError("expected closes above zero, finite or NaN")
        values = np.ascontiguousarray(self.values, dtype=np.float64)
        if values is self.values and values.flags.writeable:
            values = values.copy()
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "_row", {symbol: row for row, symbol in enumerate(self.symbols)})

    def of(self, symbol: Symbol) -> Series:
        """
        Return the closes of one symbol, shape (T,); KeyError when the panel does not hold it.
        """
        row: Series = self.values[self._row[symbol]]
        return row

    def row_of(self, symbol: Symbol) -> int | None:
        """
        Return the row of a symbol, or None when the panel does not hold it.
        """
        return self._row.get(symbol)

    def holds(self, symbol: Symbol) -> bool:
        """
        Tell whether the panel has a row for the symbol.
        """
        return symbol in self._row

    def upto(self, day: date) -> "Closes":
        """
        Return the panel without the sessions after `day`.
        """
        count = sum(1 for session in self.sessions if session <= day)
        values = self.values[:, :count]
        return Closes(sessions=self.sessions[:count], symbols=self.symbols, values=values, absent=self.absent)


def panel(sessions: Sequence[date], closes: Mapping[Symbol, Sequence[float]]) -> Closes:
    """
    Return a panel from one sequence of closes per symbol, each as long as `sessions`.
    """
    values = np.array([list(series) for series in closes.values()], dtype=np.float64)
    return Closes(sessions=tuple(sessions), symbols=tuple(closes), values=values.reshape(len(closes), len(sessions)))


def check_session(sessions: Sequence[date], day: date, *, where: str) -> date:
    """
    Return `day` when it is one of the ascending sessions.

    Raises:
        NoSession: it is not; the message names the nearest sessions.
    """
    place = bisect_left(sessions, day)
    if place < len(sessions) and sessions[place] == day:
        return day
    nearest = [str(session) for session in sessions[max(0, place - 1) : place + 1]]
    raise NoSession(
        f"expected a session in {where}, found {day}; "
        + (f"the nearest: {', '.join(nearest)}" if nearest else "it holds no session at all")
    )
