"""
The short form of `make crash-points`.
"""

from dst.crash_points import Task, differing, ended, plan_of, single_points
from dst.quiet import quietly

_SEED = 13


def test_a_day_that_dies_anywhere_ends_as_if_it_had_not() -> None:
    """
    At each call of a small day, before and after its effect: the same trades, orders, ledger, positions and cash.
    """
    with quietly():
        points = single_points(_SEED)

    assert len(points) > 150
    assert [] == differing(Task(seed=_SEED, points=points))


def test_a_day_that_dies_twice_ends_as_if_it_had_not() -> None:
    """
    A sample of places to die is followed by a sample of places after them.
    """
    with quietly():
        places = [point for (point,) in single_points(_SEED)]
    pairs = tuple((one, other) for one in places[::17] for other in places[::41] if one[0] < other[0])

    assert [] == differing(Task(seed=_SEED, points=pairs))


def test_the_undisturbed_day_trades() -> None:
    """
    The day that is disturbed has sells and buys, some filled in part.
    """
    with quietly():
        end, _ = ended(plan_of(_SEED))

    assert {"S", "B"} == {name[-1] for name, _, _ in end.trades}
    assert len(end.orders) > len(end.trades)
