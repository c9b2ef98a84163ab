"""
What the other properties are proven on: texts that use all of the language, panels that lack data in every way.
"""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from alchemiser.domain.indicators.registry import INDICATORS
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.compiler import OPERATORS
from support.trees import SYMBOLS, panels, texts

_SPELLINGS = {
    "old positional window": r'\([a-z-]+ "[A-F]{3}" \d\)',
    "weights inside assets": r"\(weight-specified \[\(asset",
    "exchange prefix": r'"EQUITIES::[A-F]{3}//USD"',
    "a child of weight zero": r" 0 \(",
    "deviations of a band": r":standard-deviations 2\.5",
    "a sub-tree measured": r"\} \(weight-equal",
    "a branch without a vector": r"\) \(asset",
    "a branch of several": r"\) \[\(asset [^]]*\) \(",
    "groups ranked by a filter": r'\[\(group "G" \[\(filter',
}


@pytest.fixture(scope="module")
def drawn() -> str:
    """
    Three hundred texts, always the same.
    """
    found: list[str] = []

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=300,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(text=texts())
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return "\n".join(found)


@pytest.mark.parametrize("operator", OPERATORS)
def test_texts_use_every_operator(operator: str, drawn: str) -> None:
    """
    Every form of the language is drawn.
    """
    assert f"({operator} " in drawn


@pytest.mark.parametrize("name", [name for one in INDICATORS for name in (one.name, *one.synonyms)])
def test_texts_use_every_indicator(name: str, drawn: str) -> None:
    """
    Under each of its names, and as editors export it.
    """
    assert f"({name} " in drawn
    assert f"((unimplemented :{name}) " in drawn


@pytest.mark.parametrize("spelling", _SPELLINGS.values(), ids=_SPELLINGS)
def test_texts_use_every_spelling(spelling: str, drawn: str) -> None:
    """
    What can be written in several ways is written in each.
    """
    assert re.search(spelling, drawn)


def test_panels_lack_data_in_every_way() -> None:
    """
    Some symbols are absent, some listed late, some have a gap, some are stale, and some are whole.
    """
    fates: set[str] = set()

    @settings(derandomize=True, database=None, deadline=None, max_examples=100, phases=[Phase.generate])
    @given(closes=panels())
    def collect(closes: Closes) -> None:
        fates.update(_fate(row) for row in closes.values)
        fates.update("absent" for symbol in SYMBOLS if symbol not in closes.symbols)

    collect()

    assert {"absent", "late", "gap", "stale", "whole"} == fates


def _fate(row: "np.typing.NDArray[np.float64]") -> str:
    missing = np.isnan(row)
    if not missing.any():
        return "whole"
    if missing[0]:
        return "late"
    return "stale" if missing[-1] else "gap"
