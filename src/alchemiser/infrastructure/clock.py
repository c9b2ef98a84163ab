"""
The machine's own clock: the one place that reads time and waits for it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from alchemiser.application.ports.system import Clock, Rest

_LONGEST_NAP_S = 60.0


class SystemClock(Clock):
    """
    Wall-clock time in UTC.
    """

    def now(self) -> datetime:
        """
        Return the instant.
        """
        return datetime.now(UTC)  # noqa: TID251 - the adapter behind the Clock port

    def wait_until(self, instant: datetime) -> None:
        """
        Sleep until the instant; short naps notice a machine that was suspended or set to another time.
        """
        while (left_s := (instant - self.now()).total_seconds()) > 0:
            time.sleep(min(left_s, _LONGEST_NAP_S))  # noqa: TID251 - the adapter behind the Clock port


class NapRest(Rest):
    """
    Naps of real time; at the end of each there may be work again.

    Args:
        clock: whose instants are waited for.
        nap_s: the longest nap.
    """

    def __init__(self, clock: Clock, *, nap_s: float) -> None:
        self._clock = clock
        self._nap_s = nap_s

    def until(self, due: datetime | None) -> float:
        """
        Sleep until the instant, or the longest nap.
        """
        left_s = self._nap_s if due is None else (due - self._clock.now()).total_seconds()
        return nap(min(max(left_s, 0.0), self._nap_s))


class MovedRest(Rest):
    """
    For a clock that is moved: it is moved to what is due; real time passes only when nothing is.

    Args:
        move: moves the clock to an instant if it may; tells whether the instant has come.
        nap_s: the nap when it has not, or nothing is due.
    """

    def __init__(self, move: Callable[[datetime], bool], *, nap_s: float) -> None:
        self._move = move
        self._nap_s = nap_s

    def until(self, due: datetime | None) -> float:
        """
        Move the clock, or nap.
        """
        return 0.0 if due is not None and self._move(due) else nap(self._nap_s)


def nap(seconds: float) -> float:
    """
    Let real time pass, and return how much.
    """
    began = time.monotonic()
    time.sleep(seconds)  # noqa: TID251 - the adapter behind the Rest port
    return time.monotonic() - began
