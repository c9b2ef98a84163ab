from datetime import date
from decimal import Decimal

import numpy as np
from hypothesis import given, settings

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.nearness import flips
from support.symphonies import a_symphony
from support.trees import panels, texts


def answered(flip: Flip, closes: Closes) -> str:
    """
    Return what the flip's condition, read from its own text, answers on the last session.
    """
    evaluation = a_symphony(f'(if {flip.node} [(asset "{flip.symbol}" nil)])').evaluate(closes)
    assert isinstance(evaluation.root, ast.If)
    truth = evaluation.panel.truths[evaluation.numbers[evaluation.root.condition]]
    return "true" if truth.true[-1] else "false" if truth.false[-1] else "unknown"


def moved(flip: Flip, closes: Closes, session: date) -> Closes:
    upto = closes.upto(session)
    values = upto.values.copy()
    values[upto.symbols.index(flip.symbol), -1] *= float(1 + flip.move_pct / 100)
    return Closes(sessions=upto.sessions, symbols=upto.symbols, values=np.array(values))


@settings(max_examples=60, deadline=None)
@given(texts(), panels())
def test_the_move_that_is_told_turns_the_condition_over(text: str, closes: Closes) -> None:
    """
    With the close moved as told, the condition on its own answers the opposite.
    """
    session = closes.sessions[-1]
    found = flips(compile_text(text, file="drawn.clj").evaluate(closes), session, within=Decimal("0.3"))

    opposite = {"true": "false", "false": "true"}
    assert [] == [flip for flip in found if opposite[flip.outcome] != answered(flip, moved(flip, closes, session))]


@settings(max_examples=60, deadline=None)
@given(texts(), panels())
def test_moves_are_within_the_bound_and_ascending(text: str, closes: Closes) -> None:
    """
    The nearest comes first, each condition and symbol once.
    """
    found = flips(compile_text(text, file="drawn.clj").evaluate(closes), closes.sessions[-1], within=Decimal("0.2"))

    sizes = [abs(flip.move_pct) for flip in found]
    assert sizes == sorted(sizes)
    assert all(0 < size <= Decimal("20.0001") for size in sizes)
    assert len(found) == len({(flip.node, flip.symbol) for flip in found})
