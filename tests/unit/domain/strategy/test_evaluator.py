from datetime import date

import numpy as np
import pytest

from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.strategy.evaluator import evaluate_book
from support.symphonies import NAN, a_symphony, closes_of, evaluated, last_weights
from support.trees import days

AAA, BBB = '(asset "AAA" nil)', '(asset "BBB" nil)'
UP = '(> (cumulative-return "AAA" {:window 1}) 0)'
RISING, FALLING = [1.0, 2.0, 3.0, 4.0], [8.0, 7.0, 6.0, 5.0]


def test_the_branch_not_taken_may_be_unknown() -> None:
    """
    Missing data counts only where it decides.
    """
    body = f"(if {UP} [{AAA}] [{BBB}])"

    assert {"AAA": "1"} == last_weights(evaluated(body, AAA=RISING, BBB=[NAN] * 4))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([1.0, 2.0, 3.0, NAN], "BBB has no bar on 2024-01-05, its last is of 2024-01-04"),
        ([NAN, NAN, NAN, NAN], "BBB has no bar up to 2024-01-05"),
        (None, "there are no bars of BBB"),
    ],
)
def test_a_holding_without_a_bar_is_undefined(row: list[float] | None, why: str) -> None:
    """
    A stale, unlisted or absent symbol that is held leaves the session undefined and is named.
    """
    rows = {"AAA": RISING} if row is None else {"AAA": RISING, "BBB": row}

    undefined = last_weights(evaluated(f"(weight-equal [{AAA} {BBB}])", **rows))

    assert isinstance(undefined, SignalUndefined)
    assert why == undefined.why
    assert ("BBB",) == undefined.symbols
    assert undefined.node == '(asset "BBB" nil)'


def test_an_undefined_condition_names_itself_and_its_symbols() -> None:
    """
    A window that is not filled makes the comparison unknown, not false.
    """
    body = f'(if (> (moving-average-price "BBB" {{:window 9}}) 1) [{AAA}] [{AAA}])'

    undefined = last_weights(evaluated(body, AAA=RISING, BBB=FALLING))

    assert isinstance(undefined, SignalUndefined)
    assert undefined.node == '(> (moving-average-price "BBB" {:window 9}) 1)'
    assert undefined.why == "BBB has 4 of the 9 closes that are needed"


def test_a_candidate_listed_too_late_is_left_out() -> None:
    """
    The others are ranked without it, until its window is filled.
    """
    body = f"(filter (cumulative-return {{:window 2}}) (select-top 1) [{AAA} {BBB}])"
    evaluation = evaluated(body, AAA=[4.0, 3.0, 2.0, 1.0], BBB=[NAN, 1.0, 1.0, 1.0])

    symbols, rows = evaluation.weights

    assert ("AAA", "BBB") == symbols
    assert [[1.0, 0.0], [0.0, 1.0]] == [rows[:, day].tolist() for day in (2, 3)]
    assert [False, False, True, True] == evaluation.defined.tolist()


@pytest.mark.parametrize("row", [[1.0, 2.0, NAN, 3.0], [1.0, 2.0, 3.0, NAN], None])
def test_a_candidate_with_a_gap_is_no_quiet_omission(row: list[float] | None) -> None:
    """
    A gap inside the window, a stale bar and no bars at all leave the filter undefined.
    """
    body = f"(filter (cumulative-return {{:window 2}}) (select-top 1) [{AAA} {BBB}])"
    rows = {"AAA": RISING} if row is None else {"AAA": RISING, "BBB": row}

    undefined = last_weights(evaluated(body, **rows))

    assert isinstance(undefined, SignalUndefined)
    assert ("BBB",) == undefined.symbols
    assert undefined.node == "(filter (cumulative-return {:window 2}) (select-top 1))"


def test_a_group_of_one_asset_is_measured_as_the_asset() -> None:
    """
    A label changes no number: the group's price is the asset's price.
    """
    body = f'(if (> (current-price (group "Only" [{AAA}])) 3.5) [{AAA}] [{BBB}])'

    assert {"AAA": "1"} == last_weights(evaluated(body, AAA=RISING, BBB=FALLING))


def test_a_sub_tree_that_starts_late_is_left_out() -> None:
    """
    A group whose own series is too short for the window is a candidate of short history.
    """
    late = f'(group "Late" [(weight-equal [{BBB} {AAA}])])'
    body = f"(filter (cumulative-return {{:window 2}}) (select-bottom 1) [{late} {AAA}])"

    evaluation = evaluated(body, AAA=RISING, BBB=[NAN, NAN, 3.0, 2.0])

    assert {"AAA": "1"} == last_weights(evaluation)


def test_inverse_volatility_of_a_flat_child_is_undefined() -> None:
    """
    A volatility of zero has no inverse: no share is invented.
    """
    undefined = last_weights(evaluated(f"(weight-inverse-volatility 2 [{AAA} {BBB}])", AAA=RISING, BBB=[5.0] * 4))

    assert isinstance(undefined, SignalUndefined)
    assert undefined.why == "the volatility of BBB is zero"


def test_inverse_volatility_of_one_child_measures_nothing() -> None:
    """
    A single child takes everything, whatever its volatility.
    """
    assert {"BBB": "1"} == last_weights(evaluated(f"(weight-inverse-volatility 90 [{BBB}])", BBB=[5.0] * 4))


def test_strategies_share_their_operations() -> None:
    """
    Two strategies with the same sub-tree under different names add only what differs.
    """
    one = a_symphony(f'(group "One" [(if {UP} [{AAA}] [{BBB}])])')
    other = a_symphony(f'(weight-equal [(group "Other" [(if {UP} [{AAA}] [{BBB}])]) {AAA}])')

    first, second = evaluate_book([one, other], closes_of(AAA=RISING, BBB=FALLING))

    assert first.panel is second.panel
    assert len(one.plan.ops) + 1 == len(first.panel.ops)


def test_shared_nodes_are_visited_once_whatever_the_paths() -> None:
    """
    Ten weightings that each hold the next one twice have a thousand paths and twenty-two operations.
    """
    body = AAA
    for part in range(2, 12):
        body = f"(weight-equal [{body} (weight-specified {part} {body} 1 {BBB})])"

    evaluation = evaluated(body, AAA=RISING, BBB=FALLING)

    assert len(evaluation.panel.ops) == 22
    assert np.allclose(evaluation.weights[1].sum(axis=0), 1.0)


def test_the_smallest_share_still_decides() -> None:
    """
    What gets 2 ** -60 of the portfolio is held: without its bar the session is undefined.
    """
    body = BBB
    for _ in range(60):
        body = f"(weight-equal [{AAA} {body}])"

    assert {"AAA": "1.000000"} == {"AAA": f"{evaluated(body, AAA=RISING, BBB=FALLING).weights[1][0, -1]:.6f}"}
    assert isinstance(last_weights(evaluated(body, AAA=RISING)), SignalUndefined)


def test_a_place_reached_twice_is_one_place() -> None:
    """
    Both halves lead to the same group, which gets the whole however its parts come together.
    """
    group = f'(group "all" [(weight-specified 0.3 {AAA} 0.7 {BBB})])'
    body = f"(weight-equal [(if {UP} [{group}] [{BBB}]) (if (not {UP}) [{BBB}] [{group}])])"

    alone = evaluated(group, AAA=RISING, BBB=FALLING).weights[1]
    twice = evaluated(body, AAA=RISING, BBB=FALLING).weights[1]

    assert alone[:, 1:].tobytes() == twice[:, 1:].tobytes()


def test_a_day_that_is_no_session_is_refused() -> None:
    """
    Asking for a day outside the panel is a ValueError that names the panel's ends.
    """
    evaluation = evaluated(AAA, AAA=RISING)

    with pytest.raises(ValueError, match="expected a session from 2024-01-02 to 2024-01-05, found 2024-02-01"):
        evaluation.signal(date(2024, 2, 1))


def test_closes_without_sessions_are_refused() -> None:
    """
    A panel of no session decides nothing.
    """
    with pytest.raises(ValueError, match="at least one session"):
        evaluated(AAA, AAA=[])


def test_signals_are_exact() -> None:
    """
    A signal has its session, its strategy and weights that sum to exactly one.
    """
    evaluation = evaluated(f'(weight-equal [{AAA} {BBB} (asset "CCC" nil)])', AAA=RISING, BBB=FALLING, CCC=RISING)

    signal = evaluation.signal(days(4)[2])

    assert ("Test", days(4)[2], 1) == (signal.strategy, signal.session, sum(signal.weights.values()))


def test_a_book_without_symphonies_evaluates_to_nothing() -> None:
    """
    Where every strategy is written in Python there is no graph to share.
    """
    assert () == evaluate_book([], closes_of(AAA=RISING))
