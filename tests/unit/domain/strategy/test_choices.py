from collections.abc import Sequence

import numpy as np
import pytest

from alchemiser.domain.strategy.ast import Comparison, Selection
from alchemiser.domain.strategy.choices import (
    all_of,
    any_of,
    compared,
    inverse_volatility,
    negated,
    selected,
)
from alchemiser.domain.strategy.series import Flags, Reading, Truth

NAN = float("nan")


def reading(*values: float, broken: Sequence[bool] | None = None) -> Reading:
    """
    Values of an indicator.
    """
    flags = None if broken is None else np.array(broken, dtype=np.bool_)
    return Reading(values=np.array(values, dtype=np.float64), broken=flags)


def truth(text: str) -> Truth:
    """
    A truth a session from letters: t, f, or ? for unknown.
    """
    letters = np.array(list(text))
    return Truth(true=letters == "t", false=letters == "f", broken=None)


def letters(found: Truth) -> str:
    """
    The letters of a truth.
    """
    return "".join("t" if t else "f" if f else "?" for t, f in zip(found.true, found.false, strict=True))


@pytest.mark.parametrize(
    ("operator", "expected"), [(">", "ftff?"), ("<", "tfff?"), (">=", "fttt?"), ("<=", "tftt?"), ("=", "fftt?")]
)
def test_comparisons_are_strict_beyond_the_tolerance(operator: Comparison, expected: str) -> None:
    """
    Below, above, equal, equal but for float noise, and unknown.
    """
    left = reading(1.0, 3.0, 2.0, 2.0 + 1e-13, NAN)

    assert expected == letters(compared(operator, left, reading(2.0, 2.0, 2.0, 2.0, 2.0)))


def test_connectives_are_undefined_unless_decided() -> None:
    """
    One false decides `and`, one true decides `or`, whatever is unknown beside it.
    """
    left, right = truth("tttfff???"), truth("tf?tf?tf?")

    assert letters(all_of([left, right])) == "tf?fff?f?"
    assert letters(any_of([left, right])) == "ttttf?t??"
    assert letters(negated(left)) == "fffttt???"


@pytest.mark.parametrize(
    ("select", "count", "expected"),
    [("top", 1, [0, 1, 0, 0]), ("top", 2, [0, 0.5, 0, 0.5]), ("bottom", 1, [0, 0, 1, 0]), ("top", 9, [0.25] * 4)],
)
def test_selection_keeps_the_best_in_equal_shares(select: Selection, count: int, expected: list[float]) -> None:
    """
    The highest or lowest scores are held; fewer candidates than asked for are all kept.
    """
    choice = selected(select, count, [reading(2.0), reading(9.0), reading(-1.0), reading(5.0)])

    assert expected == choice.shares[:, 0].tolist()


@pytest.mark.parametrize("select", ["top", "bottom"])
def test_ties_after_rounding_go_to_source_order(select: Selection) -> None:
    """
    Scores that differ by less than the twelfth decimal are equal, and the first of them is taken.
    """
    choice = selected(select, 1, [reading(1.0), reading(1.0 + 1e-14), reading(1.0 - 1e-14)])

    assert [1.0, 0.0, 0.0] == choice.shares[:, 0].tolist()


def test_a_short_history_is_left_out_and_a_broken_one_is_not() -> None:
    """
    Too short: the others share. None left, or one broken: unknown.
    """
    first = reading(NAN, NAN, 1.0)
    second = reading(5.0, NAN, NAN, broken=[False, False, True])

    choice = selected("top", 2, [first, second])

    assert [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]] == choice.shares.tolist()
    assert [False, True, True] == _listed(choice.unknown)
    assert [False, False, True] == _listed(choice.broken)


def test_inverse_volatility_weighs_the_calm_more() -> None:
    """
    Volatilities 1 and 3 get three quarters and one quarter.
    """
    choice = inverse_volatility([reading(1.0), reading(3.0)])

    assert [pytest.approx(0.75), pytest.approx(0.25)] == choice.shares[:, 0].tolist()


@pytest.mark.parametrize("volatility", [0.0, 1e-16, NAN])
def test_inverse_volatility_refuses_zero_and_unknown(volatility: float) -> None:
    """
    A volatility that cannot be told from zero, or is unknown, decides nothing.
    """
    choice = inverse_volatility([reading(1.0), reading(volatility)])

    assert [True] == _listed(choice.unknown)
    assert [[0.0], [0.0]] == choice.shares.tolist()


def _listed(flags: Flags | None) -> list[bool]:
    assert flags is not None
    found: list[bool] = flags.tolist()
    return found
