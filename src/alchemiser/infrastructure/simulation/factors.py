"""
The daily returns of the factors that every listing of the simulated market is made of.

1. The market walks through regimes (a Markov chain): each has a drift, a volatility and a usual length.
2. Its shocks are fat-tailed and their size clusters: yesterday's surprise widens today.
3. Every other factor has a wandering drift and, now and then, a run: weeks of nearly unbroken rise or fall.
4. Every level is weakly pulled back to its trend, so that prices stay sane for decades.
5. Volatility answers the market's falls, jumps by itself, and is pulled back to its usual level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from alchemiser.domain.market import Series
from alchemiser.infrastructure.simulation.noise import fat_normals, normals, uniforms

FactorReturns: TypeAlias = Mapping[str, Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regime:
    drift: float
    vol: float
    length_sessions: float
    then: tuple[int, ...]


_CALM, _MELT_UP, _CHOP, _BEAR, _CRASH, _REBOUND, _GRIND = range(7)

# Successors are equally likely; a regime named twice is twice as likely.
_REGIMES = (
    _Regime(drift=0.0006, vol=0.0070, length_sessions=45, then=(_MELT_UP, _CHOP, _CHOP, _GRIND, _CRASH)),
    _Regime(drift=0.0036, vol=0.0044, length_sessions=11, then=(_CALM, _CALM, _CHOP, _CRASH)),
    _Regime(drift=0.0000, vol=0.0100, length_sessions=35, then=(_CALM, _CALM, _BEAR, _CRASH, _MELT_UP)),
    _Regime(drift=-0.0020, vol=0.0150, length_sessions=40, then=(_CRASH, _REBOUND, _REBOUND, _CHOP)),
    _Regime(drift=-0.0125, vol=0.0210, length_sessions=8, then=(_REBOUND, _REBOUND, _BEAR, _CHOP)),
    _Regime(drift=0.0085, vol=0.0140, length_sessions=10, then=(_BEAR, _CHOP, _CALM, _CALM)),
    _Regime(drift=0.0011, vol=0.0030, length_sessions=70, then=(_CALM, _CHOP, _MELT_UP)),
)
_WIDEST = 0.11
_TREND = 0.00028
_PULL = 0.0012

# factor → (daily deviation, drift a year, loading on the market's own shock)
_FACTORS: Mapping[str, tuple[float, float, float]] = {
    "tech": (0.0060, 0.02, 0.0),
    "value": (0.0042, 0.00, 0.0),
    "semis": (0.0070, 0.01, 0.0),
    "financials": (0.0065, 0.00, 0.0),
    "energy": (0.0100, 0.00, 0.0),
    "staples": (0.0045, 0.03, 0.0),
    "discretionary": (0.0055, 0.00, 0.0),
    "retail": (0.0070, -0.02, 0.0),
    "biotech": (0.0090, 0.00, 0.0),
    "comms": (0.0060, 0.00, 0.0),
    "small": (0.0060, -0.02, 0.0),
    "nuclear": (0.0130, 0.03, 0.0),
    "rates": (0.0085, 0.00, -0.20),
    "gold": (0.0085, 0.05, 0.0),
    "commodities": (0.0095, 0.01, 0.15),
    "dollar": (0.0042, 0.00, -0.05),
    "trend": (0.0065, 0.02, 0.0),
}
_RUN_CHANCE = 1 / 220
_RUN_SESSIONS = 16
_FEAR_CHANCE = 1 / 150
_FEAR_SESSIONS = 7


@lru_cache(maxsize=4)
def factor_returns(seed: int, count: int) -> FactorReturns:
    """
    Return each factor's daily returns over `count` sessions; a longer history begins with a shorter one.

    The same answer is handed out again, so it cannot be written to.
    """
    market = _market(seed, count)
    returns = {name: _wandering(seed, name, market) for name in _FACTORS}
    told = {"market": market, "volatility": _volatility(seed, market)} | returns
    for series in told.values():
        series.flags.writeable = False
    return MappingProxyType(told)


def _market(seed: int, count: int) -> Series:
    shocks = fat_normals(seed, "market", count).tolist()
    changes = uniforms(seed, "market/change", count).tolist()
    choices = uniforms(seed, "market/choice", count).tolist()
    returns = np.empty(count)
    regime, width, level = _REGIMES[_CALM], 1.0, 0.0
    for day, (shock, change, choice) in enumerate(zip(shocks, changes, choices, strict=True)):
        if change < 1 / regime.length_sessions:
            regime = _REGIMES[regime.then[int(choice * len(regime.then))]]
        move = regime.drift + regime.vol * width * shock - _PULL * level
        returns[day] = min(_WIDEST, max(-_WIDEST, move))
        level += returns[day] - _TREND
        width = 0.55 + 0.35 * width + 0.125 * abs(shock)
    return returns


def _wandering(seed: int, name: str, market: Series) -> Series:
    vol, yearly, loading = _FACTORS[name]
    count = len(market)
    nudges = (normals(seed, f"{name}/drift", count) * (0.03 * vol)).tolist()
    starts = uniforms(seed, f"{name}/run", count).tolist()
    own = np.empty(count)
    quiet = np.ones(count)
    drift, run, left, level = 0.0, 0.0, 0, 0.0
    for day, (nudge, start) in enumerate(zip(nudges, starts, strict=True)):
        drift = 0.96 * drift + nudge
        if left == 0 and start < _RUN_CHANCE:
            left, run = _RUN_SESSIONS, (vol if start < _RUN_CHANCE / 2 else -vol)
        own[day] = drift + (run if left else 0.0) - _PULL * level
        level += own[day]
        quiet[day] = 0.6 if left else 1.0
        left = max(0, left - 1)
    shocks = pulled_back(fat_normals(seed, name, count) * quiet * vol)
    return np.clip(yearly / 252 + own + shocks + loading * market, -_WIDEST, _WIDEST)


def pulled_back(moves: Series) -> Series:
    """
    Return the moves, shape (T,), each less a small part of the sum of those before it.
    """
    level = 0.0
    returns = []
    for move in moves.tolist():
        change = move - _PULL * level
        returns.append(change)
        level += change
    return np.array(returns)


def _volatility(seed: int, market: Series) -> Series:
    count = len(market)
    shocks = (fat_normals(seed, "volatility", count) * 0.018).tolist()
    starts = uniforms(seed, "volatility/run", count).tolist()
    returns = np.empty(count)
    level, left = 0.0, 0
    for day, (move, shock, start) in enumerate(zip(market.tolist(), shocks, starts, strict=True)):
        left = _FEAR_SESSIONS if start < _FEAR_CHANCE else max(0, left - 1)
        answer = -3.8 * move if move < 0 else -2.7 * move
        change = answer + shock + (0.035 if left else -0.006) - 0.02 * level
        change = min(0.40, max(-0.20, change))
        level += change
        returns[day] = change + 0.0007
    return returns
