"""
What a plan is made with, and what it holds.
"""

from decimal import Decimal

import pytest

from alchemiser.domain.portfolio.plan import Policy
from alchemiser.domain.values import usd
from support.builders import a_plan, a_policy, a_position, an_account


def policy(**changed: str) -> Policy:
    asked = {"deployment": "1", "minimum_trade": "0", "minimum_trade_fraction": "0", "cash_buffer": "0", **changed}
    return Policy(
        deployment=Decimal(asked["deployment"]),
        minimum_trade=usd(asked["minimum_trade"]),
        minimum_trade_fraction=Decimal(asked["minimum_trade_fraction"]),
        cash_buffer=Decimal(asked["cash_buffer"]),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deployment", "1"),
        ("deployment", "0.01"),
        ("cash_buffer", "0.99"),
        ("minimum_trade", "0"),
        ("minimum_trade", "0.5"),
        ("minimum_trade_fraction", "0.99"),
    ],
)
def test_policy_is_taken(name: str, value: str) -> None:
    """
    What is exactly allowed, and what is next to what is not, is a policy.
    """
    assert policy(**{name: value}) == policy(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("deployment", "0", "deployment must be above 0 and at most 1, found 0"),
        ("deployment", "1.01", "deployment must be above 0 and at most 1, found 1.01"),
        ("cash_buffer", "-0.01", "cash_buffer must be at least 0 and below 1, found -0.01"),
        ("cash_buffer", "1", "cash_buffer must be at least 0 and below 1, found 1"),
        ("minimum_trade", "-0.01", "minimum trade must not be negative"),
        ("minimum_trade_fraction", "-0.01", "minimum trade must not be negative"),
        ("minimum_trade_fraction", "1", "its fraction below 1"),
    ],
)
def test_policy_is_refused(name: str, value: str, found: str) -> None:
    """
    A policy that deploys nothing, keeps everything or trades below zero is a mistake.
    """
    with pytest.raises(ValueError, match=found):
        policy(**{name: value})


def test_a_plan_with_either_side_is_not_empty() -> None:
    """
    Empty means nothing to sell and nothing to buy; a hold trades nothing.
    """
    held = an_account(a_position("SPY", "5"), cash="500", equity="1000")
    made = [
        a_plan(weights, account, {"SPY": "100"}, policy=a_policy())
        for weights, account in [
            ({"SPY": "0.5"}, held),
            ({"SPY": "0.6"}, held),
            ({"SPY": "0.4"}, held),
            ({}, an_account(cash="1000")),
        ]
    ]

    assert [True, False, False, True] == [one.is_empty for one in made]
    assert [(0, 0), (0, 1), (1, 0), (0, 0)] == [(len(one.sells), len(one.buys)) for one in made]
