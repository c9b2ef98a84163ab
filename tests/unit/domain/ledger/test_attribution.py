"""
Whose shares are whose.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.ledger.attribution import NO_STRATEGY, books_after, books_through, shared_out
from alchemiser.domain.ledger.book import LedgerEntry, positions
from alchemiser.domain.portfolio.target import Contribution, Target
from alchemiser.domain.values import Quantity, Side, Symbol, shares
from support.builders import DAY
from support.records import a_fill

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

    assert {"Harbor": shares("0"), "Relay": shares("0")} == after


def test_what_one_gives_up_and_another_wants_is_netted() -> None:
    """
    One strategy sells six and the other buys four: two shares are traded, four change books without the market.
    """
    books = {"Harbor": shares("6"), "Relay": shares("0")}

    after = books_after(shares("-2"), books, {"Relay": Decimal("0.2")})

    assert {"Harbor": shares("0"), "Relay": shares("4")} == after


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
    Through any changes of position and of mind, books add up to the position, and none is negative.
    """
    if not any(claims.values()):
        return
    books = shared_out(first, claims)
    for position, wanted in changes:
        change = position - total(books)
        if not any(wanted.values()) and not total(books):
            continue
        after = books_after(change, books, wanted)

        assert total(books) + change == total(after)
        assert all(part.value >= 0 for part in after.values())
        books = after


def a_target(**weights: dict[str, str]) -> Target:
    """
    Return a target from each strategy's weights by symbol.
    """
    contributions = tuple(
        Contribution(strategy=name, symbol=Symbol(symbol), weight=Decimal(weight))
        for name, parts in weights.items()
        for symbol, weight in parts.items()
    )
    totals: dict[Symbol, Decimal] = {}
    for one in contributions:
        totals[one.symbol] = totals.get(one.symbol, Decimal(0)) + one.weight
    return Target(session=DAY, weights=totals, contributions=contributions)


def sold(quantity: str, symbol: str = "SPY") -> LedgerEntry:
    return a_fill(quantity, quantity, symbol=symbol, side=Side.SELL)


def bought(quantity: str, symbol: str = "SPY") -> LedgerEntry:
    return a_fill(quantity, quantity, symbol=symbol)


def parts_of(*history: tuple[Target | None, list[LedgerEntry]]) -> dict[str, dict[str, str]]:
    return {
        symbol: {name: f"{part.value.normalize():f}" for name, part in parts.items()}
        for symbol, parts in books_through(history).items()
    }


def test_shares_go_over_from_one_strategy_to_another_without_a_trade() -> None:
    """
    Both wanted the symbol on the first day, one alone on the second: it holds all, though nothing was traded.
    """
    both = a_target(Harbor={"SPY": "0.3"}, Relay={"SPY": "0.1"})
    one = a_target(Harbor={"TLT": "0.3"}, Relay={"SPY": "0.4"})

    assert {"SPY": {"Harbor": "6", "Relay": "2"}} == parts_of((both, [bought("8")]))
    assert {"SPY": {"Relay": "8"}} == parts_of((both, [bought("8")]), (one, []))


def test_a_symbol_that_was_left_is_nobodys() -> None:
    """
    What was sold out is in no book.
    """
    wanted = a_target(Harbor={"SPY": "0.3"})

    assert {} == parts_of((wanted, [bought("8")]), (a_target(), [sold("8")]))


def test_what_is_still_to_be_sold_stays_with_those_who_held_it() -> None:
    """
    A sale that did not fill whole leaves each what it held, in proportion.
    """
    both = a_target(Harbor={"SPY": "0.3"}, Relay={"SPY": "0.1"})

    assert {"SPY": {"Harbor": "3", "Relay": "1"}} == parts_of((both, [bought("8")]), (a_target(), [sold("4")]))


def test_shares_that_no_strategy_asked_for_are_told_apart() -> None:
    """
    An imported order, a run without a plan; once a strategy wants the symbol they are its own.
    """
    wanted = a_target(Harbor={"SPY": "0.3"})

    assert {"SPY": {NO_STRATEGY: "8"}} == parts_of((None, [bought("8")]))
    assert {"SPY": {"Harbor": "9"}} == parts_of((None, [bought("8")]), (wanted, [bought("1")]))


def test_what_lay_in_the_account_before_is_below_zero() -> None:
    """
    More was sold than our fills ever brought; later buys are counted against it.
    """
    wanted = a_target(Harbor={"SPY": "0.3"})

    assert {"SPY": {NO_STRATEGY: "-5"}} == parts_of((a_target(), [sold("5")]))
    assert {"SPY": {"Harbor": "3"}} == parts_of((a_target(), [sold("5")]), (wanted, [bought("8")]))
    assert {} == parts_of((a_target(), [sold("5")]), (wanted, [bought("5")]))


STEPS = st.lists(
    st.tuples(
        st.none()
        | st.fixed_dictionaries({name: st.sampled_from(["0", "0.1", "0.25"]) for name in ("Harbor", "Relay")}),
        st.lists(st.tuples(st.sampled_from([bought, sold]), st.decimals("0.000000001", 9, places=9)), max_size=4),
    ),
    max_size=6,
)


@given(STEPS)
def test_books_add_up_to_the_positions_whatever_was_traded(
    steps: list[tuple[dict[str, str] | None, list[tuple[Callable[[str], LedgerEntry], Decimal]]]],
) -> None:
    """
    Exactly, and no strategy's part is below zero.
    """
    history: list[tuple[Target | None, list[LedgerEntry]]] = [
        (
            None if wants is None else a_target(**{name: {"SPY": weight} for name, weight in wants.items()}),
            [make(str(quantity)) for make, quantity in fills],
        )
        for wants, fills in steps
    ]

    books = books_through(history)

    assert positions(entry for _, fills in history for entry in fills) == {
        symbol: total(parts) for symbol, parts in books.items()
    }
    assert all(part.value > 0 or name == NO_STRATEGY for parts in books.values() for name, part in parts.items())
