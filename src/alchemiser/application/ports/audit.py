"""
What an audit asks: is history still what was stored, and is it all there?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """
    The end of the audit chain: how many rows it holds, and the hash that depends on every one of them.
    """

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """
    Something that is not as it was stored; `where` names the row.
    """

    where: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """
    The head as it stood when a run was reported, kept outside of the records.
    """

    run_id: str
    head: Head


class AuditChain(Protocol):
    """
    The chain over every event and every fill.
    """

    def head(self) -> Head:
        """
        Return the end of the chain; a chain without links has seq 0.
        """
        ...

    def flaws(self, *, limit: int = 100) -> tuple[Flaw, ...]:
        """
        Compute the whole chain again; return what was changed, removed or put in between, at most so many.
        """
        ...

    def disagreeing(self, witnessed: Sequence[Witnessed]) -> tuple[Flaw, ...]:
        """
        Return the heads that this chain never had: what was kept of it outside says that it was another.
        """
        ...


class Witness(Protocol):
    """
    Keeps heads of the chain outside of the records, so that records that were put back in time are found.
    """

    def keep(self, witnessed: Witnessed) -> None:
        """
        Keep the head of a run, in place of an earlier one of the same run.

        Raises:
            NotificationError: it could not be kept.
        """
        ...

    def kept(self) -> tuple[Witnessed, ...]:
        """
        Return every head that was kept.

        Raises:
            NotificationError: what was kept cannot be read.
        """
        ...
