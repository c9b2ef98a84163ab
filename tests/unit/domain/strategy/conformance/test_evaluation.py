"""
How a strategy is evaluated: one strategy and a few bars for each rule, the weights worked out by hand.
"""

import pytest

from alchemiser.domain.errors import SignalUndefined
from support.symphonies import NAN, evaluated, last_weights

AAA, BBB, CCC = '(asset "AAA" nil)', '(asset "BBB" nil)', '(asset "CCC" nil)'
YES, NO = '(asset "YES" nil)', '(asset "NO" nil)'
BEST = "(filter (cumulative-return {:window 1}) (select-top 1)"


def held(body: str, **rows: list[float]) -> object:
    """
    The weights of a body on the last session.
    """
    still = [1.0] * len(next(iter(rows.values())))
    return last_weights(evaluated(body, **{**rows, "YES": still, "NO": still}))


def test_weights_use_closes_through_their_own_session() -> None:
    """
    AAA rises only on the last session: its weights know it.
    """
    body = f'(if (> (cumulative-return "AAA" {{:window 1}}) 0) [{YES}] [{NO}])'

    assert {"YES": "1"} == held(body, AAA=[2.0, 1.0, 3.0])


def test_a_sub_trees_weights_earn_the_return_of_the_next_session() -> None:
    """
    The pair holds whichever rose. Session 2: AAA doubles, AAA is held; session 3: AAA doubles again and BBB triples.

    It earned AAA's 100 percent, decided the day before, and not BBB's 200.
    """
    rows = {"AAA": [1.0, 2.0, 4.0], "BBB": [1.0, 1.0, 3.0]}
    body = f"(if (= (cumulative-return {{:window 1}} {BEST} [{AAA} {BBB}])) 100) [{YES}] [{NO}])"

    assert {"YES": "1"} == held(body, **rows)


def test_a_sub_tree_is_rebalanced_daily() -> None:
    """
    Half and half, each day anew: AAA +100 and then 0, BBB 0 and then +100: 1.5 * 1.5 = 2.25, not (2 + 2) / 2 = 2.
    """
    body = f"(if (= (cumulative-return {{:window 2}} (weight-equal [{AAA} {BBB}])) 125) [{YES}] [{NO}])"

    assert {"YES": "1"} == held(body, AAA=[1.0, 2.0, 2.0], BBB=[1.0, 1.0, 2.0])


def test_a_sub_trees_closes_begin_at_one_where_it_is_first_decided() -> None:
    """
    The pair is decided from BBB's first bar on, session 2, at 1; session 3 returns +50 percent: 1.5.
    """
    body = f"(if (= (current-price (weight-equal [{AAA} {BBB}])) 1.5) [{YES}] [{NO}])"

    assert {"YES": "1"} == held(body, AAA=[9.0, 1.0, 1.0], BBB=[NAN, 1.0, 2.0])


def test_cash_in_a_sub_tree_earns_nothing() -> None:
    """
    Half AAA, half cash: AAA's +20 percent are 10.
    """
    half = f"(weight-equal [{AAA} (if (> 1 2) [{BBB}])])"

    assert {"YES": "1"} == held(
        f"(if (= (cumulative-return {{:window 1}} {half}) 10) [{YES}] [{NO}])", AAA=[10.0, 12.0]
    )


@pytest.mark.parametrize(("children", "symbol"), [(f"{AAA} {BBB}", "AAA"), (f"{BBB} {AAA}", "BBB")])
@pytest.mark.parametrize("select", ["top", "bottom"])
def test_ranking_rounds_and_ties_go_to_source_order(children: str, symbol: str, select: str) -> None:
    """
    10 percent of different prices differ in the last digits of a float only: whichever is written first is held.
    """
    body = f"(filter (cumulative-return {{:window 1}}) (select-{select} 1) [{children}])"

    assert {symbol: "1"} == held(body, AAA=[0.1, 0.11], BBB=[0.7, 0.77])


@pytest.mark.parametrize(("select", "symbol"), [("top", "AAA"), ("bottom", "BBB")])
def test_max_drawdown_is_not_inverted_for_ranking(select: str, symbol: str) -> None:
    """
    AAA fell 50 percent, BBB 10: the top is the deepest fall.
    """
    body = f"(filter (max-drawdown {{:window 2}}) (select-{select} 1) [{AAA} {BBB}])"

    assert {symbol: "1"} == held(body, AAA=[2.0, 1.0], BBB=[10.0, 9.0])


def test_a_candidate_listed_too_late_is_left_out_and_named() -> None:
    """
    BBB has one close of the two it needs: AAA is held though it fell, and the reason names BBB.
    """
    evaluation = evaluated(f"{BEST} [{AAA} {BBB}])", AAA=[2.0, 1.0], BBB=[NAN, 1.0])

    (decision,) = evaluation.signal(evaluation.panel.closes.sessions[-1]).decisions

    assert {"AAA": "1"} == last_weights(evaluation)
    assert "BBB" in repr(decision)


@pytest.mark.parametrize(
    "row",
    [[1.0, NAN, 2.0], [1.0, 2.0, NAN], None],
    ids=["gap", "stale", "absent"],
)
def test_a_symbol_with_missing_bars_leaves_the_signal_undefined(row: list[float] | None) -> None:
    """
    A gap inside its life, a last bar that is too old, no bars at all: nothing is held instead, and BBB is named.
    """
    rows = {"AAA": [1.0, 1.0, 1.0]} if row is None else {"AAA": [1.0, 1.0, 1.0], "BBB": row}

    undefined = held(f"{BEST} [{AAA} {BBB}])", **rows)

    assert isinstance(undefined, SignalUndefined)
    assert ("BBB",) == undefined.symbols


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ('(> (current-price "BBB") 0)', None),
        ('(not (> (current-price "BBB") 0))', None),
        ('(and (> 1 2) (> (current-price "BBB") 0))', "NO"),
        ('(and (> 2 1) (> (current-price "BBB") 0))', None),
        ('(or (> 2 1) (> (current-price "BBB") 0))', "YES"),
        ('(or (> 1 2) (> (current-price "BBB") 0))', None),
    ],
)
def test_a_comparison_with_an_undefined_side_is_undefined(condition: str, outcome: str | None) -> None:
    """
    BBB has no bar: the question is neither true nor false, unless another part of it decides.
    """
    found = held(f"(if {condition} [{YES}] [{NO}])", AAA=[1.0], BBB=[NAN])

    if outcome is None:
        assert isinstance(found, SignalUndefined)
    else:
        assert {outcome: "1"} == found


def test_weights_sum_to_one_or_to_less_with_cash() -> None:
    """
    Thirds are rounded to six digits and still sum to 1; a third of cash leaves two thirds.
    """
    whole = held(f"(weight-equal [{AAA} {YES} {NO}])", AAA=[1.0])
    part = held(f"(weight-equal [{YES} {NO} (if (> 1 2) [{AAA}])])", AAA=[1.0])

    assert {"AAA": "0.333334", "NO": "0.333333", "YES": "0.333333"} == whole
    assert {"NO": "0.333334", "YES": "0.333333"} == part


def test_equal_holdings_of_different_branches_add_up() -> None:
    """
    AAA is a half on its own and a quarter inside the pair.
    """
    body = f"(weight-equal [{AAA} (weight-equal [{AAA} {YES}])])"

    assert {"AAA": "0.75", "YES": "0.25"} == held(body, AAA=[1.0])


def test_a_strategy_starts_where_every_ticker_and_window_is_defined() -> None:
    """
    A window of 2 closes of BBB, listed on session 2: undecided on 1 and 2, decided on 3.
    """
    body = f'(if (> (moving-average-price "BBB" {{:window 2}}) 0) [{AAA}] [{BBB}])'

    evaluation = evaluated(body, AAA=[1.0, 1.0, 1.0], BBB=[NAN, 1.0, 1.0])

    assert [False, False, True] == evaluation.defined.tolist()
