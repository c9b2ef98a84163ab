"""
The table of failures is whole: every row is there, and every test it names exists.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]
NAMED = sorted({name for row in ROWS for name in re.findall(r"`(tests/[^`]+)`", row[3])})


@cache
def names_in(file: str) -> frozenset[str]:
    """
    Return the tests of a file, those of a class with its name before them.
    """
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    methods = {
        f"{node.name}::{inner.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, ast.FunctionDef)
    }
    return frozenset(functions | methods)


def test_all_42_failures_are_there_once() -> None:
    """
    The rows are numbered from 1 to 42, in order.
    """
    assert list(range(1, 43)) == [int(row[0]) for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_failure_has_a_test_or_says_why_not(row: list[str]) -> None:
    """
    Behaviour that nothing proves is called open, with the reason.
    """
    _, fault, behaviour, test = row

    assert fault
    assert behaviour
    assert "`tests/" in test or "open: " in behaviour


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_exists(name: str) -> None:
    """
    Nobody can rename or remove a proof without the table.
    """
    file, _, test = name.partition("::")

    assert test in names_in(file)
