"""
Whose shares are whose.
"""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.ledger.attribution import attributed, books_after, shared_out
from alchemiser.domain.values import Quantity, shares

NAMES = st.sampled_from(["Barbell", "Harbor", "Relay"])
CLAIMS = st.dictionaries(NAMES, st.decimals(0, 1, places=6), min_size=1)
NINTHS = st.decimals(0, 1000, places=9).map(Quantity)


def total(parts: Mapping[str, Quantity]) -> Quantity:
    return sum(parts.values(), Quantity(Decimal(0)))


def test_the_largest_remainder_gets_what_the_cut_leaves() -> None:
    """
    A third each of a share that has nine decimals: the last billionth goes to the first name.
    """
    parts = shared_out(shares("1"), {"Relay": Decimal(1), "Barbell": Decimal(1), "Harbor": Decimal(1)})

    assert {
        "Barbell": shares("0.333333334"),
        "Harbor": shares("0.333333333"),
        "Relay": shares("0.333333333"),
    } == parts


def test_an_exit_is_everyones_in_the_proportion_they_held() -> None:
    """
    When no strategy wants a symbol any more, each gives up what it held.
    """
    books = {"Harbor": shares("6"), "Relay": shares("4")}

    after = books_after(shares("-10"), books, {})

    assert {"Harbor": shares("-6"), "Relay": shares("-4")} == attributed(books, after)


def test_what_one_gives_up_and_another_wants_is_netted() -> None:
    """
    One strategy sells six and the other buys four: two shares are traded, four change books without the market.
    """
    books = {"Harbor": shares("6"), "Relay": shares("0")}

    after = books_after(shares("-2"), books, {"Relay": Decimal("0.2")})

    assert {"Harbor": shares("-6"), "Relay": shares("4")} == attributed(books, after)


def test_nobody_shares_out_what_nobody_claims() -> None:
    """
    Shares without a claim, and claims below zero, are mistakes.
    """
    with pytest.raises(ValueError, match="expected a claim"):
        shared_out(shares("1"), {"Harbor": Decimal(0)})
    with pytest.raises(ValueError, match="below zero"):
        shared_out(shares("1"), {"Harbor": Decimal(-1)})


@given(NINTHS, CLAIMS)
def test_parts_add_up_exactly(whole: Quantity, claims: Mapping[str, Decimal]) -> None:
    """
    Whatever is claimed, not a billionth is lost or made, and nobody gets less than nothing.
    """
    if not any(claims.values()):
        return
    parts = shared_out(whole, claims)

    assert whole == total(parts)
    assert all(part.value >= 0 for part in parts.values())
    assert all(part == part.floored(whole=False) for part in parts.values())


@given(NINTHS, CLAIMS, st.lists(st.tuples(NINTHS, CLAIMS), max_size=6))
def test_no_strategy_sells_what_is_anothers(
    first: Quantity, claims: Mapping[str, Decimal], changes: list[tuple[Quantity, Mapping[str, Decimal]]]
) -> None:
    """
    Through any changes of position and of mind, books add up to the position, none is negative, and the parts of each
    change are that change.
    """
    if not any(claims.values()):
        return
    books = shared_out(first, claims)
    for position, wanted in changes:
        change = position - total(books)
        if not any(wanted.values()) and not total(books):
            continue
        after = books_after(change, books, wanted)

        assert change == total(attributed(books, after))
        assert total(books) + change == total(after)
        assert all(part.value >= 0 for part in after.values())
        books = after
