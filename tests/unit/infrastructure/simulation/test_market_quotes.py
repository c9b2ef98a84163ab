"""
Quotes between the simulated closes.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import MissingBars
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.simulation.quotes import SimulatedQuotes

SPY, UVXY, RETL, ARM = Symbol("SPY"), Symbol("UVXY"), Symbol("RETL"), Symbol("ARM")
DAY = date(2026, 7, 31)
OPEN = datetime(2026, 7, 31, 13, 30, tzinfo=UTC)
NOON = datetime(2026, 7, 31, 16, 0, tzinfo=UTC)
CLOSE = datetime(2026, 7, 31, 20, 0, tzinfo=UTC)


class StoppedClock(Clock):
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def wait_until(self, instant: datetime) -> None:
        self.instant = max(self.instant, instant)


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket(new_york())


def quotes_at(market: SimulatedMarket, instant: datetime) -> SimulatedQuotes:
    return SimulatedQuotes(market, StoppedClock(instant))


def test_equal_questions_have_equal_answers(market: SimulatedMarket) -> None:
    """
    The quote of an instant does not depend on what was asked before.
    """
    one, other = quotes_at(market, NOON), quotes_at(market, OPEN)
    other.quote_at(UVXY, CLOSE)

    assert one.quote_at(SPY, NOON) == other.quote_at(SPY, NOON)


def test_latest_is_the_quote_of_now(market: SimulatedMarket) -> None:
    """
    The port asks the clock.
    """
    quotes = quotes_at(market, NOON)

    latest = quotes.latest([SPY, UVXY])

    assert {SPY: quotes.quote_at(SPY, NOON), UVXY: quotes.quote_at(UVXY, NOON)} == latest
    assert NOON == latest[SPY].at


def test_the_day_ends_at_its_close(market: SimulatedMarket) -> None:
    """
    The closing quote's middle is the session's close, within half a cent either side.
    """
    close = market.history(SPY)[market.sessions.index(DAY)]

    quote = quotes_at(market, CLOSE).quote_at(SPY, CLOSE)

    assert abs(float(quote.mid.value) - close) <= 0.01


@pytest.mark.parametrize("hours", [0.5, 30, 60])
def test_after_hours_the_closing_quote_stands(market: SimulatedMarket, hours: float) -> None:
    """
    In the evening and over the weekend the last closing quote is returned, dated at that close.
    """
    quotes = quotes_at(market, CLOSE)

    assert quotes.quote_at(SPY, CLOSE) == quotes.quote_at(SPY, CLOSE + timedelta(hours=hours))
    assert CLOSE == quotes.quote_at(SPY, CLOSE + timedelta(hours=hours)).at


def test_before_the_opening_yesterday_stands(market: SimulatedMarket) -> None:
    """
    Before the opening the quote is that of the close before.
    """
    quotes = quotes_at(market, OPEN)

    early = quotes.quote_at(SPY, OPEN - timedelta(minutes=1))

    assert datetime(2026, 7, 30, 20, 0, tzinfo=UTC) == early.at


def test_the_early_close_ends_the_day(market: SimulatedMarket) -> None:
    """
    On the day after Thanksgiving the quotes stop at 13:00 in New York.
    """
    quotes = quotes_at(market, NOON)

    quote = quotes.quote_at(SPY, datetime(2026, 11, 27, 19, 30, tzinfo=UTC))

    assert datetime(2026, 11, 27, 18, 0, tzinfo=UTC) == quote.at


def test_sides_are_on_ticks_and_apart(market: SimulatedMarket) -> None:
    """
    Through a whole day bid and ask are on cents, at least one apart, and the middle moves.
    """
    quotes = quotes_at(market, OPEN)

    day = [quotes.quote_at(symbol, OPEN + timedelta(minutes=m)) for m in range(391) for symbol in (SPY, RETL)]

    assert all(quote.bid % Decimal("0.01") == quote.ask % Decimal("0.01") == 0 for quote in day)
    assert all(Decimal("0.01") <= quote.ask - quote.bid for quote in day)
    assert len({quote.mid for quote in day}) > 300


@pytest.mark.parametrize(("symbol", "least", "most"), [("SPY", 0.5, 2), ("RETL", 20, 60), ("KMLM", 15, 30)])
def test_spreads_are_those_of_the_listing(market: SimulatedMarket, symbol: str, least: float, most: float) -> None:
    """
    A large fund is quoted a basis point or two wide, a thin one twenty to forty.
    """
    quotes = quotes_at(market, NOON)

    spreads = [quotes.quote_at(Symbol(symbol), NOON + timedelta(minutes=m)).spread_bps for m in range(200)]

    assert least <= sum(spreads) / len(spreads) <= most


def test_the_path_is_continuous(market: SimulatedMarket) -> None:
    """
    Within a second a price moves by a small part of what it moves in a day.
    """
    quotes = quotes_at(market, NOON)
    mids = [float(quotes.quote_at(SPY, NOON + timedelta(seconds=s)).mid.value) for s in range(600)]

    steps = [abs(after / before - 1) for before, after in pairwise(mids)]

    assert max(steps) < 0.001


def test_an_unlisted_symbol_has_no_quote(market: SimulatedMarket) -> None:
    """
    Before its listing a symbol is absent from the latest quotes, and asking for it alone is an error.
    """
    before_listing = datetime(2022, 6, 1, 16, 0, tzinfo=UTC)
    quotes = quotes_at(market, before_listing)

    assert [SPY] == list(quotes.latest([SPY, ARM]))
    with pytest.raises(MissingBars, match="ARM"):
        quotes.quote_at(ARM, before_listing)
