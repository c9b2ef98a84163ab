"""
The machine's clock.
"""

from datetime import UTC, timedelta

from alchemiser.infrastructure.clock import MovedRest, NapRest, SystemClock


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


def test_a_rest_ends_when_something_is_due_or_after_a_nap() -> None:
    """
    It tells how long it was, and never rests for what has passed.
    """
    clock = SystemClock()
    past, future = (clock.now() + timedelta(hours=hours) for hours in (-1, 1))

    assert NapRest(clock, nap_s=3600.0).until(past) < 3600
    assert NapRest(clock, nap_s=0.002).until(future) >= 0.002
    assert NapRest(clock, nap_s=0.002).until(None) >= 0.002


def test_a_moved_rest_takes_real_time_only_when_it_cannot_move() -> None:
    """
    A simulated clock is moved to what is due; without anything due, or while others work, real time passes.
    """
    instant = SystemClock().now()

    assert 0.0 == MovedRest(lambda _: True, nap_s=0.002).until(instant)
    assert MovedRest(lambda _: False, nap_s=0.002).until(instant) >= 0.002
    assert MovedRest(lambda _: True, nap_s=0.002).until(None) >= 0.002
