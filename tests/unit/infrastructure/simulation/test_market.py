"""
The seeded market as a whole.
"""

import hashlib
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alchemiser.application.ports.market import Calendar
from alchemiser.domain.errors import ConfigurationError
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket

STRATEGIES = Path(__file__).parents[4] / "strategies"
NAMED = sorted(
    {
        Symbol(ticker)
        for file in STRATEGIES.glob("*.clj")
        for ticker in re.findall(
            r'\((?:asset|rsi|current-price|[a-z-]+-return|[a-z-]+-price) "(\w+)"', file.read_text()
        )
    }
)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return new_york()


@pytest.fixture(scope="module")
def market(calendar: Calendar) -> SimulatedMarket:
    return SimulatedMarket(calendar)


def returns_of(market: SimulatedMarket, symbol: str) -> Series:
    closes = market.closes([Symbol(symbol)], through=date(2026, 6, 30)).of(Symbol(symbol))
    return closes[1:] / closes[:-1] - 1


@pytest.mark.parametrize("day", [date(2016, 1, 4), date(2026, 7, 31), date(2035, 12, 31)])
def test_every_symbol_of_the_strategies_has_a_long_history(market: SimulatedMarket, day: date) -> None:
    """
    Up to any date there are at least 1,600 sessions of every symbol the shipped strategies name.
    """
    closes = market.closes(NAMED, through=day)

    assert len(closes.sessions) >= 1_600
    assert not np.isnan(closes.values).any()


def test_prices_stay_sane(market: SimulatedMarket) -> None:
    """
    From 2016 on every listing of the strategies costs between two cents and a hundred thousand dollars.
    """
    closes = market.closes(NAMED, through=date(2035, 12, 31))
    since = closes.sessions.index(date(2016, 1, 4))

    assert closes.values[:, since:].min() > 0.02
    assert closes.values[:, since:].max() < 100_000


@pytest.mark.parametrize(
    ("fund", "times", "underlying"),
    [
        ("TQQQ", 3, "QQQ"),
        ("SQQQ", -3, "QQQ"),
        ("PSQ", -1, "QQQ"),
        ("QID", -2, "QQQ"),
        ("UPRO", 3, "SPY"),
        ("SPXL", 3, "SPY"),
        ("TECL", 3, "XLK"),
        ("SOXL", 3, "SMH"),
        ("TMF", 3, "TLT"),
        ("TMV", -3, "TLT"),
        ("UVXY", 1.5, "VIXY"),
        ("SVIX", -1, "VIXY"),
    ],
)
def test_leveraged_funds_are_multiples(market: SimulatedMarket, fund: str, times: float, underlying: str) -> None:
    """
    A leveraged or inverse fund returns its multiple of the underlying every day, less a fee.
    """
    surplus = returns_of(market, fund) - times * returns_of(market, underlying)

    assert np.all((surplus > -5e-5) & (surplus < 0))


def test_volatility_answers_the_market(market: SimulatedMarket) -> None:
    """
    Volatility rises when the market falls, and its funds decay over the years.
    """
    correlation = np.corrcoef(returns_of(market, "VIXY"), returns_of(market, "SPY"))[0, 1]
    uvxy = market.closes([Symbol("UVXY")], through=date(2026, 6, 30)).of(Symbol("UVXY"))

    assert correlation < -0.6
    assert uvxy[-1] < uvxy[0] / 20


def test_the_market_has_fat_tails_and_clusters(market: SimulatedMarket) -> None:
    """
    Extreme days are more frequent than a normal distribution has them, and big days follow big days.
    """
    spy = returns_of(market, "SPY")
    size = np.abs(spy)

    assert np.mean((spy - spy.mean()) ** 4) / spy.var() ** 2 > 4
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1


def test_the_same_seed_is_the_same_market(calendar: Calendar, market: SimulatedMarket) -> None:
    """
    A market built anew, asked in another order, has the same closes to the last bit.
    """
    again = SimulatedMarket(calendar)

    backwards = again.closes(NAMED[::-1], through=date(2026, 7, 31)).values[::-1]

    assert np.array_equal(market.closes(NAMED, through=date(2026, 7, 31)).values, backwards)


def test_another_seed_is_another_market(calendar: Calendar, market: SimulatedMarket) -> None:
    """
    The seed decides.
    """
    other = SimulatedMarket(calendar, seed=market.seed + 1)

    assert not np.array_equal(returns_of(market, "SPY"), returns_of(other, "SPY"))


def test_closes_are_the_same_on_every_machine(market: SimulatedMarket) -> None:
    """
    The fingerprint of a few thousand closes is written down: changing the model has to change it on purpose.
    """
    symbols = [Symbol(name) for name in ("SPY", "TQQQ", "UVXY", "BIL", "KMLM", "OKLO")]

    values = market.closes(symbols, through=date(2026, 7, 31)).values

    assert "fbcde2fdc6dd0212" == hashlib.sha256(values.astype("<f8").tobytes()).hexdigest()[:16]


def test_any_other_ticker_is_a_stock(market: SimulatedMarket) -> None:
    """
    A symbol nobody described has a whole history of its own, moving with the market.
    """
    closes = market.closes([Symbol("XYZW"), Symbol("BRK/B")], through=date(2026, 7, 31))

    assert not np.isnan(closes.values).any()
    assert np.corrcoef(returns_of(market, "XYZW"), returns_of(market, "SPY"))[0, 1] > 0.2


def test_beyond_the_calendar_there_are_no_sessions(calendar: Calendar) -> None:
    """
    The simulation ends with the calendar and says so.
    """
    with pytest.raises(ConfigurationError, match="expected a day from 2000-01-01 to 2035-12-31"):
        calendar.next(date(2036, 1, 1))
