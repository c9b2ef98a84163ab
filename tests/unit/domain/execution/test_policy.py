"""
Which policies can be walked by.
"""

from datetime import timedelta

import pytest

from alchemiser.domain.execution.policy import WalkPolicy


@pytest.mark.parametrize("last_cancel_s", [0.001, 180])
def test_the_last_cancel_is_between_the_last_sending_and_the_close(last_cancel_s: float) -> None:
    """
    With the sending at the earliest, and before the close at the latest.
    """
    last = timedelta(seconds=last_cancel_s)

    assert last == WalkPolicy(last_send=timedelta(minutes=3), last_cancel=last).last_cancel


@pytest.mark.parametrize("last_cancel_s", [-1, 0, 180.001])
def test_a_last_cancel_at_another_time_is_refused(last_cancel_s: float) -> None:
    """
    At the close it cancels nothing, and before the last sending something is sent after it.
    """
    with pytest.raises(ValueError, match="expected the last cancel after the last sending and before the close"):
        WalkPolicy(last_send=timedelta(minutes=3), last_cancel=timedelta(seconds=last_cancel_s))
