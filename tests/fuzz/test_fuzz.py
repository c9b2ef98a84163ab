"""
The short form of `make fuzz`: the same texts, fewer of them; times are judged only by the long form.
"""

import pytest

from alchemiser.domain.indicators.registry import INDICATORS
from alchemiser.domain.strategy.compiler import OPERATORS
from alchemiser.domain.strategy.composer.conditions import COMPARATORS, CONNECTIVES
from alchemiser.domain.strategy.composer.fields import FIELDS
from fuzz.hostile import ALL, notation_of
from fuzz.run import COUNTS, SEED, Chunk, text_of, tried
from fuzz.verdict import judged

_PATIENCE_S = 60.0


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("mutated", 1_200),
        ("made", 500),
        ("mutated-json", 500),
        ("made-json", 150),
        ("mutated-edn", 400),
        ("made-edn", 100),
    ],
)
def test_texts_are_accepted_or_refused(kind: str, count: int) -> None:
    """
    Whatever is damaged or made compiles and prints, or is refused in its place; each is replayed by its number.
    """
    tally = tried(Chunk(seed=SEED, kind=kind, first=0, count=count, limit_s=_PATIENCE_S))

    assert [] == tally.failures
    assert min(tally.outcomes["accepted"], tally.outcomes["refused"]) > count // 200


@pytest.mark.parametrize("name", ALL)
def test_hostile_texts_end(name: str) -> None:
    """
    A text made to hurt compiles or is refused; here at a few thousandths of its size.
    """
    verdict = judged(ALL[name](50_000), notation=notation_of(name), limit_s=_PATIENCE_S)

    assert "failed" != verdict.outcome, verdict.why


def test_the_grammar_reaches_every_operator_and_indicator() -> None:
    """
    What the language has, made texts use.
    """
    made = "".join(text_of(SEED, "made", number) for number in range(400))

    names = {*OPERATORS, *(name for one in INDICATORS for name in (one.name, *one.synonyms))}
    assert {name for name in names if f"({name} " not in made} == set()


def test_trees_reach_every_step_field_and_block() -> None:
    """
    Every step, every field that is read and every kind of condition stands in a made tree, but for two spellings.
    """
    made = "".join(text_of(SEED, kind, number) for kind in ("made-json", "made-edn") for number in range(300))
    blocks = {"binary", "compound", "binary-compound", "not", "constant", "of", "tickers", "condition-type"}
    words = {*FIELDS, *(field for fields in FIELDS.values() for field in fields), *blocks, *COMPARATORS, *CONNECTIVES}

    assert {"asset-class", "asset-classes"} == {word for word in words if f'"{word}"' not in made}


def test_a_number_is_a_text_again_and_again() -> None:
    """
    Seed, kind and number alone make the text, so that a failure can be looked at again.
    """
    first, again = ([text_of(7, kind, 12) for kind in COUNTS] for _ in range(2))

    assert first == again
    assert first != [text_of(8, kind, 12) for kind in COUNTS]
