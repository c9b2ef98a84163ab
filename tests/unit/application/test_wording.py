from dataclasses import replace
from decimal import Decimal

import pytest

from alchemiser.application.wording import dollars, percent, price, rung_words, shares, short_percent
from alchemiser.domain.values import Money, Price, Quantity, Side
from support.builders import a_body, an_intent


@pytest.mark.parametrize(
    ("side", "limit", "words"),
    [
        (Side.BUY, "100.05", "rung 5 at 75 %"),
        (Side.SELL, "99.95", "rung 5 at 75 %"),
        (Side.BUY, "99.90", "rung 5 at 0 %"),
        (Side.BUY, "100.0999", "rung 5 at 99 %"),
        (Side.BUY, "100.10", "across the spread"),
        (Side.BUY, "100.60", "across the spread"),
        (Side.SELL, "99.40", "across the spread"),
        (Side.BUY, "99.80", "behind the spread"),
        (Side.SELL, "100.20", "behind the spread"),
    ],
)
def test_an_attempt_stands_where_its_limit_does(side: Side, limit: str, words: str) -> None:
    """
    The words follow from limit and quote, however many rungs the profile has.
    """
    assert words == rung_words(an_intent(a_body("SPY", side, "10", limit), rung=4))


def test_a_limit_in_a_market_without_a_spread_is_across() -> None:
    """
    Where bid and ask are one, a limit at that price meets the other side.
    """
    intent = an_intent(a_body(limit="100"))

    assert "across the spread" == rung_words(replace(intent, bid=Price(Decimal(100)), ask=Price(Decimal(100))))


@pytest.mark.parametrize(
    ("value", "words"),
    [("1234.5", "1,234.50"), ("100.0055", "100.0055"), ("100.005", "100.0050"), ("0.5", "0.5000")],
)
def test_no_part_of_a_cent_is_hidden(value: str, words: str) -> None:
    """
    A price has cents, or four decimals where cents would hide something.
    """
    assert words == price(Price(Decimal(value)))


def test_amounts_read_the_same_everywhere() -> None:
    """
    Thousands are apart, zeros that say nothing are left out, signs stand first.
    """
    words = (dollars(Money(Decimal("-12345.675"))), shares(Quantity(Decimal("1250.500"))), percent(Decimal("0.25")))

    assert ("-$12,345.68", "1,250.5", "25.00 %") == words
    assert ("25 %", "33.3333 %") == (short_percent(Decimal("0.25")), short_percent(Decimal(1) / 3))
