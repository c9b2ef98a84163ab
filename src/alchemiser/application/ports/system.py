"""
What a use case asks of the machine it runs on.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """
    The only source of time.
    """

    def now(self) -> datetime:
        """
        Return the instant, in UTC.
        """
        ...

    def wait_until(self, instant: datetime) -> None:
        """
        Return once `instant` has come; at once when it has passed. A simulated clock moves itself there.
        """
        ...


class Rest(Protocol):
    """
    How somebody without work waits for it.
    """

    def until(self, due: datetime | None) -> float:
        """
        Rest a moment, at most until `due`, and return how many seconds of real time that took; None when nothing is
        known to come. A simulated clock moves to `due` instead, once nobody else is at work.
        """
        ...
