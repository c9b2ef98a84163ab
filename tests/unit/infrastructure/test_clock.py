"""
The machine's clock.
"""

from datetime import UTC

from alchemiser.infrastructure.clock import SystemClock


def test_time_is_told_in_utc() -> None:
    """
    The instant carries UTC.
    """
    assert UTC == SystemClock().now().tzinfo


def test_the_past_is_not_waited_for() -> None:
    """
    Waiting for an instant that has passed returns.
    """
    clock = SystemClock()
    earlier = clock.now()

    clock.wait_until(earlier)

    assert clock.now() >= earlier
