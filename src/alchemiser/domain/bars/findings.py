"""
What checks find in bars, and what is said to resolve it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

_ALIKE = 1e-3


class Kind(StrEnum):
    """
    What is wrong, or worth a look.
    """

    GAP = "gap"
    NO_SESSION = "no-session"
    PARTIAL = "partial"
    FROZEN = "frozen"
    PRICE = "price"
    RANGE = "range"
    VOLUME = "volume"
    JUMP = "jump"
    SPLIT = "split"
    TICK = "tick"
    UNCONFIRMED = "unconfirmed"
    DISAGREES = "disagrees"
    OPEN = "open"
    MOVE = "move"
    WICK = "wick"
    FACTOR = "factor"
    ENDS = "ohlcv-ends"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """
    One thing that a check found.

    Args:
        day: of the bar to look at.
        measure: how large it is, in the unit of its kind; what an acceptance is bound to.
        why: in words, without the symbol.
        blocks: whether the symbol may not be used until it is resolved.
    """

    day: date
    kind: Kind
    measure: float
    why: str
    blocks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """
    Somebody's or a second source's word that a finding is the truth of the market.

    Args:
        measure: the finding's, so that another size on the same day is another finding.
        because: the evidence.
        by: who says so.
    """

    day: date
    kind: Kind
    measure: float
    because: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.because.strip() or not self.by.strip():
            raise ValueError(f"expected evidence and a name to accept {self.kind} of {self.day}")

    def covers(self, finding: Finding) -> bool:
        """
        Tell whether a finding is the one that was accepted.
        """
        apart = abs(finding.measure - self.measure)
        return (
            finding.kind is self.kind
            and finding.day == self.day
            and apart <= _ALIKE * max(abs(finding.measure), abs(self.measure))
        )
