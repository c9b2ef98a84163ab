"""
The machine's own clock: the one place that reads time and waits for it.
"""

import time
from datetime import UTC, datetime

from alchemiser.application.ports.system import Clock

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
