"""
The shipped strategies on the simulated market: always decided, and never stuck in one branch.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.evaluator import SymphonyEvaluation, evaluate_book
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.strategy_files import StrategyFiles

STRATEGIES = Path(__file__).parents[3] / "strategies"
NAMES = ("Nuclear", "TECL", "KLM ensemble", "Harbor", "Relay", "Barbell")
OURS = ("Harbor", "Relay", "Barbell")
THROUGH = date(2026, 7, 31)
SETTLED = 220


@pytest.fixture(scope="module")
def closes() -> Closes:
    symbols = {s for strategy in StrategyFiles(STRATEGIES).book().strategies for s in strategy.requirements.symbols}
    return SimulatedMarket(new_york()).closes(sorted(symbols), through=THROUGH)


@pytest.fixture(scope="module")
def evaluations(closes: Closes) -> dict[str, SymphonyEvaluation]:
    symphonies = [s for s in StrategyFiles(STRATEGIES).book().strategies if isinstance(s, Symphony)]
    return {s.name: e for s, e in zip(symphonies, evaluate_book(symphonies, closes), strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_always_decided(evaluations: dict[str, SymphonyEvaluation], name: str) -> None:
    """
    Once its longest window is filled a shipped strategy has a signal on every session.
    """
    defined = evaluations[name].defined

    assert defined[SETTLED:].all()
    assert len(defined) - SETTLED > 1_300


@pytest.mark.parametrize("name", OURS)
def test_every_condition_goes_both_ways(evaluations: dict[str, SymphonyEvaluation], closes: Closes, name: str) -> None:
    """
    Each condition is true at times and false at times, each filter chooses differently at times.
    """
    outcomes: dict[str, set[str]] = defaultdict(set)
    for session in closes.sessions[SETTLED::3]:
        for decision in evaluations[name].signal(session).decisions:
            if decision.kind != "inverse-volatility":
                outcomes[decision.node].add(decision.outcome)

    assert [] == [node for node, seen in outcomes.items() if len(seen) < 2]


def test_barbell_keeps_cash_in_quiet_markets(evaluations: dict[str, SymphonyEvaluation], closes: Closes) -> None:
    """
    The hedge's part is held in cash while fear does not rise, and invested while it does.
    """
    invested = {
        sum(evaluations["Barbell"].signal(session).weights.values(), Decimal(0))
        for session in closes.sessions[SETTLED::20]
    }

    assert ["0.85", "1"] == sorted(str(total.normalize()) for total in invested)
