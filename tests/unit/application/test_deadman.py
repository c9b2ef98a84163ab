"""
Which session a dead-man check asks for.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from alchemiser.application.deadman import session_due
from alchemiser.infrastructure.calendar import new_york

_FIRST = date(2026, 7, 31)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 8, 3, 20, 9, tzinfo=UTC), date(2026, 7, 31)),
        (datetime(2026, 8, 3, 20, 10, tzinfo=UTC), date(2026, 8, 3)),
        (datetime(2026, 8, 2, 12, 0, tzinfo=UTC), date(2026, 7, 31)),
        (datetime(2026, 11, 27, 18, 9, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 27, 18, 10, tzinfo=UTC), date(2026, 11, 27)),
        (datetime(2026, 12, 1, 21, 10, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 7, 31, 20, 9, tzinfo=UTC), None),
    ],
    ids=["before its time", "at its time", "weekend", "early close, before", "early close", "winter", "none yet"],
)
def test_it_is_the_last_that_has_to_be_over(now: datetime, expected: date | None) -> None:
    """
    Ten minutes after the close, which may be an early one, and never before the first that is traded.
    """
    assert expected == session_due(now, new_york(), after_close=timedelta(minutes=10), first=_FIRST)
