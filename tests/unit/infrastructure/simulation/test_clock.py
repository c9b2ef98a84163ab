"""
Clocks that are moved.
"""

from datetime import datetime

import pytest

from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import START, after


def test_waiting_moves_the_clock() -> None:
    """
    Waiting for an instant takes the clock there at once.
    """
    clock = ManualClock(START)

    clock.wait_until(after(30))

    assert after(30) == clock.now()


def test_the_clock_never_goes_back() -> None:
    """
    Waiting for the past changes nothing.
    """
    clock = ManualClock(after(30))

    clock.wait_until(START)

    assert after(30) == clock.now()


def test_naive_start_is_refused() -> None:
    """
    An instant needs a time zone.
    """
    with pytest.raises(ValueError, match="expected an instant with a time zone"):
        ManualClock(datetime(2026, 7, 31))  # noqa: DTZ001 - the very thing that is refused
