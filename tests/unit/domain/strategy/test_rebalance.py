from datetime import date
from decimal import Decimal

import pytest

from alchemiser.domain.strategy.ast import Corridor, Frequency, Periodic
from alchemiser.domain.strategy.rebalance import Accepted, drifted, furthest, is_due, period_of
from alchemiser.domain.values import Symbol, Weights

FRIDAY = date(2026, 7, 31)
_WIDTH = Corridor(width=Decimal("0.05"))


def weights(**given: str) -> Weights:
    return {Symbol(symbol): Decimal(weight) for symbol, weight in given.items()}


HALVES = weights(BIL="0.5", SPY="0.5")


@pytest.mark.parametrize(
    ("frequency", "same", "later"),
    [
        (Frequency.DAILY, FRIDAY, date(2026, 8, 3)),
        (Frequency.WEEKLY, date(2026, 7, 27), date(2026, 8, 3)),
        (Frequency.MONTHLY, date(2026, 7, 1), date(2026, 8, 3)),
        (Frequency.QUARTERLY, date(2026, 9, 30), date(2026, 10, 1)),
        (Frequency.YEARLY, date(2026, 1, 2), date(2027, 1, 4)),
    ],
)
def test_a_period_ends_where_the_next_begins(frequency: Frequency, same: date, later: date) -> None:
    """
    Weeks begin on Monday, quarters in January, April, July and October.
    """
    assert (True, False) == tuple(period_of(FRIDAY, frequency) == period_of(day, frequency) for day in (same, later))


def test_a_week_over_new_year_is_one_week() -> None:
    """
    Thursday, 31 December 2026 and Friday, 1 January 2027 are in the same week.
    """
    assert period_of(date(2026, 12, 31), Frequency.WEEKLY) == period_of(date(2027, 1, 1), Frequency.WEEKLY)


def test_a_first_session_is_always_due() -> None:
    """
    Without an accepted target there is nothing to hold.
    """
    assert is_due(Periodic(frequency=Frequency.NONE), HALVES, {}, session=FRIDAY, accepted=None)


@pytest.mark.parametrize(("day", "due"), [(date(2026, 7, 30), False), (FRIDAY, False), (date(2026, 8, 3), True)])
def test_monthly_is_due_on_the_first_session_of_the_month(day: date, due: bool) -> None:
    """
    1 August 2026 is a Saturday: Monday the third is the month's first session.
    """
    accepted = Accepted(session=date(2026, 7, 1), weights=HALVES)

    found = is_due(Periodic(frequency=Frequency.MONTHLY), HALVES, HALVES, session=day, accepted=accepted)

    assert due == found


def test_a_first_session_that_was_missed_is_made_up_for() -> None:
    """
    When nothing was run on the first session of a month, the next one that is run is due.
    """
    accepted = Accepted(session=date(2026, 7, 1), weights=HALVES)

    assert is_due(Periodic(frequency=Frequency.MONTHLY), HALVES, HALVES, session=date(2026, 8, 20), accepted=accepted)


def test_without_a_frequency_nothing_is_ever_due_again() -> None:
    """
    `:none` holds the first target for ever.
    """
    accepted = Accepted(session=date(2001, 1, 2), weights=HALVES)

    target = weights(TLT="1")
    assert not is_due(Periodic(frequency=Frequency.NONE), target, HALVES, session=FRIDAY, accepted=accepted)


@pytest.mark.parametrize(("spy", "due"), [("0.55", False), ("0.550001", True), ("0.45", False), ("0.449999", True)])
def test_a_corridor_is_left_beyond_its_width(spy: str, due: bool) -> None:
    """
    With a width of 5 % a weight of 50 % may become 45 or 55 %, exactly, and no more.
    """
    now = weights(BIL=str(1 - Decimal(spy)), SPY=spy)

    found = is_due(_WIDTH, HALVES, now, session=FRIDAY, accepted=Accepted(session=date(2026, 7, 1), weights=HALVES))

    assert due == found


def test_a_corridor_is_left_when_other_symbols_are_wanted() -> None:
    """
    A symbol more, however small, is another set.
    """
    target = weights(BIL="0.49", SPY="0.5", TLT="0.01")

    assert is_due(_WIDTH, target, HALVES, session=FRIDAY, accepted=Accepted(session=date(2026, 7, 1), weights=HALVES))


def test_cash_deviates_too() -> None:
    """
    Three holdings 3 % below their targets are 9 % of cash too much.
    """
    assert Decimal("0.09") == furthest(
        weights(BIL="0.3", SPY="0.3", TLT="0.3"), weights(BIL="0.27", SPY="0.27", TLT="0.27")
    )


def test_holdings_drift_with_their_closes() -> None:
    """
    Half of 1 doubles to 1.0, a quarter stays 0.25, cash stays 0.25: of 1.5 that is two thirds and a sixth.
    """
    now = drifted(weights(BIL="0.25", SPY="0.5"), {Symbol("SPY"): 2.0, Symbol("BIL"): 1.0})

    assert weights(BIL="0.166667", SPY="0.666666") == now


def test_nothing_held_drifts_nowhere() -> None:
    """
    All cash stays all cash.
    """
    assert {} == drifted({}, {})


@pytest.mark.parametrize("growth", [{}, {Symbol("SPY"): 0.0}, {Symbol("SPY"): float("nan")}])
def test_an_unknown_growth_is_refused(growth: dict[Symbol, float]) -> None:
    """
    A holding without a close on either day cannot be valued.
    """
    with pytest.raises(ValueError, match="found none of SPY"):
        drifted(weights(SPY="1"), growth)


def test_the_past_is_refused() -> None:
    """
    A session that is not after the accepted one has no answer.
    """
    with pytest.raises(ValueError, match="expected a session after 2026-07-31"):
        is_due(_WIDTH, HALVES, HALVES, session=FRIDAY, accepted=Accepted(session=FRIDAY, weights=HALVES))
