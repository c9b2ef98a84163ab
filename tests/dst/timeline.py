"""
Simulated time: who is to go on when. A day of it costs no wall time.

Each simulated process is a greenlet that runs our real code and gives way in every call to the outside. When nothing
else is to happen before a call is over, time moves on without a switch.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import TypeAlias

from greenlet import getcurrent, greenlet

Act: TypeAlias = Callable[[], object]
_TOO_MANY = 400_000


class Stuck(BaseException):
    """
    The day goes round in circles.
    """


class Timeline:
    """
    Seconds since an instant, and what is to happen when.
    """

    def __init__(self, origin: datetime) -> None:
        self.now = 0.0
        self.steps = 0
        self._origin = origin
        self._ends_at = 0.0
        self._acts: list[tuple[float, int, Act]] = []
        self._count = 0
        self._hub = getcurrent()

    def instant(self, seconds: float) -> datetime:
        """
        Return an instant of simulated time as everybody's clock should show it.
        """
        return self._origin + timedelta(microseconds=round(seconds * 1_000_000))

    def seconds(self, instant: datetime) -> float:
        """
        Return an instant in seconds.
        """
        return (instant - self._origin).total_seconds()

    def at(self, when: float, act: Act) -> None:
        """
        Let something happen, at once when its time has passed.
        """
        self._count += 1
        heappush(self._acts, (max(when, self.now), self._count, act))

    def spawn(self, when: float, life: Act) -> None:
        """
        Start a process.
        """
        self.at(when, greenlet(life, self._hub).switch)

    def sleep(self, seconds: float) -> None:
        """
        Give way for a while; only a process may.
        """
        self.steps += 1
        if self.steps > _TOO_MANY:
            raise Stuck(f"more than {_TOO_MANY} steps in a day")
        target = self.now + seconds
        if target <= self._ends_at and (not self._acts or self._acts[0][0] > target):
            self.now = target
            return
        self.at(target, getcurrent().switch)
        self._hub.switch()

    def run(self, until: float, *, is_over: Callable[[], bool]) -> None:
        """
        Let everything happen that is to happen before an instant, or until it is over.
        """
        self._ends_at = until
        while self._acts and self._acts[0][0] <= until and not is_over():
            self.now, _, act = heappop(self._acts)
            act()
        self.now = max(self.now, until)

    def drop(self) -> None:
        """
        Forget what was still to happen.
        """
        self._acts.clear()
