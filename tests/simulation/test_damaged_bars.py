"""
Whatever is wrong with the bars of a symbol: a shipped strategy says what it says on clean bars, or that it cannot say.
"""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from alchemiser.application.data import DataPorts
from alchemiser.application.evaluation import evaluate_all, symbols_of
from alchemiser.application.explain import known_closes
from alchemiser.application.verify_data import verify
from alchemiser.domain.bars.history import Bars
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.strategy_files import StrategyFiles
from support.damages import DAMAGES
from support.houses import ROOT
from support.lakes import data_ports, filled, lake_bars, simulated_source

FIRST, SESSION = date(2021, 1, 4), date(2026, 7, 31)
NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
# Every symbol of the book with ALCHEMISER_DAMAGE=all; as many as are quick without.
SOME = ("SPY", "UVXY")

Verdicts = Mapping[str, Signal | SignalUndefined]


@pytest.fixture(scope="module")
def book() -> tuple[Strategy, ...]:
    return StrategyFiles(ROOT / "strategies").book().strategies


@pytest.fixture(scope="module")
def clean(book: tuple[Strategy, ...]) -> dict[Symbol, Bars]:
    source = simulated_source()
    return {one.symbol: one for one in source.bars(symbols_of(book), first=FIRST, last=SESSION)}


@pytest.fixture(scope="module")
def lake(clean: dict[Symbol, Bars], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place: Path = tmp_path_factory.mktemp("clean")
    filled(data_ports(place, now=NOW), clean.values())
    return place


@pytest.fixture(scope="module")
def expected(book: tuple[Strategy, ...], lake: Path) -> Verdicts:
    return decided(book, lake)


def decided(strategies: tuple[Strategy, ...], place: Path) -> Verdicts:
    """
    Return what strategies say of the last session on a lake's bars.
    """
    closes = known_closes(strategies, lake_bars(place), through=SESSION)
    verdicts: dict[str, Signal | SignalUndefined] = {}
    for strategy, evaluation in zip(strategies, evaluate_all(strategies, closes), strict=True):
        try:
            verdicts[strategy.name] = evaluation.signal(SESSION)
        except SignalUndefined as undefined:
            verdicts[strategy.name] = undefined
    return verdicts


def damaged_lake(lake: Path, place: Path, bars: Bars, ports: DataPorts) -> None:
    """
    Fill a copy of the lake with damaged bars of a symbol, and check it against the clean source.
    """
    shutil.copytree(lake, place, copy_function=os.link)
    (place / "bars" / f"{bars.symbol}.parquet").unlink()
    filled(ports, [bars])
    list(verify([bars.symbol], ports, against=simulated_source()))


def test_clean_bars_decide(expected: Verdicts) -> None:
    """
    On clean bars every shipped strategy has a signal, so there is something to lose.
    """
    assert 6 == sum(isinstance(verdict, Signal) for verdict in expected.values())


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_bars_never_make_another_signal(
    damage: str, book: tuple[Strategy, ...], clean: dict[Symbol, Bars], lake: Path, expected: Verdicts, tmp_path: Path
) -> None:
    """
    Every strategy that needs the symbol is undefined and names it, or says what it says on clean bars.
    """
    symbols = sorted(clean) if os.environ.get("ALCHEMISER_DAMAGE") == "all" else SOME
    refused = 0
    for name in symbols:
        symbol = Symbol(name)
        place = tmp_path / name
        damaged_lake(lake, place, DAMAGES[damage](clean[symbol]), data_ports(place, now=NOW))
        needing = tuple(one for one in book if symbol in one.requirements.symbols)
        for strategy, verdict in decided(needing, place).items():
            if isinstance(verdict, SignalUndefined):
                refused += 1
                assert symbol in verdict.symbols, (damage, symbol, strategy)
            else:
                clean_verdict = expected[strategy]
                assert isinstance(clean_verdict, Signal)
                assert clean_verdict.weights == verdict.weights, (damage, symbol, strategy)
        shutil.rmtree(place)

    assert refused
