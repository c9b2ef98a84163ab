"""
The short form of `make properties`: the same cases, fewer of them.
"""

from collections import Counter

import pytest

from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.gate import approve
from cases.gating import a_case
from cases.run import KINDS, SEED, Chunk, tried
from fuzz.dice import Dice


@pytest.mark.parametrize("kind", KINDS)
def test_planner_and_gate_keep_their_promises(kind: str) -> None:
    """
    Sells are covered, buys are paid for, weights, cash and shares are exact, and the gate says what the rails say.
    """
    assert [] == tried(Chunk(seed=SEED, kind=kind, first=0, count=1_500))


def test_cases_reach_every_rail_and_approval() -> None:
    """
    No rail is left out, and enough orders pass all of them.
    """
    answers = Counter(answer(number) for number in range(3_000))

    rails = {
        "kill switch",
        "account",
        "window",
        "symbols",
        "allowlist",
        "plan",
        "quantity",
        "notional",
        "equity",
        "collar",
        "available",
        "buying power",
        "side",
        "foreign order",
        "orders per run",
        "orders per minute",
        "turnover",
        "gross exposure",
        "duplicate",
    }
    assert rails == set(answers) - {"approved"}
    assert answers["approved"] > 50


def answer(number: int) -> str:
    case = a_case(Dice(SEED, list(KINDS).index("gate"), number))
    try:
        approve(case.body, case.trade, case.context, case.limits)
    except OrderRefused as refusal:
        return refusal.rail
    return "approved"
