"""
A seeded market: daily closes of any symbol, from 2009 to the end of the calendar.

1. Factors are drawn once for the whole calendar, so a bar never depends on the date up to which it is asked.
2. A listing's return is the sum of its factors and its own noise, or a multiple of another listing's return.
3. Closes compound the returns and pass through the listing's price at the anchor session.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import assert_never

import numpy as np

from alchemiser.application.ports.market import BarStore, Calendar
from alchemiser.domain.errors import MissingBars
from alchemiser.domain.market import Closes, Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.simulation.factors import FactorReturns, factor_returns, pulled_back
from alchemiser.infrastructure.simulation.noise import fat_normals
from alchemiser.infrastructure.simulation.universe import Loaded, Multiple, listing

DEFAULT_SEED = 131
ORIGIN = date(2009, 1, 2)
_HORIZON = date(2035, 12, 31)
_ANCHOR = date(2026, 1, 2)
_WIDEST_OWN = 0.30


class SimulatedMarket(BarStore):
    """
    Daily closes as a function of seed, symbol and session.
    """

    def __init__(self, calendar: Calendar, *, seed: int = DEFAULT_SEED) -> None:
        self.calendar = calendar
        self.seed = seed
        self.sessions = calendar.sessions(ORIGIN, _HORIZON)
        self._factors: FactorReturns | None = None
        self._returns: dict[Symbol, Series] = {}
        self._closes: dict[Symbol, Series] = {}

    def closes(self, symbols: Sequence[Symbol], *, through: date) -> Closes:
        """
        Return the closes of the symbols from the origin, or their listing, through a day; see the port.
        """
        count = bisect_right(self.sessions, through)
        if not count:
            raise MissingBars(symbols, where=f"the simulated market, which begins {self.sessions[0]}")
        values = np.empty((len(symbols), count))
        for row, symbol in enumerate(symbols):
            values[row] = self.history(symbol)[:count]
        return Closes(sessions=self.sessions[:count], symbols=tuple(symbols), values=values)

    def history(self, symbol: Symbol) -> Series:
        """
        Return the closes of a symbol on every session there is, rounded to a millionth, NaN until listed.
        """
        if symbol not in self._closes:
            self._closes[symbol] = self._compounded(symbol)
        return self._closes[symbol]

    def _compounded(self, symbol: Symbol) -> Series:
        kind = listing(symbol)
        growth = np.cumprod(1.0 + self._returns_of(symbol))
        anchor = bisect_right(self.sessions, _ANCHOR) - 1
        closes: Series = np.round(growth * (kind.price / growth[anchor]), 6)
        if kind.listed is not None:
            closes[: bisect_right(self.sessions, kind.listed) - 1] = np.nan
        closes.flags.writeable = False
        return closes

    def _returns_of(self, symbol: Symbol) -> Series:
        if symbol not in self._returns:
            kind = listing(symbol)
            match kind:
                case Loaded():
                    returns = self._loaded(symbol, kind)
                case Multiple():
                    returns = kind.times * self._returns_of(kind.of) - kind.fee
                case _:
                    assert_never(kind)
            self._returns[symbol] = returns
        return self._returns[symbol]

    def _loaded(self, symbol: Symbol, kind: Loaded) -> Series:
        if self._factors is None:
            self._factors = factor_returns(self.seed, len(self.sessions))
        own = fat_normals(self.seed, f"listing/{symbol}", len(self.sessions))
        returns = kind.drift + pulled_back(kind.own_vol * own)
        for factor, load in kind.factors.items():
            returns = returns + load * self._factors[factor]
        return np.clip(returns, -_WIDEST_OWN, _WIDEST_OWN)
