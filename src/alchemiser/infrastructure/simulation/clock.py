"""
A clock that is moved instead of waited for: a whole day takes no wall time.
"""

from datetime import datetime

from alchemiser.application.ports.system import Clock


class ManualClock(Clock):
    """
    Stands still until it is told to wait; never goes back.
    """

    def __init__(self, start: datetime) -> None:
        if start.utcoffset() is None:
            raise ValueError(f"expected an instant with a time zone, found {start}")
        self._now = start

    def now(self) -> datetime:
        """
        Return the instant it stands at.
        """
        return self._now

    def wait_until(self, instant: datetime) -> None:
        """
        Move to an instant at once; one that has passed changes nothing.
        """
        self._now = max(self._now, instant)
