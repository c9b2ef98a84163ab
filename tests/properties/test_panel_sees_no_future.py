"""
What a session decides depends on nothing after it, and on nothing else in the book.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.evaluator import evaluate_book
from support.trees import panels, texts


@settings(deadline=None)
@given(text=texts(), closes=panels(), data=st.data())
def test_changing_later_bars_changes_no_earlier_weight(text: str, closes: Closes, data: st.DataObject) -> None:
    """
    Bars after a session, multiplied at random or removed, leave every weight up to it the same to the last bit.
    """
    symphony = compile_text(text)
    session = data.draw(st.integers(0, len(closes.sessions) - 1))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    values = closes.values.copy()
    later = values[:, session + 1 :]
    later *= generator.uniform(0.01, 100.0, later.shape)
    later[generator.random(later.shape) < 0.1] = np.nan
    changed = Closes(sessions=closes.sessions, symbols=closes.symbols, values=values)

    before, after = symphony.evaluate(closes).weights[1], symphony.evaluate(changed).weights[1]

    assert before[:, : session + 1].tobytes() == after[:, : session + 1].tobytes()


@settings(deadline=None)
@given(text=texts(), closes=panels(), data=st.data())
def test_a_shorter_panel_gives_the_same_rows(text: str, closes: Closes, data: st.DataObject) -> None:
    """
    Evaluating only the sessions up to one gives exactly the rows that evaluating all of them gives.
    """
    symphony = compile_text(text)
    session = data.draw(st.sampled_from(closes.sessions))
    shorter = closes.upto(session)
    count = len(shorter.sessions)

    whole, part = symphony.evaluate(closes), symphony.evaluate(shorter)

    assert whole.defined[:count].tolist() == part.defined.tolist()
    assert whole.weights[1][:, :count].tobytes() == part.weights[1].tobytes()


@settings(deadline=None, max_examples=50)
@given(several=st.lists(texts(), min_size=2, max_size=4), closes=panels())
def test_a_book_gives_each_strategy_what_it_gets_alone(several: list[str], closes: Closes) -> None:
    """
    Sharing operations between strategies changes no bit of any of them.
    """
    book = [compile_text(text) for text in several]

    together = evaluate_book(book, closes)

    for symphony, evaluation in zip(book, together, strict=True):
        assert symphony.evaluate(closes).weights[1].tobytes() == evaluation.weights[1].tobytes()


@settings(deadline=None)
@given(text=texts(), closes=panels())
def test_weights_are_a_portfolio(text: str, closes: Closes) -> None:
    """
    On every defined session weights are at least zero and sum to at most one; elsewhere they are all NaN.
    """
    evaluation = compile_text(text).evaluate(closes)
    rows = evaluation.weights[1]

    defined = rows[:, evaluation.defined]

    assert bool(np.all(defined >= 0.0))
    assert bool(np.all(defined.sum(axis=0) <= 1.0 + 1e-9))
    assert bool(np.all(np.isnan(rows[:, ~evaluation.defined])))
