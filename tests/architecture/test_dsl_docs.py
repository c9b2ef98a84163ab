"""
docs/dsl.md names everything that the language reads, and its example compiles.
"""

import re
from pathlib import Path

import pytest

from alchemiser.domain.indicators.registry import INDICATORS, Indicator
from alchemiser.domain.strategy.ast import Frequency
from alchemiser.domain.strategy.compiler import NAME_LIMIT, OPERATORS, compile_text
from alchemiser.domain.strategy.composer import jsons
from alchemiser.domain.strategy.composer.conditions import COMPARATORS, CONNECTIVES
from alchemiser.domain.strategy.composer.documents import WRAPPERS
from alchemiser.domain.strategy.composer.fields import CONDITION, COSMETIC, FIELDS
from alchemiser.domain.strategy.composer.pieces import COPIES_LIMIT
from alchemiser.domain.strategy.drafts import DECIMALS_LIMIT, NUMBER_LENGTH_LIMIT
from alchemiser.domain.strategy.holdings import COUNT_LIMIT
from alchemiser.domain.strategy.measures import WINDOW_LIMIT
from alchemiser.domain.strategy.reader import NESTING_LIMIT, NODE_LIMIT, SIZE_LIMIT

DOCS = (Path(__file__).parents[2] / "docs" / "dsl.md").read_text()

# How sure each meaning is, from the outputs it was compared with.
GRADES = {
    "current-price": "C",
    "moving-average-price": "–",
    "exponential-moving-average-price": "– (seed U)",
    "rsi": "A (seed U)",
    "cumulative-return": "–",
    "moving-average-return": "–",
    "stdev-return": "B",
    "stdev-price": "C",
    "max-drawdown": "B",
    "percentage-price-oscillator": "U",
    "percentage-price-oscillator-signal": "U",
    "macd": "U",
    "macd-signal": "U",
    "upper-bollinger": "U",
    "lower-bollinger": "U",
}
# Windows to read "first defined" with, and what the cell says for each number of closes they need.
_WINDOWS = {"window": 7, "short-window": 4, "long-window": 9, "smooth-window": 3, "standard-deviations": 2}
_FIRST_DEFINED = {
    "1 close": 1,
    "w closes": 7,
    "w + 1 closes": 8,
    "`:long-window` closes": 9,
    "long + smooth − 1 closes": 11,
}


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


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
def test_every_indicator_has_its_grade_and_first_session(indicator: Indicator) -> None:
    """
    The row says how sure the meaning is, and how many closes it needs, which is what the code needs.
    """
    (row,) = re.findall(rf"^\| `{re.escape(indicator.name)}` \|(.*)\|$", DOCS, re.MULTILINE)
    _, unit, first_defined, grade = (cell.strip() for cell in row.split("|"))
    own = tuple(_WINDOWS[parameter.name] for parameter in indicator.parameters)

    assert indicator.unit == unit
    assert indicator.closes_needed(own) == _FIRST_DEFINED[first_defined]
    assert grade == GRADES[indicator.name]


@pytest.mark.parametrize("grade", sorted({grade.partition(" ")[0] for grade in GRADES.values()}))
def test_every_grade_is_explained(grade: str) -> None:
    """
    What a letter means stands above the tables.
    """
    (legend,) = re.findall(r"^Grades: .*$", DOCS, re.MULTILINE)

    assert f"**{grade}** " in legend


@pytest.mark.parametrize("setting", [":asset-class", ":rebalance-frequency", ":rebalance-threshold"])
def test_every_setting_is_documented(setting: str) -> None:
    """
    The table of settings has a row for each.
    """
    assert re.search(rf"^\| `{setting}[` ]", DOCS, re.MULTILINE)


@pytest.mark.parametrize(
    "limit",
    [
        NESTING_LIMIT,
        NODE_LIMIT,
        SIZE_LIMIT,
        WINDOW_LIMIT,
        NAME_LIMIT,
        DECIMALS_LIMIT,
        NUMBER_LENGTH_LIMIT,
        COUNT_LIMIT,
        COPIES_LIMIT,
        jsons.NESTING_LIMIT,
    ],
)
def test_every_limit_is_documented(limit: int) -> None:
    """
    What is refused for its size is said beforehand.
    """
    assert re.search(rf"\b{limit:,}\b", DOCS)


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


@pytest.mark.parametrize(
    "word", [*COMPARATORS, *CONNECTIVES, *WRAPPERS, "binary", "compound", "binary-compound", "num", "den", "%", "of"]
)
def test_every_word_of_composers_conditions_is_documented(word: str) -> None:
    """
    The section names comparators, connectives, kinds of blocks, and the records a tree may stand in.
    """
    section = DOCS.partition("## Composer's tree")[2]

    assert re.search(rf"[`\"]{re.escape(word)}[`\"]", section)
