"""
The short form of `make simulate-mutants`: what the simulation finds in the first seeds.
"""

import pytest

from dst.mutants import MUTANTS, caught

_FEW = 150
# These take rarer accidents than a few seeds bring; `make simulate-mutants` gives them more.
_RARE = {
    "a refusal of the second send is proof",
    "a run begins on any positions",
    "each buy spends all the money",
    "neither deliveries nor events are fenced",
    "nothing is settled before a run",
    "quotes are not looked at",
    "the gate is skipped",
    "the kill switch is ignored",
    "trades are not fenced by version",
}


@pytest.mark.parametrize("name", sorted(set(MUTANTS) - _RARE))
def test_the_simulation_finds_a_fault_of_ours(name: str) -> None:
    """
    With a deliberate fault in our code one of the first seeds violates an invariant.
    """
    catch = caught(MUTANTS[name], within=_FEW)

    assert catch.is_caught, f"{name} lived through {_FEW} seeds"


def test_faults_leave_nothing_behind() -> None:
    """
    After a mutant our code is what it was.
    """
    patched = [(holder, name) for mutant in MUTANTS.values() for holder, name, _ in mutant.patches]
    before = [getattr(holder, name) for holder, name in patched]
    for mutant in MUTANTS.values():
        with mutant.living():
            pass

    assert before == [getattr(holder, name) for holder, name in patched]
