import pytest

from alchemiser.application.explain import undefined_words
from alchemiser.domain.errors import SignalUndefined


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("AAPL has no bar on 2026-07-31", "rsi: AAPL has no bar on 2026-07-31 (A, BRK.B)"),
        ("no bars of A, AAPL, BRK.B.", "rsi: no bars of A, AAPL, BRK.B."),
        ("no bars of BRK", "rsi: no bars of BRK (A, AAPL, BRK.B)"),
    ],
)
def test_every_symbol_to_look_at_is_named(why: str, words: str) -> None:
    """
    A symbol counts as named by a word of its own, not by a part of another symbol's.
    """
    undefined = SignalUndefined(strategy="S", node="rsi", session="2026-07-31", symbols=("A", "AAPL", "BRK.B"), why=why)

    assert words == undefined_words(undefined)
