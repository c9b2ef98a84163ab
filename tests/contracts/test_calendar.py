"""
What every calendar owes; the exchange's own facts are New York's.
"""

from datetime import UTC, date, datetime

import pytest

from alchemiser.application.ports.market import Calendar
from alchemiser.domain.errors import ConfigurationError
from alchemiser.infrastructure.calendar import new_york


@pytest.fixture
def calendar() -> Calendar:
    return new_york()


class CalendarContract:
    def test_session_carries_its_hours_in_utc(self, calendar: Calendar) -> None:
        """
        A winter session runs from 14:30 to 21:00 UTC.
        """
        session = calendar.session(date(2026, 1, 5))

        assert datetime(2026, 1, 5, 14, 30, tzinfo=UTC) == session.opens_at
        assert datetime(2026, 1, 5, 21, 0, tzinfo=UTC) == session.closes_at

    def test_summer_time_moves_the_hours(self, calendar: Calendar) -> None:
        """
        A summer session opens an hour earlier in UTC.
        """
        session = calendar.session(date(2026, 7, 6))

        assert datetime(2026, 7, 6, 13, 30, tzinfo=UTC) == session.opens_at
        assert datetime(2026, 7, 6, 20, 0, tzinfo=UTC) == session.closes_at

    @pytest.mark.parametrize(
        "day",
        [
            pytest.param(date(2025, 11, 28), id="day after Thanksgiving"),
            pytest.param(date(2025, 12, 24), id="Christmas Eve"),
            pytest.param(date(2028, 7, 3), id="day before Independence Day"),
        ],
    )
    def test_early_close(self, calendar: Calendar, day: date) -> None:
        """
        On half days the exchange closes at 13:00 in New York.
        """
        offset_hours = 4 if day.month == 7 else 5

        session = calendar.session(day)

        assert datetime(day.year, day.month, day.day, 13 + offset_hours, tzinfo=UTC) == session.closes_at

    @pytest.mark.parametrize(
        ("year", "count"), [(2001, 248), (2012, 250), (2020, 253), (2024, 252), (2025, 250)], ids=str
    )
    def test_a_year_has_its_sessions(self, calendar: Calendar, year: int, count: int) -> None:
        """
        Years with and without days of mourning and storms have as many sessions as there were.
        """
        assert count == len(calendar.sessions(date(year, 1, 1), date(year, 12, 31)))

    @pytest.mark.parametrize(
        "day",
        [
            pytest.param(date(2001, 9, 11), id="2001-09-11"),
            pytest.param(date(2004, 6, 11), id="mourning for Reagan"),
            pytest.param(date(2007, 1, 2), id="mourning for Ford"),
            pytest.param(date(2012, 10, 29), id="storm"),
            pytest.param(date(2018, 12, 5), id="mourning for Bush"),
            pytest.param(date(2025, 1, 9), id="mourning for Carter"),
            pytest.param(date(2022, 6, 20), id="first Juneteenth"),
        ],
    )
    def test_closed_out_of_the_ordinary(self, calendar: Calendar, day: date) -> None:
        """
        Days on which the exchange stayed closed are no sessions.
        """
        assert () == calendar.sessions(day, day)

    @pytest.mark.parametrize(
        ("day", "nearest"),
        [
            pytest.param(date(2025, 11, 27), "2025-11-26, 2025-11-28", id="Thanksgiving"),
            pytest.param(date(2026, 4, 3), "2026-04-02, 2026-04-06", id="Good Friday"),
            pytest.param(date(2026, 6, 20), "2026-06-18, 2026-06-22", id="weekend after Juneteenth"),
        ],
    )
    def test_no_session_names_its_neighbours(self, calendar: Calendar, day: date, nearest: str) -> None:
        """
        A day without trading is refused with the sessions around it.
        """
        with pytest.raises(ConfigurationError, match=f"found {day}; the nearest: {nearest}"):
            calendar.session(day)

    def test_previous_is_strictly_before(self, calendar: Calendar) -> None:
        """
        The session before a Monday is the Friday before it, also when asked from the Sunday.
        """
        days = [calendar.previous(day).day for day in (date(2026, 1, 12), date(2026, 1, 11))]

        assert [date(2026, 1, 9), date(2026, 1, 9)] == days

    def test_next_is_strictly_after(self, calendar: Calendar) -> None:
        """
        The session after a Friday is the Monday after it, also when asked from the Saturday.
        """
        days = [calendar.next(day).day for day in (date(2026, 1, 9), date(2026, 1, 10))]

        assert [date(2026, 1, 12), date(2026, 1, 12)] == days

    def test_sessions_include_both_ends(self, calendar: Calendar) -> None:
        """
        A week with a holiday has four sessions, its ends among them.
        """
        sessions = calendar.sessions(date(2026, 1, 19), date(2026, 1, 23))

        assert tuple(date(2026, 1, day) for day in (20, 21, 22, 23)) == sessions

    def test_a_year_ahead_is_known(self, calendar: Calendar) -> None:
        """
        The window does not depend on the day the test runs: the last session of 2035 is there.
        """
        session = calendar.session(date(2035, 12, 31))

        assert date(2035, 12, 31) == session.day

    @pytest.mark.parametrize("day", [date(1999, 12, 31), date(2036, 1, 2)])
    def test_outside_the_window(self, calendar: Calendar, day: date) -> None:
        """
        A day outside the calendar's years is refused, never guessed.
        """
        with pytest.raises(ConfigurationError, match=f"expected a day from 2000-01-01 to 2035-12-31, found {day}"):
            calendar.session(day)


class TestExchangeCalendar(CalendarContract):
    """
    The adapter on exchange_calendars.
    """
