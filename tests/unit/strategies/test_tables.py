"""
The three named strategies against an independent transcription of their decision tables.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alchemiser.domain.market import Closes, Series
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.evaluator import evaluate_book
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from unit.strategies.tables import Day, Holding, klm_history, market_of, nuclear_history, tecl

STRATEGIES = Path(__file__).parents[3] / "strategies"
START = 210
# The tables' own streams begin at START; the ensemble has settled on the same histories some sessions later.
SETTLED = START + 20


@pytest.fixture(scope="module")
def closes() -> Closes:
    symbols = {s for name in ("nuclear", "tecl", "klm") for s in a_symphony(name).requirements.symbols}
    return SimulatedMarket(new_york()).closes(sorted(symbols), through=date(2026, 6, 30))


def a_symphony(name: str) -> Symphony:
    path = STRATEGIES / f"{name}.clj"
    return compile_text(path.read_text(), file=path.name)


def weights_of(name: str, closes: Closes, *, start: int) -> Series:
    """
    Return the panel's weights of every symbol, a row a session, all of them defined.
    """
    (evaluation,) = evaluate_book([a_symphony(name)], closes)
    symbols, weights = evaluation.weights
    assert evaluation.defined[start:].all()
    table = np.zeros((len(closes.sessions), len(closes.symbols)))
    table[:, [closes.symbols.index(symbol) for symbol in symbols]] = weights.T
    return table[start:]


def rows_of(holdings: Sequence[Holding], closes: Closes) -> Series:
    place: dict[str, int] = {symbol: column for column, symbol in enumerate(closes.symbols)}
    table = np.zeros((len(holdings), len(closes.symbols)))
    for row, holding in enumerate(holdings):
        for symbol, weight in holding.items():
            table[row, place[symbol]] += weight
    return table


def test_nuclear_is_its_table(closes: Closes) -> None:
    """
    Nuclear holds what its decision table says, on every session of the simulated market.
    """
    holdings, _ = nuclear_history(market_of(closes), START, len(closes.sessions))

    panel = weights_of("nuclear", closes, start=SETTLED)

    assert np.allclose(rows_of(holdings, closes)[SETTLED - START :], panel, rtol=0, atol=1e-9)


def test_tecl_is_its_table(closes: Closes) -> None:
    """
    TECL holds what its decision table says, on every session of the simulated market.
    """
    market = market_of(closes)
    holdings = [tecl(Day(market, t))[0] for t in range(START, len(closes.sessions))]

    panel = weights_of("tecl", closes, start=START)

    assert np.allclose(rows_of(holdings, closes), panel, rtol=0, atol=1e-9)


def test_klm_is_its_table(closes: Closes) -> None:
    """
    The ensemble holds what the most volatile of its eight tables says, on every session of the simulated market.
    """
    holdings, _, _ = klm_history(market_of(closes), START, len(closes.sessions))

    panel = weights_of("klm", closes, start=SETTLED)

    assert np.allclose(rows_of(holdings, closes)[SETTLED - START :], panel, rtol=0, atol=1e-9)
