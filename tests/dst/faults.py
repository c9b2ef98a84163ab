"""
What goes wrong, and how often: every call to the outside rolls once.

The probabilities are those of a bad day; at an intensity of 3 all are three times as large, on a calm day all are zero.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from dst.chance import Chance


class Fault(StrEnum):
    """
    One thing that goes wrong in one call.
    """

    CRASH_BEFORE = "crash before the effect"
    CRASH_AFTER = "crash after the effect"
    PAUSE_BEFORE = "pause before the effect"
    PAUSE_AFTER = "pause after the effect"
    LOST_REQUEST = "request lost"
    LATE_REQUEST = "request arrives late"
    LOST_ANSWER = "answer lost"
    RESET = "connection reset after the effect"
    LIMITED = "429 with Retry-After"
    SERVER_ERROR = "500 without effect"
    GATEWAY_TIMEOUT = "504 after the effect"
    REJECTED = "rejected with a documented reason"
    LAGGING = "shown as it was a moment ago"
    LOCKED = "database locked"
    LOCKED_LONG = "database locked for a while, then free"
    COMMIT_UNKNOWN = "commit done, answer lost"
    NO_QUOTES = "quotes fail"
    MAIL_LOST = "mail not delivered"
    MAIL_TWICE = "mail delivered, answer lost"
    DELIVERED_TWICE = "message delivered twice"
    OUT_OF_ORDER = "message out of order"
    CLOCK_JUMP = "clock jumps"


_ANYWHERE = ((Fault.CRASH_BEFORE, 0.0010), (Fault.CRASH_AFTER, 0.0010), (Fault.PAUSE_BEFORE, 0.0006))
_ANYWHERE_TOO = ((Fault.PAUSE_AFTER, 0.0006), (Fault.CLOCK_JUMP, 0.0004))
_READS = (*_ANYWHERE, *_ANYWHERE_TOO, (Fault.LOCKED, 0.001), (Fault.LOCKED_LONG, 0.0005))
_WRITES = (*_READS, (Fault.COMMIT_UNKNOWN, 0.003), (Fault.LOCKED, 0.001))
_LINE = ((Fault.LIMITED, 0.004), (Fault.SERVER_ERROR, 0.004), (Fault.LOST_REQUEST, 0.004), (Fault.LOST_ANSWER, 0.004))
_LOOKS = (*_ANYWHERE, *_ANYWHERE_TOO, *_LINE)
_LAGS = ((Fault.LAGGING, 0.1),)
_SENDS = (
    (Fault.CRASH_BEFORE, 0.01),
    (Fault.CRASH_AFTER, 0.02),
    (Fault.PAUSE_BEFORE, 0.01),
    (Fault.PAUSE_AFTER, 0.005),
    (Fault.LOST_REQUEST, 0.03),
    (Fault.LATE_REQUEST, 0.03),
    (Fault.LOST_ANSWER, 0.03),
    (Fault.RESET, 0.02),
    (Fault.LIMITED, 0.02),
    (Fault.SERVER_ERROR, 0.02),
    (Fault.GATEWAY_TIMEOUT, 0.02),
    (Fault.REJECTED, 0.02),
)
_CANCELS = tuple(one for one in _SENDS if one[0] is not Fault.REJECTED)
_QUOTES = ((Fault.NO_QUOTES, 0.01),)
_MAIL = ((Fault.MAIL_LOST, 0.15), (Fault.MAIL_TWICE, 0.1), (Fault.CRASH_AFTER, 0.05), (Fault.CRASH_BEFORE, 0.05))
_CALLS = {
    "read": _READS,
    "write": _WRITES,
    "claim": _WRITES,
    "twice": ((Fault.DELIVERED_TWICE, 0.01),),
    "order": ((Fault.OUT_OF_ORDER, 0.02),),
    "look": _LOOKS,
    "lag": _LAGS,
    "send": _SENDS,
    "cancel": _CANCELS,
    "quotes": _QUOTES,
    "mail": _MAIL,
}


# Rolled beside a call, for what comes of it.
_NO_CALLS = {"lag", "order", "twice", "quotes"}


class Faults:
    """
    Rolls for each call; counts what came of it.
    """

    def __init__(self, chance: Chance, *, intensity: int) -> None:
        self.chance = chance
        self.counts: Counter[str] = Counter()
        self._intensity = intensity
        self._totals = {call: sum(part for _, part in table) for call, table in _CALLS.items()}
        self._is_calm = not intensity

    def rest(self) -> None:
        """
        Let nothing go wrong from now on.
        """
        self._is_calm = True

    def wake(self) -> None:
        """
        Begin again.
        """
        self._is_calm = not self._intensity

    def of(self, call: str) -> Fault | None:
        """
        Roll for a call of a kind.
        """
        if self._is_calm:
            return None
        rolled = self.chance.unit() / self._intensity
        if rolled >= self._totals[call]:
            return None
        for fault, part in _CALLS[call]:
            if rolled < part:
                self.counts[fault.value] += 1
                return fault
            rolled -= part
        return None


class Crashes(Faults):
    """
    Nothing goes wrong but crashes at chosen calls, counted from 1 in the order they are made.
    """

    def __init__(self, at: Mapping[int, Fault]) -> None:
        super().__init__(Chance("crashes"), intensity=0)
        self.calls = 0
        self._at = at

    def of(self, call: str) -> Fault | None:
        """
        Return the crash that is planned for this call.
        """
        if call in _NO_CALLS:
            return None
        self.calls += 1
        return self._at.get(self.calls)


class Script(Faults):
    """
    Nothing goes wrong but what is written: for each kind of call what becomes of the first, the second and so on.
    """

    def __init__(self, **calls: Sequence[Fault | None]) -> None:
        super().__init__(Chance("script"), intensity=0)
        self._left = {call: list(faults) for call, faults in calls.items()}

    def of(self, call: str) -> Fault | None:
        """
        Return what is written for this call.
        """
        left = self._left.get(call)
        fault = left.pop(0) if left else None
        if fault is not None:
            self.counts[fault.value] += 1
        return fault
