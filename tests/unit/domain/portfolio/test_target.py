from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.portfolio.target import merge
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.values import Symbol
from support.builders import DAY

SYMBOLS = tuple(map(Symbol, ("BIL", "SPY", "TLT")))


def parts_of(whole: int, cuts: list[int], *, decimals: int) -> list[Decimal]:
    """
    Return decimals that add up to 1, cut at these places of a whole.
    """
    edges = [0, *sorted(cuts), whole]
    return [Decimal(right - left).scaleb(-decimals) for left, right in pairwise(edges)]


@given(
    allocations=st.lists(st.integers(1, 10**12 - 1), min_size=1, max_size=6, unique=True),
    weights=st.lists(st.integers(1, 10**6 - 1), min_size=2, max_size=2, unique=True),
)
def test_merged_weights_are_exact(allocations: list[int], weights: list[int]) -> None:
    """
    Allocations of twelve decimals times weights of six add up as fractions do, to the last digit.
    """
    shares = parts_of(10**12, allocations, decimals=12)
    wanted = dict(zip(SYMBOLS, parts_of(10**6, weights, decimals=6), strict=True))
    votes = [(share, Signal(strategy=f"S{number}", session=DAY, weights=wanted)) for number, share in enumerate(shares)]

    target = merge(votes)

    expected = {symbol: Fraction(weight) for symbol, weight in wanted.items()}
    assert expected == {symbol: Fraction(weight) for symbol, weight in target.weights.items()}
