"""
Completed bars, or today's quotes as one more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given

from alchemiser.application.live_bars import evidence, with_quotes
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.strategies import Book, Sleeve
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.market import BarsMode, Closes, Quote
from alchemiser.domain.values import Price, Symbol
from support.builders import DAY, START, a_quote
from support.desks import a_desk
from support.symphonies import a_symphony, closes_of
from support.trees import panels

BOOK = Book(
    sleeves=(
        Sleeve(strategy=a_symphony('(weight-equal [(asset "SPY" nil) (asset "TLT" nil)])'), allocation=Decimal(1)),
    )
)
BEFORE = date(2026, 7, 30)


class GivenQuotes(Quotes):
    """
    The quotes a test gives, whatever the time.
    """

    def __init__(self, *quotes: Quote) -> None:
        self._quotes = {quote.symbol: quote for quote in quotes}

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        Return those of the symbols that were given.
        """
        return {symbol: self._quotes[symbol] for symbol in symbols if symbol in self._quotes}


@pytest.fixture(scope="module")
def desk() -> Iterator[Ports]:
    with a_desk({"SPY": "1"}) as ports:
        yield ports


def test_completed_bars_end_on_the_session_before(desk: Ports) -> None:
    """
    Unless told otherwise, no quote is looked at.
    """
    found = evidence(BOOK, replace(desk, quotes=GivenQuotes()), session=DAY, mode=BarsMode.COMPLETED)

    assert (BEFORE, BEFORE, {}) == (found.session, found.closes.sessions[-1], found.quotes)


def test_quotes_become_the_bar_of_the_session(desk: Ports) -> None:
    """
    The middle of the quote is the close; every completed bar stays.
    """
    quotes = GivenQuotes(a_quote("SPY"), a_quote("TLT", "49.90", "50.30"))

    found = evidence(BOOK, replace(desk, quotes=quotes), session=DAY, mode=BarsMode.LIVE_QUOTE)

    completed = evidence(BOOK, desk, session=DAY, mode=BarsMode.COMPLETED).closes
    assert (DAY, [100.0, 50.1]) == (found.session, found.closes.values[:, -1].tolist())
    assert completed.values.tolist() == found.closes.values[:, :-1].tolist()
    assert {"SPY": Price(Decimal(100)), "TLT": Price(Decimal("50.1"))} == found.quotes


@pytest.mark.parametrize(
    "quote",
    [
        a_quote("SPY", "0", "100.10"),
        a_quote("SPY", "100.20", "100.10"),
        a_quote("SPY", "90", "110"),
        a_quote("SPY", at=START - timedelta(seconds=16)),
        a_quote("QQQ"),
    ],
    ids=["one side", "crossed", "wide", "old", "none"],
)
def test_a_quote_that_is_no_market_is_no_bar(desk: Ports, quote: Quote) -> None:
    """
    The symbol has no bar on the session, so that what it decides is undefined.
    """
    found = evidence(
        BOOK, replace(desk, quotes=GivenQuotes(quote, a_quote("TLT"))), session=DAY, mode=BarsMode.LIVE_QUOTE
    )

    assert [True, False] == np.isnan(found.closes.values[:, -1]).tolist()
    assert ["TLT"] == list(found.quotes)


def test_a_bar_is_appended_after_the_last_only() -> None:
    """
    A session that has a bar already cannot be given another.
    """
    closes = closes_of(SPY=[1.0, 2.0])

    with pytest.raises(ValueError, match="expected sessions in ascending order"):
        with_quotes(closes, closes.sessions[-1], {})


@given(panels())
def test_quotes_equal_to_closes_change_nothing(closes: Closes) -> None:
    """
    Completed bars up to a day, with that day's closes as quotes, are the completed bars of the day.
    """
    day = closes.sessions[-1]
    known = {
        symbol: Price(Decimal(repr(float(closes.of(symbol)[-1]))))
        for symbol in closes.symbols
        if not np.isnan(closes.of(symbol)[-1])
    }

    made = with_quotes(closes.upto(closes.sessions[-2]), day, known)

    assert closes.sessions == made.sessions
    assert np.array_equal(closes.values, made.values, equal_nan=True)
