from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.strategy.signal import Signal, from_row
from alchemiser.domain.values import Symbol

SPY, TLT, GLD = Symbol("SPY"), Symbol("TLT"), Symbol("GLD")


def test_thirds_sum_to_one() -> None:
    """
    The millionth that three thirds lose goes to the first symbol in order.
    """
    weights = from_row((SPY, TLT, GLD), np.array([1 / 3, 1 / 3, 1 / 3]))

    assert {GLD: Decimal("0.333334"), SPY: Decimal("0.333333"), TLT: Decimal("0.333333")} == weights


def test_weights_are_sorted_and_zeros_are_dropped() -> None:
    """
    Only what is held is named, in symbol order.
    """
    weights = from_row((TLT, SPY, GLD), np.array([0.75, 0.25, 0.0]))

    assert [(SPY, Decimal("0.250000")), (TLT, Decimal("0.750000"))] == list(weights.items())


def test_a_share_of_cash_stays_cash() -> None:
    """
    A row that holds half in cash sums to one half.
    """
    weights = from_row((SPY, TLT), np.array([0.25, 0.25]))

    assert Decimal("0.5") == sum(weights.values())


@pytest.mark.parametrize("row", [[0.5, -0.1], [0.5, float("nan")], [0.6, 0.6]])
def test_rows_that_are_no_weights_are_refused(row: list[float]) -> None:
    """
    Negative, unknown and leveraged weights raise ValueError.
    """
    with pytest.raises(ValueError, match="expected weights"):
        from_row((SPY, TLT), np.array(row))


@pytest.mark.parametrize(
    "weights",
    [
        {SPY: Decimal(0)},
        {SPY: Decimal("0.7"), TLT: Decimal("0.4")},
        {TLT: Decimal("0.1"), SPY: Decimal("0.1")},
    ],
)
def test_signal_refuses_weights_that_are_no_portfolio(weights: dict[Symbol, Decimal]) -> None:
    """
    A signal holds weights above zero, at most 1 in sum, in symbol order.
    """
    with pytest.raises(ValueError, match="expected"):
        Signal(strategy="s", session=date(2024, 1, 2), weights=weights)


@given(parts=st.lists(st.floats(min_value=1e-6, max_value=1e6), min_size=1, max_size=30))
def test_a_full_row_sums_to_exactly_one(parts: list[float]) -> None:
    """
    However the weights divide, the exact ones sum to 1 and each is off by less than a millionth.
    """
    row = np.array(parts) / np.sum(parts)
    symbols = tuple(Symbol(f"S{i:02}") for i in range(len(parts)))

    weights = from_row(symbols, row)

    assert Decimal(1) == sum(weights.values())
    assert all(abs(float(weights.get(s, Decimal(0))) - w) <= 1.0000001e-6 for s, w in zip(symbols, row, strict=True))
