"""
The trading days of the New York Stock Exchange, early closes included, from exchange_calendars.

The window is passed explicitly: left alone, the library ends its calendar a year ahead of today.
"""

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from alchemiser.application.ports.market import Calendar
from alchemiser.domain.errors import ConfigurationError
from alchemiser.domain.market import Session, check_session

_FIRST = date(2000, 1, 1)
_LAST = date(2035, 12, 31)
_NANOS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCalendar(Calendar):
    """
    A calendar over a fixed window.

    Args:
        days: the sessions' dates, ascending.
        opens: their openings, seconds since the epoch.
        closes: their closings, seconds since the epoch.
        first: the first day of the window.
        last: the last day of the window.
    """

    days: tuple[date, ...]
    opens: Sequence[int]
    closes: Sequence[int]
    first: date
    last: date

    def session(self, day: date) -> Session:
        """
        Return the session of a day; see the port.
        """
        self._check_window(day)
        check_session(self.days, day, where="the exchange's calendar")
        return self._at(bisect_left(self.days, day))

    def previous(self, day: date) -> Session:
        """
        Return the last session strictly before a day.
        """
        self._check_window(day)
        place = bisect_left(self.days, day)
        if not place:
            raise ConfigurationError(f"expected a session before {day}, the calendar begins {self.first}")
        return self._at(place - 1)

    def next(self, day: date) -> Session:
        """
        Return the first session strictly after a day.
        """
        self._check_window(day)
        place = bisect_right(self.days, day)
        if place == len(self.days):
            raise ConfigurationError(f"expected a session after {day}, the calendar ends {self.last}")
        return self._at(place)

    def sessions(self, first: date, last: date) -> tuple[date, ...]:
        """
        Return the days of all sessions from `first` to `last`, both included.
        """
        self._check_window(first)
        self._check_window(last)
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]

    def _at(self, place: int) -> Session:
        return Session(
            day=self.days[place],
            opens_at=datetime.fromtimestamp(self.opens[place], UTC),
            closes_at=datetime.fromtimestamp(self.closes[place], UTC),
        )

    def _check_window(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise ConfigurationError(f"expected a day from {self.first} to {self.last}, found {day}")


@lru_cache(maxsize=1)
def new_york() -> ExchangeCalendar:
    """
    Return the calendar of XNYS, 2000 to 2035. The first call takes about half a second.
    """
    # Importing exchange_calendars brings pandas, a second of start-up that only a run needs.
    from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar

    with warnings.catch_warnings():
        # The library still uses spellings that pandas 3 deprecates; not ours to mend.
        warnings.simplefilter("ignore")
        exchange = XNYSExchangeCalendar(start=_FIRST.isoformat(), end=_LAST.isoformat())
    return ExchangeCalendar(
        days=tuple(day.date() for day in exchange.sessions),
        opens=[int(nanos) // _NANOS for nanos in exchange.opens_nanos],
        closes=[int(nanos) // _NANOS for nanos in exchange.closes_nanos],
        first=_FIRST,
        last=_LAST,
    )
