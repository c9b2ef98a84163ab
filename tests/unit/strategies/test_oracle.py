"""
The shipped strategies, panel against the slow per-day evaluator, on every session of the simulated market.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.evaluator import evaluate_book
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from support.oracle import Oracle, Unknown

STRATEGIES = Path(__file__).parents[3] / "strategies"
LAST = date(2026, 7, 31)


class RememberingOracle(Oracle):
    """
    The oracle, which asks the same indicator of the same day once, since eight variants share most of theirs, and looks
    for the beginning of a series once for all days.
    """

    def __init__(self, root: ast.Node, closes: Closes) -> None:
        super().__init__(root, closes)
        self._measured: dict[tuple[str, tuple[float, ...], ast.Node, int], float | Unknown] = {}
        self._before: dict[ast.Node, list[int]] = {}

    def _measure(self, name: str, parameters: tuple[float, ...], of: ast.Node, day: int) -> float | Unknown:
        key = (name, parameters, of, day)
        if key not in self._measured:
            self._measured[key] = super()._measure(name, parameters, of, day)
        return self._measured[key]

    def _before_life(self, of: ast.Node, day: int) -> int:
        if of not in self._before:
            self._before[of] = []
            for place, close in enumerate(self._series(of)):
                self._before[of].append(place if isinstance(close, Unknown) else (self._before[of] or [-1])[-1])
        return self._before[of][day]


@pytest.mark.parametrize("name", sorted(path.stem for path in STRATEGIES.glob("*.clj")))
def test_panel_equals_oracle(name: str) -> None:
    """
    On every session both agree on the weights to a billionth, and on where there are none.
    """
    symphony = compile_text((STRATEGIES / f"{name}.clj").read_text(), file=f"{name}.clj")
    closes = SimulatedMarket(new_york()).closes(symphony.requirements.symbols, through=LAST)
    (evaluation,) = evaluate_book([symphony], closes)
    symbols, panel = evaluation.weights
    oracle = RememberingOracle(symphony.root, closes)

    days = [oracle.on(day) for day in range(len(closes.sessions))]
    expected = np.array([[(held or {}).get(symbol, 0.0) for symbol in symbols] for held in days])

    assert [held is not None for held in days] == evaluation.defined.tolist()
    assert np.allclose(expected[evaluation.defined], panel.T[evaluation.defined], rtol=0, atol=1e-9)
