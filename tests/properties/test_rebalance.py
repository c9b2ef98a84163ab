from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.strategy.ast import Frequency, Periodic
from alchemiser.domain.strategy.rebalance import Accepted, drifted, furthest, is_due, period_of
from alchemiser.domain.strategy.signal import from_row
from alchemiser.domain.values import Symbol, Weights
from support.trees import SYMBOLS

_EXCEPT_NONE = [frequency for frequency in Frequency if frequency is not Frequency.NONE]
_GROWTHS = st.fixed_dictionaries({symbol: st.floats(0.2, 5.0) for symbol in SYMBOLS})


@st.composite
def portfolios(draw: st.DrawFn) -> Weights:
    parts = draw(st.lists(st.integers(0, 100), min_size=len(SYMBOLS), max_size=len(SYMBOLS)))
    cash = draw(st.integers(1, 50))
    return from_row(SYMBOLS, [part / (sum(parts) + cash) for part in parts])  # type: ignore[arg-type]  # reads any sequence


@given(st.sampled_from(_EXCEPT_NONE), st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sets(st.integers(0, 800)))
def test_due_sessions_are_the_first_of_their_periods(frequency: Frequency, start: date, closed: set[int]) -> None:
    """
    Run on every session, a strategy is due exactly where the session before lies in an earlier period.
    """
    days = (start + timedelta(days=step) for step in range(800))
    sessions = [day for number, day in enumerate(days) if day.weekday() < 5 and number not in closed]
    accepted, due = None, []
    for session in sessions:
        if is_due(Periodic(frequency=frequency), {}, {}, session=session, accepted=accepted):
            accepted = Accepted(session=session, weights={})
            due.append(session)

    firsts = [
        session
        for before, session in zip([None, *sessions], sessions, strict=False)
        if before is None or period_of(before, frequency) != period_of(session, frequency)
    ]
    assert firsts == due


@given(portfolios())
def test_without_a_move_nothing_drifts(held: Weights) -> None:
    """
    Growth of 1 leaves every weight as it is.
    """
    assert held == drifted(held, dict.fromkeys(SYMBOLS, 1.0))


@given(portfolios(), _GROWTHS)
def test_what_drifted_is_a_portfolio_of_the_same_symbols(held: Weights, growth: dict[Symbol, float]) -> None:
    """
    Weights stay above zero and within the whole; nothing appears.
    """
    now = drifted(held, growth)

    assert set(now) <= set(held)
    assert all(weight > 0 for weight in now.values())
    assert sum(now.values(), Decimal(0)) <= 1


@given(portfolios(), _GROWTHS, _GROWTHS)
def test_drift_does_not_depend_on_looking_at_it(
    held: Weights, first: dict[Symbol, float], then: dict[Symbol, float]
) -> None:
    """
    Drifting day by day, and at once, differ by rounding only.
    """
    at_once = drifted(held, {symbol: first[symbol] * then[symbol] for symbol in SYMBOLS})

    assert furthest(at_once, drifted(drifted(held, first), then)) <= Decimal("0.0002")
