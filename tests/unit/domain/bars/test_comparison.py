from datetime import date

import numpy as np
import pytest

from alchemiser.domain.bars.comparison import disagreements, restated
from alchemiser.domain.bars.findings import Acceptance, Finding, Kind
from alchemiser.domain.bars.history import day_of, rebased, spliced
from support.lakes import NOW, some_bars, wavy


def test_the_same_bars_are_not_restated() -> None:
    """
    An overlap that says the same, and bars beyond it, restate nothing.
    """
    whole = some_bars(wavy(60))

    assert None is restated(whole.part(0, 50), whole.part(40, 60))


@pytest.mark.parametrize("column", ["adj_closes", "closes", "volumes"])
def test_the_first_day_that_differs_is_named(column: str) -> None:
    """
    One other value in the overlap is a restatement from its day on.
    """
    whole = some_bars(wavy(60))
    values = getattr(whole, column).copy()
    values[45] *= 1.0001

    fresh = some_bars(wavy(60), columns={column: values}).part(40, 60)

    assert day_of(int(whole.days[45])) == restated(whole.part(0, 50), fresh)


def test_a_bar_that_is_no_longer_told_is_restated() -> None:
    """
    A day that vanishes from the overlap is a restatement.
    """
    whole = some_bars(wavy(60))
    fewer = some_bars(np.delete(wavy(60), 45).tolist(), days=np.delete(whole.days, 45))

    assert day_of(int(whole.days[45])) == restated(whole.part(0, 50), fewer.part(40, 59))


def test_another_adjustment_is_no_disagreement() -> None:
    """
    Returns are compared, so that closes may differ by a factor.
    """
    other = some_bars([close * 3 for close in wavy(60)])

    assert [] == list(disagreements(some_bars(wavy(60)), other, name="other"))


def test_half_a_dividend_is_a_disagreement_on_its_day() -> None:
    """
    A dividend of 5 % that one source knows by half shows as 2.5 % on one day.
    """
    ours = np.array(wavy(60))
    ours[:30] *= 0.975

    (found,) = disagreements(some_bars(ours.tolist()), some_bars(wavy(60)), name="other")

    assert (Kind.DISAGREES, day_of(int(some_bars(wavy(60)).days[30])), True) == (found.kind, found.day, found.blocks)


def test_many_small_dividends_that_are_missing_add_up() -> None:
    """
    What is below the bound every day and above it in sum is found.
    """
    ours = np.array(wavy(60)) * (1 - 0.001) ** np.arange(60)

    (found,) = disagreements(some_bars(ours.tolist()), some_bars(wavy(60)), name="other")

    assert "a little at a time" in found.why


def test_a_source_that_goes_on_shows_that_ours_ended() -> None:
    """
    A stale last bar is found by a source that has later ones.
    """
    whole = some_bars(wavy(60))

    (found,) = disagreements(whole.part(0, 58), whole, name="other")

    assert "goes on to" in found.why


def test_older_bars_go_over_into_another_adjustment() -> None:
    """
    Where both know a day, older closes are brought to the fresh ones' level and returns stay.
    """
    known = some_bars(wavy(60))
    fresh = some_bars([close / 2 for close in wavy(60)]).part(30, 60)

    together = rebased(known, fresh)

    assert together is not None
    assert np.allclose(np.array(wavy(60)) / 2, together.adj_closes)


def test_histories_that_do_not_meet_cannot_be_joined() -> None:
    """
    Without a day in common nobody can say how one goes over into the other.
    """
    whole = some_bars(wavy(60))

    assert None is rebased(whole.part(0, 20), whole.part(30, 60))


def test_a_splice_keeps_each_bars_source() -> None:
    """
    Bars of two sources stay labelled with theirs.
    """
    whole = some_bars(wavy(60))

    together = spliced(whole.part(0, 50), whole.part(40, 60))

    assert whole.content_hash() == together.content_hash()


def test_an_acceptance_is_bound_to_the_size_of_what_was_accepted() -> None:
    """
    Another jump on the same day is another finding.
    """
    said = Acceptance(day=date(2024, 3, 1), kind=Kind.JUMP, measure=0.5, because="a merger", by="me", at=NOW)

    covered = [
        said.covers(Finding(day=date(2024, 3, 1), kind=Kind.JUMP, measure=measure, why="", blocks=True))
        for measure in (0.5, 0.50001, 0.6, -0.5)
    ]

    assert [True, True, False, False] == covered
