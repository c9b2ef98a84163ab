"""
The seeded market as a source of bars, so that a lake can be filled, refreshed and broken without a network.

Bars of a day are the same whenever they are asked for; opens, ranges and volumes are made around the closes.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import Bars, number_of, numbers_of
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.simulation.market import SimulatedMarket


class SimulatedSource(BarSource):
    """
    Bars of any symbol the market knows.
    """

    def __init__(self, market: SimulatedMarket) -> None:
        self._market = market
        self._days = numbers_of(market.sessions)

    @property
    def name(self) -> str:
        """
        Return the label.
        """
        return "market"

    def bars(self, symbols: Sequence[Symbol], *, first: date, last: date) -> Iterator[Bars]:
        """
        Yield the bars of symbols; see the port.
        """
        for symbol in symbols:
            history = self._market.history(symbol)
            asked = (self._days >= number_of(first)) & (self._days <= number_of(last)) & ~np.isnan(history)
            before = np.concatenate([history[:1], history[:-1]])[asked]
            closes = history[asked]
            if not len(closes):
                continue
            opens = np.where(np.isnan(before), closes, np.round((closes + before) / 2, 6))
            yield Bars(
                symbol=symbol,
                days=self._days[asked],
                opens=opens,
                highs=np.round(np.maximum(opens, closes) * 1.002, 6),
                lows=np.round(np.minimum(opens, closes) * 0.998, 6),
                closes=closes,
                adj_closes=closes,
                volumes=np.full(len(closes), 1_000_000.0),
                sources=(self.name,),
                origins=np.zeros(len(closes), dtype=np.int64),
            )
