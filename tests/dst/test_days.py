"""
The short form of `make simulate`: whole faulty days, every invariant held at every step.
"""

import pytest

from dst.faults import Fault
from dst.quiet import quietly
from dst.run import Chunk, tried
from dst.scenario import scenario_of
from dst.world import lived

_PART = 50


@pytest.mark.parametrize("first", range(0, 200, _PART))
def test_faulty_days_keep_every_invariant(first: int) -> None:
    """
    Two hundred seeds with one to five processes: nothing is violated, and every day ends.
    """
    tally = tried(Chunk(first=first, count=_PART))

    assert {} == tally.breaches
    assert 0 == tally.outcomes["open"]


def test_a_seed_is_lived_through_the_same_way_again() -> None:
    """
    The history of a seed, line by line, is a function of the seed.
    """
    with quietly():
        first, second = (lived(scenario_of(7, intensity=3, processes=3), is_told=True) for _ in range(2))

    assert first.history
    assert first == second


def test_every_fault_is_injected() -> None:
    """
    Among fifty seeds each kind of fault happens.
    """
    tally = tried(Chunk(first=0, count=_PART, intensity=3))

    assert {fault.value for fault in Fault} <= set(tally.faults)
