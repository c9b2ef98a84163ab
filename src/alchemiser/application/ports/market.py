"""
What a use case asks of the market: sessions, bars and quotes.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from alchemiser.domain.market import Closes, Quote, Session
from alchemiser.domain.values import Symbol


class Calendar(Protocol):
    """
    The exchange's trading days. Outside the years it knows, every method raises ConfigurationError.
    """

    def session(self, day: date) -> Session:
        """
        Return the session of a day.

        Raises:
            NoSession: the exchange does not trade on that day; names the sessions around it.
        """
        ...

    def previous(self, day: date) -> Session:
        """
        Return the last session strictly before a day, which need not be a session itself.
        """
        ...

    def next(self, day: date) -> Session:
        """
        Return the first session strictly after a day, which need not be a session itself.
        """
        ...

    def sessions(self, first: date, last: date) -> tuple[date, ...]:
        """
        Return the days of all sessions from `first` to `last`, both included, ascending.
        """
        ...


class BarStore(Protocol):
    """
    Completed daily bars.
    """

    def closes(self, symbols: Sequence[Symbol], *, through: date) -> Closes:
        """
        Return the whole history of the symbols, in the order asked, up to and including `through`.

        A date's bars never depend on `through`. A symbol is NaN until it is listed, maybe after `through`.
        A symbol whose bars may not be used has no row; the panel says why.

        Raises:
            MissingBars: there is no bar of some symbols at all, at any date; names every one of them.
            SuspectBars: a bar is no price.
        """
        ...


class DatedBars(BarStore, Protocol):
    """
    A store that knows on which sessions it has bars.
    """

    @property
    def sessions(self) -> tuple[date, ...]:
        """
        Return the sessions through the last bar of any symbol, ascending.
        """
        ...


class Quotes(Protocol):
    """
    The market as it stands now.
    """

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        Return the latest quote of each symbol that has one; a symbol without a quote is absent.
        """
        ...
