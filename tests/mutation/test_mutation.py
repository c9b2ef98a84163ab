"""
The mutation tool tells a check that notices from one that cannot.
"""

from pathlib import Path

from alchemiser.domain.execution import pricing
from alchemiser.domain.execution.policy import WalkPolicy
from mutation.mutants import Mutant, difference, mutants_of, mutated
from mutation.targets import modules, path_of
from mutation.trial import Trial, Verdict, install, loaded, tried

MODULE = "domain.execution.pricing"
SOURCE = path_of(MODULE).read_text(encoding="utf-8")


def the_mutant(what: str) -> Mutant:
    (found,) = [one for one in mutants_of(MODULE, SOURCE) if (one.scope, one.what) == ("rest", what)]
    return found


def crosses_after_the_rungs() -> bool:
    return pricing.rest(3, WalkPolicy()) == WalkPolicy().cross_rest


def spins() -> bool:
    while True:
        crosses_after_the_rungs()


def verdict(*, what: str, check: object, cpu_s: float = 30.0) -> Verdict:
    def notices(_: Path) -> bool:
        install(the_mutant(what), SOURCE, loaded())
        assert callable(check)
        return not check()

    found: list[Verdict] = []
    tried(iter([Trial(name=what, notices=notices, cpu_s=cpu_s)]), jobs=1, told=lambda _, one: found.append(one))
    return found[0]


def test_a_mutant_that_a_check_notices_is_killed() -> None:
    """
    A boundary moved by one in the damaged process fails the check there, and nothing is damaged here.
    """
    assert Verdict.KILLED == verdict(what="< → <=", check=crosses_after_the_rungs)
    assert crosses_after_the_rungs()


def test_a_check_that_cannot_fail_lets_a_mutant_live() -> None:
    """
    What calls the damaged code and looks at nothing is found out.
    """
    assert Verdict.SURVIVED == verdict(what="< → <=", check=lambda: crosses_after_the_rungs() or True)


def test_a_mutant_that_never_ends_is_stopped() -> None:
    """
    A fault that makes a check run for ever costs its share of processor time and no more.
    """
    assert Verdict.TIMEOUT == verdict(what="< → <=", check=spins, cpu_s=0.1)


def test_every_mutant_is_another_module() -> None:
    """
    Each mutant compiles, says what it changed, and changes what the module does, not how it is laid out.
    """
    sound = compile(SOURCE, MODULE, "exec")

    for mutant in mutants_of(MODULE, SOURCE):
        assert sound != compile(mutated(SOURCE, mutant), MODULE, "exec"), difference(SOURCE, mutant)


def test_mutants_are_numbered_the_same_again_and_again() -> None:
    """
    A number names a fault, so that it can be looked at again.
    """
    first, again = (mutants_of(MODULE, SOURCE) for _ in range(2))

    assert first == again
    assert list(range(1, len(first) + 1)) == [one.number for one in first]


def test_damaged_modules_are_there() -> None:
    """
    A module that was moved is damaged where it went.
    """
    assert [] == [module for module in modules() if not path_of(module).exists()]
