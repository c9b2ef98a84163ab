"""
Clocks that are moved.
"""

from datetime import datetime
from pathlib import Path

import pytest

from alchemiser.domain.errors import ConfigurationError
from alchemiser.infrastructure.simulation.clock import ManualClock, SharedClock
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


class TestSharedClock:
    @pytest.fixture
    def bounds(self) -> list[datetime | None]:
        """
        What the records say the time may move to; the last one stays.
        """
        return [None]

    @pytest.fixture
    def clocks(self, tmp_path: Path, bounds: list[datetime | None]) -> tuple[SharedClock, SharedClock]:
        def bound(_now: datetime) -> datetime | None:
            return bounds.pop(0) if len(bounds) > 1 else bounds[0]

        one, other = (
            SharedClock(tmp_path / "clock", start=start, bound=bound, nap=lambda: None) for start in (START, after(99))
        )
        return one, other

    def test_is_one_time_for_all(self, clocks: tuple[SharedClock, SharedClock]) -> None:
        """
        The first to come says where it starts; whoever waits moves it for everybody.
        """
        one, other = clocks
        before = other.now()
        one.wait_until(after(30))

        assert START == before
        assert (after(30), after(30)) == (one.now(), other.now())

    def test_never_goes_back(self, clocks: tuple[SharedClock, SharedClock]) -> None:
        """
        Waiting for the past changes nothing.
        """
        one, other = clocks
        one.wait_until(after(30))
        other.wait_until(after(10))

        assert after(30) == other.now()

    def test_stands_while_somebody_works(
        self, clocks: tuple[SharedClock, SharedClock], bounds: list[datetime | None]
    ) -> None:
        """
        The bound is the instant itself: nothing moves, and it is said that the instant has not come.
        """
        bounds[:] = [START]

        assert clocks[0].move(after(30)) is False
        assert START == clocks[0].now()

    def test_moves_no_further_than_what_is_due(
        self, clocks: tuple[SharedClock, SharedClock], bounds: list[datetime | None]
    ) -> None:
        """
        Who waits for later goes with the others, step by step.
        """
        bounds[:] = [after(10)]
        moved = clocks[0].move(after(30))
        during = clocks[1].now()
        bounds[:] = [after(10), after(20), None]
        clocks[0].wait_until(after(30))

        assert (False, after(10), after(30)) == (moved, during, clocks[1].now())

    def test_refuses_a_place_it_cannot_write_to(self, tmp_path: Path) -> None:
        """
        A folder is no clock.
        """
        with pytest.raises(ConfigurationError, match=r"\[clock\] path"):
            SharedClock(tmp_path, start=START, bound=lambda _: None, nap=lambda: None)
        with pytest.raises(ValueError, match="time zone"):
            SharedClock(tmp_path / "x", start=datetime(2026, 7, 31), bound=lambda _: None, nap=lambda: None)  # noqa: DTZ001
