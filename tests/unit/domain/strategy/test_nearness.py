from decimal import Decimal

import pytest

from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.nearness import flips
from support.symphonies import NAN, evaluated


def near(condition: str, within: str = "0.03", **rows: list[float]) -> dict[str, str]:
    """
    Return the moves, in percent, that turn a condition over on the last session, by symbol.
    """
    return {flip.symbol: str(flip.move_pct) for flip in found(condition, within, **rows)}


def found(condition: str, within: str = "0.03", **rows: list[float]) -> tuple[Flip, ...]:
    evaluation = evaluated(f'(if {condition} [(asset "SPY" nil)] [(asset "SPY" nil)])', **rows)
    return flips(evaluation, evaluation.panel.closes.sessions[-1], within=Decimal(within))


def test_a_price_below_a_number_has_to_rise_to_it() -> None:
    """
    From 99 to just above 100 are 1.010101… %, rounded away from zero.
    """
    assert {"SPY": "1.0102"} == near('(> (current-price "SPY") 100)', SPY=[98, 99])


def test_a_flip_tells_condition_answer_and_close() -> None:
    """
    The condition is quoted, with what it answered and the close that turns it over.
    """
    (flip,) = found('(> (current-price "SPY") 100)', SPY=[98, 99])

    assert ('(> (current-price "SPY") 100)', "Test > if", "false", Decimal("100.000098")) == (
        flip.node,
        flip.path,
        flip.outcome,
        flip.close,
    )


def test_a_price_above_its_average_has_to_fall_to_it() -> None:
    """
    A price p is above (100 + 100 + p) / 3 exactly when p > 100: from 102 that are -1.960784… %.
    """
    condition = '(> (current-price "SPY") (moving-average-price "SPY" {:window 3}))'

    assert {"SPY": "-1.9608"} == near(condition, SPY=[100, 100, 102])


def test_a_return_in_percent_moves_with_its_last_close() -> None:
    """
    The return p / 100 - 1 is 2 % at p = 102: from 101 that are 0.990099… %.
    """
    assert {"SPY": "0.9901"} == near('(> (cumulative-return "SPY" {:window 2}) 2)', SPY=[100, 90, 101])


def test_an_rsi_is_solved_through_its_whole_history() -> None:
    """
    Window 2, seed gains (2 + 0) / 2 = 1, losses 0.5; then Wilder halves: gains (1 + g) / 2, losses 0.25. RSI is 80
    where gains are four times losses: (1 + g) / 2 = 1, g = 1. From 101 + 0.5 to 101 + 1 are 0.492610… %.
    """
    closes = [100, 102, 101, 101.5]

    assert {"SPY": "0.4927"} == near('(> (rsi "SPY" {:window 2}) 80)', SPY=closes)


def test_both_sides_of_a_comparison_can_turn_it() -> None:
    """
    SPY at 100 against QQQ at 99: SPY falls by 1 %, or QQQ rises by 1.0101… %.
    """
    condition = '(> (current-price "SPY") (current-price "QQQ"))'

    assert {"SPY": "-1.0000", "QQQ": "1.0102"} == near(condition, SPY=[100, 100], QQQ=[100, 99])


def test_a_connective_turns_as_a_whole() -> None:
    """
    A true `or` turns only when its last true part does; the first part alone changes nothing.
    """
    condition = '(or (> (current-price "SPY") 99.5) (> (current-price "SPY") 98))'

    assert {"SPY": "-2.0000"} == near(condition, SPY=[100, 100])


def test_a_portfolio_moves_with_what_it_held() -> None:
    """
    Half of the group is SPY: its level goes from 1 to 1.01 when SPY alone gains 2 %.
    """
    condition = '(> (cumulative-return (weight-equal [(asset "SPY" nil) (asset "QQQ" nil)]) {:window 1}) 1)'

    assert {"SPY": "2.0001", "QQQ": "2.0001"} == near(condition, SPY=[100, 100], QQQ=[50, 50])


def test_what_is_further_than_the_bound_is_not_near() -> None:
    """
    A move of 1.01 % is not within 1 %.
    """
    assert {} == near('(> (current-price "SPY") 100)', within="0.01", SPY=[98, 99])


def test_the_smaller_of_two_moves_is_told() -> None:
    """
    An equality turns over by any move; up and down are as near, and up is told of.
    """
    assert {"SPY": "0.0001"} == near('(= (current-price "SPY") 100)', SPY=[98, 100])


def test_an_unknown_condition_is_near_nothing() -> None:
    """
    Where there is no answer, no move turns it over.
    """
    assert {} == near('(> (current-price "SPY") 100)', SPY=[98, NAN])


def test_conditions_off_the_way_are_not_told() -> None:
    """
    Only what decided the weights counts, not the branch that was left.
    """
    inner = '(if (> (current-price "SPY") 99.5) [(asset "SPY" nil)])'
    evaluation = evaluated(f'(if (> (current-price "SPY") 101.5) [{inner}] [(asset "SPY" nil)])', SPY=[100, 100])

    told = flips(evaluation, evaluation.panel.closes.sessions[-1], within=Decimal("0.03"))

    assert ['(> (current-price "SPY") 101.5)'] == [flip.node for flip in told]


def test_later_closes_change_nothing() -> None:
    """
    What was near on a session is read off the closes through it.
    """
    evaluation = evaluated(
        '(if (> (current-price "SPY") 100) [(asset "SPY" nil)] [(asset "SPY" nil)])', SPY=[98, 99, 500]
    )

    (flip,) = flips(evaluation, evaluation.panel.closes.sessions[1], within=Decimal("0.03"))

    assert Decimal("1.0102") == flip.move_pct


@pytest.mark.parametrize("within", ["0", "1", "-0.01"])
def test_a_bound_that_is_no_fraction_is_refused(within: str) -> None:
    """
    Moves are searched between nothing and everything.
    """
    with pytest.raises(ValueError, match="expected a bound above 0 and below 1"):
        found('(> (current-price "SPY") 100)', within=within, SPY=[98, 99])
