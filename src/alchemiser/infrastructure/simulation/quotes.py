"""
Quotes between the simulated closes, as a function of seed, symbol and instant.

1. A session's path begins at the close before plus a gap, and ends at its own close.
2. In between it is a bridge: the middle of a stretch is pushed aside by hashed noise, half a stretch a step,
   down to three quarters of a second. Any instant is found without walking the path.
3. The spread is the listing's usual one, wider in the first minutes, never below a tick.
4. Outside opening hours the last session's closing quote stands, dated at that close.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np

from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import MissingBars
from alchemiser.domain.market import Quote, Session
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.simulation.noise import hashed_normal
from alchemiser.infrastructure.simulation.universe import listing

SOURCE = "simulation"

_DEPTH = 15
_GAP_OF_RETURN = 0.3
_GAP_OF_VOL = 0.35
_INTRADAY_OF_VOL = 0.7
_VOL_SESSIONS = 20
_LEAST_VOL = 0.00005
_OPENING_MINUTES = 20
_CENT, _SUB_PENNY = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """
    What a symbol does in one session: returns on the close before, at the opening and at the close.

    Args:
        pushes: the noise of the stretches that were asked for, by level and start; the upper ones are in every answer.
    """

    key: str
    before: float
    opening: float
    closing: float
    vol: float
    pushes: dict[tuple[int, float], float] = field(default_factory=dict)


class SimulatedQuotes(Quotes):
    """
    The simulated market as a clock's time of it.
    """

    def __init__(self, market: SimulatedMarket, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._paths: dict[tuple[Symbol, int], _Path | None] = {}

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        Return the quotes of this instant; a symbol that is not listed yet is absent.
        """
        now = self._clock.now()
        quotes = {symbol: self._quote(symbol, now) for symbol in symbols}
        return {symbol: quote for symbol, quote in quotes.items() if quote is not None}

    def quote_at(self, symbol: Symbol, instant: datetime) -> Quote:
        """
        Return the quote of any instant; equal questions have equal answers.

        Raises:
            MissingBars: the symbol is not listed then.
            ConfigurationError: the instant is outside the calendar.
        """
        quote = self._quote(symbol, instant)
        if quote is None:
            raise MissingBars([symbol], where=f"the simulated market at {instant:%Y-%m-%d %H:%M}")
        return quote

    def _quote(self, symbol: Symbol, instant: datetime) -> Quote | None:
        place, session = self._session_at(instant)
        at = min(instant, session.closes_at)
        path = self._path(symbol, place)
        if path is None:
            return None
        passed = (at - session.opens_at) / (session.closes_at - session.opens_at)
        minutes = (at - session.opens_at).total_seconds() / 60
        price = path.before * (1.0 + _return_at(path, passed))
        bid, ask = _sides(price, _spread_bps(symbol, path.key, minutes))
        return Quote(symbol=symbol, bid=bid, ask=ask, at=at, source=SOURCE)

    def _session_at(self, instant: datetime) -> tuple[int, Session]:
        calendar, sessions = self._market.calendar, self._market.sessions
        place = bisect_right(sessions, instant.date()) - 1
        session = calendar.session(sessions[place])
        if instant >= session.opens_at:
            return place, session
        return place - 1, calendar.session(sessions[place - 1])

    def _path(self, symbol: Symbol, place: int) -> _Path | None:
        if (symbol, place) not in self._paths:
            self._paths[symbol, place] = self._new_path(symbol, place)
        return self._paths[symbol, place]

    def _new_path(self, symbol: Symbol, place: int) -> _Path | None:
        closes = self._market.history(symbol)
        close, before = float(closes[place]), float(closes[max(0, place - 1)])
        if math.isnan(close):
            return None
        if math.isnan(before):
            before = close
        recent = closes[max(0, place - _VOL_SESSIONS) : place]
        moves = np.abs(recent[1:] / recent[:-1] - 1.0)
        usual = moves[~np.isnan(moves)]
        closing = close / before - 1.0
        vol = max(_LEAST_VOL, float(usual.mean()) if len(usual) else abs(closing))
        key = f"{self._market.seed}/{symbol}/{self._market.sessions[place]}"
        gap = _GAP_OF_RETURN * closing + _GAP_OF_VOL * vol * hashed_normal(f"{key}/open")
        return _Path(key=key, before=before, opening=max(gap, -0.5), closing=closing, vol=_INTRADAY_OF_VOL * vol)


def _return_at(path: _Path, passed: float) -> float:
    left, right = path.opening, path.closing
    if passed >= 1.0:
        return right
    start, length = 0.0, 1.0
    for level in range(_DEPTH):
        noise = path.pushes.get((level, start))
        if noise is None:
            noise = path.pushes[level, start] = hashed_normal(f"{path.key}/{level}/{start}")
        push = 0.5 * math.sqrt(length) * path.vol * noise
        middle = max(0.5 * (left + right) + push, -0.9)
        length *= 0.5
        if passed < start + length:
            right = middle
        else:
            left, start = middle, start + length
    return left + (right - left) * (passed - start) / length


def _spread_bps(symbol: Symbol, key: str, minutes: float) -> float:
    opening = max(0.0, 1.0 - minutes / _OPENING_MINUTES)
    mood = 1.0 + 0.1 * hashed_normal(f"{key}/spread/{int(minutes)}")
    return listing(symbol).spread_bps * max(0.5, mood) * (1.0 + 1.5 * opening)


def _sides(price: float, spread_bps: float) -> tuple[Decimal, Decimal]:
    tick = _CENT if price >= 1.0 else _SUB_PENNY
    per_dollar = 100 if price >= 1.0 else 10_000
    half = price * spread_bps / 20_000
    bid = max(1, round((price - half) * per_dollar))
    ask = max(bid + 1, round((price + half) * per_dollar))
    return bid * tick, ask * tick
