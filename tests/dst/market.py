"""
A seeded market: quotes that change every five seconds, some of them unfit to trade on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from alchemiser.domain.market import Quote
from alchemiser.domain.values import Symbol
from dst.chance import Chance
from dst.scenario import Listing, Scenario
from dst.timeline import Timeline

_BUCKET_S = 5
_WALK_S = 60
_CENT, _SUB_PENNY = Decimal("0.01"), Decimal("0.0001")
_UNFIT = 0.01


class Market:
    """
    What every process can see of prices.
    """

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        self.listings: Mapping[Symbol, Listing] = {listing.symbol: listing for listing in scenario.listings}
        self.is_calm = False
        self._scenario = scenario
        self._timeline = timeline
        self._closes_at = 0.0
        self._quotes: dict[tuple[Symbol, int], Quote | None] = {}

    def open(self, *, closes_at: float) -> None:
        """
        Begin a session.
        """
        self._closes_at = closes_at
        self.is_calm = False

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        Return what is quoted now.
        """
        found = {symbol: self.quote(symbol) for symbol in symbols if symbol in self.listings}
        return {symbol: quote for symbol, quote in found.items() if quote is not None}

    def middle(self, symbol: Symbol) -> Decimal:
        """
        Return where the market really stands, whatever is quoted.
        """
        listing, now = self.listings[symbol], self._timeline.now
        price = listing.price
        if self._scenario.intensity:
            price *= 1 + Decimal(Chance(self._scenario.seed, symbol, int(now // _WALK_S)).below(161) - 80) / 10_000
        if listing.gap_at is not None and self._closes_at - now < listing.gap_at:
            price *= listing.gap
        return price.quantize(_CENT if price >= 2 else _SUB_PENNY)

    def quote(self, symbol: Symbol) -> Quote | None:
        """
        Return the quote of this instant, which may be stale, crossed, one-sided, too wide, or none.
        """
        bucket = int(self._timeline.now // _BUCKET_S)
        key = (symbol, bucket)
        if key not in self._quotes:
            self._quotes[key] = self._drawn(symbol, bucket)
        return self._quotes[key]

    def _drawn(self, symbol: Symbol, bucket: int) -> Quote | None:
        listing, middle = self.listings[symbol], self.middle(symbol)
        at = self._timeline.instant(bucket * _BUCKET_S)
        half = max(listing.spread / 2, _SUB_PENNY)
        fair = Quote(symbol=symbol, bid=middle - half, ask=middle + half, at=at, source="simulation")
        unfit = 0.0 if self.is_calm else _UNFIT * self._scenario.intensity
        chance = Chance(self._scenario.seed, "quote", symbol, bucket)
        if not unfit or not chance.happens(unfit):
            return fair
        return _spoiled(fair, at, self._timeline.instant(bucket * _BUCKET_S - 60), chance)


def _spoiled(fair: Quote, at: datetime, earlier: datetime, chance: Chance) -> Quote | None:
    zero = Decimal(0)
    bid, ask = fair.bid, fair.ask
    faces = (
        None,
        Quote(symbol=fair.symbol, bid=bid, ask=zero, at=at, source="one-sided"),
        Quote(symbol=fair.symbol, bid=zero, ask=ask, at=at, source="one-sided"),
        Quote(symbol=fair.symbol, bid=ask, ask=bid, at=at, source="crossed"),
        Quote(symbol=fair.symbol, bid=bid, ask=ask * 2, at=at, source="wide"),
        Quote(symbol=fair.symbol, bid=bid * 3, ask=ask * 3, at=at, source="bad tick"),
        Quote(symbol=fair.symbol, bid=bid, ask=ask, at=earlier, source="stale"),
        Quote(symbol=fair.symbol, bid=Decimal("NaN"), ask=ask, at=at, source="no number"),
    )
    return chance.pick(faces)
