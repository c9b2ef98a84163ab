"""
Hold our calendar and clock against somebody else's; a run that is wrong about either must not start.

1. every session around the day has the same day, opening and closing in both;
2. the two clocks are within a few seconds of each other.
"""

from datetime import date, timedelta

from alchemiser.application.ports.data import ExchangeHours
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import CalendarMismatch
from alchemiser.domain.market import Session

_AROUND = timedelta(days=14)
_APART = timedelta(seconds=30)


def check_hours(calendar: Calendar, hours: ExchangeHours, clock: Clock, *, around: date) -> None:
    """
    Refuse to go on where the two differ around a day.

    Raises:
        CalendarMismatch: they do; names what each says.
        DataError: the other side gives no answer that can be read.
    """
    check_sessions(calendar, hours, first=around - _AROUND, last=around + _AROUND)
    ours, theirs = clock.now(), hours.now()
    if abs(ours - theirs) > _APART:
        raise CalendarMismatch(
            f"expected clocks within {_APART.total_seconds():.0f} s of each other, "
            f"found {ours:%Y-%m-%d %H:%M:%S} UTC here and {theirs.astimezone(ours.tzinfo):%Y-%m-%d %H:%M:%S} UTC there"
        )


def check_sessions(calendar: Calendar, hours: ExchangeHours, *, first: date, last: date) -> int:
    """
    Compare every session from one day to another, and return how many there are.

    Raises:
        CalendarMismatch: one differs, or is in one of the two alone.
    """
    ours = {day: calendar.session(day) for day in calendar.sessions(first, last)}
    theirs = {one.day: one for one in hours.sessions(first, last)}
    for day in sorted({*ours, *theirs}):
        mine, other = ours.get(day), theirs.get(day)
        if mine != other:
            raise CalendarMismatch(f"{day}: expected the hours {_told(mine)}, the other calendar says {_told(other)}")
    return len(ours)


def _told(session: Session | None) -> str:
    if session is None:
        return "of no session"
    zone = session.opens_at.utcoffset()
    opens, closes = session.opens_at - (zone or timedelta()), session.closes_at - (zone or timedelta())
    return f"from {opens:%H:%M} to {closes:%H:%M} UTC"
