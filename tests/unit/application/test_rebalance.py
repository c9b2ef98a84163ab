from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alchemiser.application.ports.market import Quotes
from alchemiser.application.rebalance import plan_now
from alchemiser.domain.errors import UnusableQuote
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Symbol
from support.builders import DAY, RUN, a_quote, a_target
from support.desks import a_desk


class _Spoiled(Quotes):
    def __init__(self, *, bid: str, ask: str) -> None:
        self._bid, self._ask = Decimal(bid), Decimal(ask)

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        return {symbol: replace(a_quote(symbol), bid=self._bid, ask=self._ask) for symbol in symbols}


@pytest.mark.parametrize(
    ("bid", "ask"), [("NaN", "100"), ("100", "NaN"), ("100", "Infinity"), ("0", "100"), ("107", "0"), ("101", "100")]
)
def test_nothing_is_planned_on_a_quote_without_two_sides(bid: str, ask: str) -> None:
    """
    Whatever is no bid below an ask, numbers that are none included, is refused with both sides in the message.
    """
    with a_desk({"SPY": "1"}) as desk:
        ports = replace(desk, quotes=_Spoiled(bid=bid, ask=ask))

        with pytest.raises(UnusableQuote, match=f"SPY: expected a quote with two sides .* bid {bid}, ask {ask}"):
            plan_now(a_target({"SPY": "1"}), ports, run_id=RUN, session=DAY, oldest_quote=timedelta(seconds=15))
