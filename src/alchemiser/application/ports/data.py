"""
What the keeping of market data asks of the outside: sources of bars, and the lake they are kept in.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from alchemiser.domain.bars.history import Bars, History
from alchemiser.domain.market import Session
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """
    One line of the lake's own log, which is only ever added to.

    Args:
        kind: what happened: `restated`, `repaired`, `imported`, `unknown-symbol`.
        why: in words.
        by: who or what did it.
    """

    at: datetime
    kind: str
    symbol: Symbol
    why: str
    by: str


class BarSource(Protocol):
    """
    Somebody who sells or gives away daily bars.
    """

    @property
    def name(self) -> str:
        """
        Return what its bars are labelled with.
        """
        ...

    def bars(self, symbols: Sequence[Symbol], *, first: date, last: date) -> Iterator[Bars]:
        """
        Yield each symbol's bars from one day to another, both included, as they come; a symbol without any is absent.

        Raises:
            SourceUnavailable: no definite answer came, however often it was asked.
            SourceRefused: the keys or the subscription do not allow it.
            DataError: the answer is none, or not what was asked for.
        """
        ...


class Lake(Protocol):
    """
    The histories of all symbols, each written whole or not at all.
    """

    def symbols(self) -> tuple[Symbol, ...]:
        """
        Return every symbol there is, ascending.
        """
        ...

    def read(self, symbol: Symbol) -> History | None:
        """
        Return a symbol's history, None when there is none.

        Raises:
            SuspectBars: it is damaged.
            DataError: the store cannot be reached.
        """
        ...

    def write(self, history: History) -> None:
        """
        Keep a history in place of the one before; for good once this returns.

        Raises:
            DataError: it cannot be kept; what was there before still is.
        """
        ...

    def alone(self, symbol: Symbol) -> AbstractContextManager[None]:
        """
        Wait until nobody else works on a symbol, and keep others from it meanwhile.
        """
        ...

    def log(self, note: Note) -> None:
        """
        Add a note.
        """
        ...


class LakeLog(Protocol):
    """
    The notes of a lake.
    """

    def notes(self) -> tuple[Note, ...]:
        """
        Return every note, oldest first.
        """
        ...


class ExchangeHours(Protocol):
    """
    Somebody else's word on when the exchange is open, such as the broker's.
    """

    def sessions(self, first: date, last: date) -> tuple[Session, ...]:
        """
        Return the sessions from one day to another, both included.
        """
        ...

    def now(self) -> datetime:
        """
        Return their clock's time.
        """
        ...
