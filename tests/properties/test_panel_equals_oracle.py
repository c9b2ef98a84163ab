"""
The panel against the slow, obvious evaluator.
"""

from hypothesis import given, note, settings

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.compiler import compile_text
from support.oracle import Oracle
from support.trees import panels, texts


@settings(deadline=None, max_examples=200)
@given(text=texts(), closes=panels())
def test_panel_equals_the_oracle_on_every_session(text: str, closes: Closes) -> None:
    """
    On every session the panel holds what the per-day evaluator holds, or both are undefined.
    """
    symphony = compile_text(text)
    evaluation = symphony.evaluate(closes)
    symbols, rows = evaluation.weights
    oracle = Oracle(symphony.root, closes)
    note(symphony.text)

    for day, row in enumerate(rows.T):
        expected = oracle.on(day)
        assert (expected is not None) == bool(evaluation.defined[day]), day
        if expected is not None:
            assert {s: round(w, 9) for s, w in expected.items() if w > 1e-9} == {
                s: round(float(w), 9) for s, w in zip(symbols, row, strict=True) if w > 1e-9
            }, day
