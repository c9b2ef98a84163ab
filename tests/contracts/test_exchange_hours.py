"""
What the broker's calendar and clock tell, and what is made of it when they differ from ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alchemiser.application.hours import check_hours, check_sessions
from alchemiser.domain.errors import CalendarMismatch, DataError
from alchemiser.domain.market import Session
from alchemiser.infrastructure.alpaca.calendar import AlpacaHours, alpaca_hours
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.houses import alchemiser
from support.vendors import KEY, SECRET, Fault, Vendors, serving

THANKSGIVING = date(2025, 11, 27)
NOW = datetime(2025, 11, 26, 15, 0, tzinfo=UTC)


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with serving(Vendors()) as told:
        told.now = NOW
        yield told


def hours(vendors: Vendors) -> AlpacaHours:
    """
    Return the broker's word, with no patience.
    """
    return alpaca_hours(KEY, SECRET, url=vendors.url, clock=ManualClock(NOW))


def around(day: date) -> Sequence[Session]:
    """
    Return our sessions of the weeks around a day.
    """
    calendar = new_york()
    return [calendar.session(one) for one in calendar.sessions(day - timedelta(days=20), day + timedelta(days=20))]


def test_two_calendars_that_agree_agree_on_every_session(vendors: Vendors) -> None:
    """
    Every session from 2000 to 2029, as far as theirs goes, has the same hours in both, early closes included.
    """
    assert 7_543 == check_sessions(new_york(), hours(vendors), first=date(2000, 1, 1), last=date(2029, 12, 31))


def test_clocks_that_agree_let_a_run_start(vendors: Vendors) -> None:
    """
    The same calendar and time raise nothing.
    """
    check_hours(new_york(), hours(vendors), ManualClock(NOW), around=THANKSGIVING)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param(
            lambda one: replace(one, closes_at=one.closes_at + timedelta(hours=3)) if one.day.day == 28 else one,
            "2025-11-28: expected the hours from 14:30 to 18:00 UTC, the other calendar says from 14:30 to 21:00 UTC",
            id="an early close they do not know",
        ),
        pytest.param(
            lambda one: None if one.day == date(2025, 11, 26) else one,
            "2025-11-26: expected the hours from 14:30 to 21:00 UTC, the other calendar says of no session",
            id="a session they do not have",
        ),
        pytest.param(
            lambda one: (
                replace(
                    one,
                    day=THANKSGIVING,
                    opens_at=one.opens_at + timedelta(days=1),
                    closes_at=one.closes_at + timedelta(days=1),
                )
                if one.day == date(2025, 11, 26)
                else one
            ),
            "2025-11-26: expected",
            id="a session on a holiday of ours",
        ),
    ],
)
def test_another_calendar_stops(vendors: Vendors, changed: object, words: str) -> None:
    """
    One session that differs is named with what each says.
    """
    assert callable(changed)
    vendors.sessions = [one for one in map(changed, around(THANKSGIVING)) if one is not None]

    with pytest.raises(CalendarMismatch, match=words):
        check_hours(new_york(), hours(vendors), ManualClock(NOW), around=THANKSGIVING)


def test_another_time_stops(vendors: Vendors) -> None:
    """
    A clock that is a minute off would place orders at the wrong time.
    """
    vendors.now = NOW + timedelta(minutes=1)

    with pytest.raises(CalendarMismatch, match="expected clocks within 30 s of each other, found 2025-11-26 15:00:00"):
        check_hours(new_york(), hours(vendors), ManualClock(NOW), around=THANKSGIVING)


@pytest.mark.parametrize("body", ['{"timestamp":"2025-11-26T15:00:00"}', "{}", "[]", '{"timestamp":7}'])
def test_a_time_that_is_none_is_an_error(vendors: Vendors, body: str) -> None:
    """
    A time without an offset, or no time, is told.
    """
    vendors.faults.append(Fault(body=body))

    with pytest.raises(DataError, match="alpaca: expected"):
        hours(vendors).now()


def test_a_run_does_not_start_on_another_clock(
    vendors: Vendors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    With the broker's hours asked for, a run whose clock differs ends before anything is recorded.
    """
    monkeypatch.setenv("APCA_API_KEY_ID", KEY)
    monkeypatch.setenv("APCA_API_SECRET_KEY", SECRET)

    told = alchemiser(
        "run", folder=tmp_path, SCHEDULE__HOURS="alpaca", ALPACA__TRADING_URL=vendors.url, OUTBOX__DIRECTORY="out"
    )

    assert 1 == told.code
    assert "expected clocks within 30 s of each other" in told.err
