"""
Clocks that are moved instead of waited for: a whole day takes no wall time.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import ConfigurationError

_WIDTH = 32


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

    def move(self, instant: datetime) -> bool:
        """
        Move to an instant; tell that it has come.
        """
        self.wait_until(instant)
        return True


class SharedClock(Clock):
    """
    One simulated time for several processes, in a file: who waits moves it forward, nobody moves it back.

    It stands while anybody works, so that a process that is slow, or was killed and comes back, misses nothing.

    Args:
        start: what the file says when it is new.
        bound: how far it may be moved from an instant, by what is recorded; None as far as anybody likes. The same
            instant says that somebody is at work.
        nap: lets a moment of real time pass.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: datetime,
        bound: Callable[[datetime], datetime | None],
        nap: Callable[[], object],
    ) -> None:
        if start.utcoffset() is None:
            raise ValueError(f"expected an instant with a time zone, found {start}")
        self._bound = bound
        self._nap = nap
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as exc:
            raise ConfigurationError(
                f"expected a file that can be written as [clock] path, found {path}: {exc}"
            ) from exc
        with self._locked():
            if not os.pread(self._file, _WIDTH, 0):
                self._write(start)

    def now(self) -> datetime:
        """
        Return the instant it stands at.
        """
        with self._locked():
            return self._read()

    def wait_until(self, instant: datetime) -> None:
        """
        Return once the instant has come: moved there by this process, or by another.
        """
        while not self.move(instant):
            self._nap()

    def move(self, instant: datetime) -> bool:
        """
        Move towards an instant as far as may be; tell whether it has come.
        """
        now = self.now()
        if now >= instant:
            return True
        # What is recorded is looked at after the time was read: if others have moved on since, this moves nothing.
        bound = self._bound(now)
        target = instant if bound is None else min(instant, bound)
        with self._locked():
            if target > self._read():
                self._write(target)
            return self._read() >= instant

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> datetime:
        return datetime.fromisoformat(os.pread(self._file, _WIDTH, 0).decode("ascii"))

    def _write(self, instant: datetime) -> None:
        # One write of a fixed width: a process that is killed leaves the old instant or the new one.
        os.pwrite(self._file, instant.astimezone(UTC).isoformat(timespec="microseconds").encode("ascii"), 0)
