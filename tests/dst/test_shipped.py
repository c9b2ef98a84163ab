"""
The strategies that are shipped, on the simulated market's bars, through faulty days.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

import pytest

from alchemiser.application.evaluation import symbols_of
from alchemiser.application.ports.market import BarStore
from alchemiser.application.ports.strategies import Book, StrategyLibrary
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.strategy_files import StrategyFiles
from dst.quiet import quietly
from dst.scenario import scenario_of
from dst.staged import a_listing
from dst.world import Verdict, World
from support.houses import ROOT

_DAY = date(2026, 7, 31)


class _Kept(StrategyLibrary):
    """
    The shipped book, compiled once.
    """

    def book(self) -> Book:
        return _book()

    def load(self, name: str) -> Strategy:
        return next(one for one in _book().strategies if one.name == name)


class _KeptBars(BarStore):
    """
    The simulated market's bars, made once for each day.
    """

    def closes(self, symbols: Sequence[Symbol], *, through: date) -> Closes:
        return _closes(tuple(symbols), through)


@cache
def _book() -> Book:
    return StrategyFiles(ROOT / "strategies", portfolio="portfolio.toml").book()


@cache
def _closes(symbols: tuple[Symbol, ...], through: date) -> Closes:
    return SimulatedMarket(new_york(), seed=1).closes(symbols, through=through)


@pytest.mark.parametrize("seed", range(3))
def test_the_shipped_strategies_keep_every_invariant(seed: int) -> None:
    """
    The same days as elsewhere, with targets that come from bars.
    """
    assert () == _lived(seed, intensity=3).breaches


def test_the_shipped_strategies_trade_a_calm_day() -> None:
    """
    On a day on which nothing goes wrong everything that was planned is traded.
    """
    verdict = _lived(0, intensity=0)

    assert () == verdict.breaches
    assert ("success",) == verdict.outcomes
    assert verdict.figures["fills"] > 0


def _lived(seed: int, *, intensity: int) -> Verdict:
    symbols = symbols_of(_book().strategies)
    closes = _closes(symbols, new_york().previous(_DAY).day)
    listings = tuple(
        a_listing(symbol, str(Decimal(float(closes.of(symbol)[-1])).quantize(Decimal("0.01")))) for symbol in symbols
    )
    scenario = replace(
        scenario_of(seed, intensity=intensity, processes=3),
        day=_DAY,
        sessions=1,
        listings=listings,
        held={listing.symbol: Decimal(3) for listing in listings[::7]},
        cash=Decimal(50_000),
    )
    with quietly():
        return World(scenario, library=_Kept(), bars=_KeptBars()).run()
