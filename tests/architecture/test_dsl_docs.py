"""
docs/dsl.md names everything that the language reads, and its example compiles.
"""

import re
from pathlib import Path

import pytest

from alchemiser.domain.indicators.registry import INDICATORS, Indicator
from alchemiser.domain.strategy.ast import Frequency
from alchemiser.domain.strategy.compiler import OPERATORS, compile_text
from alchemiser.domain.strategy.composer.fields import CONDITION, COSMETIC, FIELDS

DOCS = (Path(__file__).parents[2] / "docs" / "dsl.md").read_text()


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_form_is_documented(operator: str) -> None:
    """
    The table of forms shows each operator in use.
    """
    forms = DOCS.partition("## Forms")[2].partition("## Indicators")[0]

    assert f"({operator} " in forms


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
def test_every_indicator_is_documented(indicator: Indicator) -> None:
    """
    Each has a row with its unit, and its parameters and synonyms are named.
    """
    (row,) = re.findall(rf"^\| `{re.escape(indicator.name)}` \|.*$", DOCS, re.MULTILINE)

    assert f"| {indicator.unit} |" in row
    for parameter in indicator.parameters:
        assert all(f"`:{name}`" in DOCS for name in (parameter.name, *parameter.synonyms))
    assert all(f"`{synonym}`" in DOCS for synonym in indicator.synonyms)


@pytest.mark.parametrize("frequency", Frequency)
def test_every_frequency_is_documented(frequency: Frequency) -> None:
    """
    The table of settings lists each.
    """
    assert f"`:{frequency}`" in DOCS


def test_the_example_compiles() -> None:
    """
    What the page shows is a strategy.
    """
    (example,) = re.findall(r"```clojure\n(.*?)```", DOCS, re.DOTALL)

    assert ("BIL", "SPY", "TLT") == compile_text(example).requirements.symbols


@pytest.mark.parametrize("step", FIELDS)
def test_every_step_of_composers_tree_is_documented(step: str) -> None:
    """
    The section names each step, and each field that is read or ignored.
    """
    section = DOCS.partition("## Composer's tree")[2]

    assert f"`{step}`" in section
    assert [] == [field for field in sorted(COSMETIC | CONDITION) if f"`{field}`" not in section]
    switches = {"asset-class", "asset-classes", "children", "select?", "sort-by?"}
    assert [] == [field for field in sorted(FIELDS[step] - switches) if f"`{field}`" not in section]
