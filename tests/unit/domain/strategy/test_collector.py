import gc

import pytest

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy.collector import collector_paused
from alchemiser.domain.strategy.compiler import compile_text


def test_the_collector_rests_inside_and_works_afterwards() -> None:
    """
    Pauses may stand inside each other; the outermost ends them.
    """
    seen = []
    with collector_paused():
        with collector_paused():
            seen.append(gc.isenabled())
        seen.append(gc.isenabled())

    assert [False, False, True] == [*seen, gc.isenabled()]


def test_a_collector_that_was_off_stays_off() -> None:
    """
    Who has switched the collector off has it off afterwards.
    """
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_refused_text_leaves_the_collector_on() -> None:
    """
    An error ends the pause like anything else.
    """
    with pytest.raises(DslCompileError):
        compile_text('(defsymphony "A" {} (weight-equal []))')

    assert gc.isenabled()
