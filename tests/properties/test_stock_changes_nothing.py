"""
Sharing between the files of a book, and reading by lines, change nothing but time.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alchemiser.domain.errors import DslCompileError, DslSyntaxError
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Str, Sym, Vector
from alchemiser.domain.strategy.lines import Shelf
from alchemiser.domain.strategy.reader import read, read_apart
from alchemiser.domain.strategy.stock import Stock
from support.trees import texts

PIECES = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        '"',
        '"a"',
        '"b\\"c"',
        '"\n"',
        "\\",
        ";",
        "\n",
        " ",
        ",",
        ":k",
        "x",
        "-1.5",
        "(a)",
        "\r",
    ]
)


def told(forms: tuple[Form, ...]) -> list[object]:
    """
    What forms say, without where.
    """
    said: list[object] = []
    for form in forms:
        match form:
            case List() | Vector() | Map():
                said.append([type(form).__name__, *told(form.items)])
            case Sym() | Kw():
                said.append((type(form).__name__, form.name))
            case Str():
                said.append(("Str", form.value))
            case Num():
                said.append(("Num", form.text))
    return said


def found(text: str, shelf: Shelf | None) -> object:
    """
    What a text says, or why it cannot be read.
    """
    try:
        return told(read_apart(text) if shelf is None else read(text, shelf=shelf))
    except DslSyntaxError as exc:
        return str(exc)


@settings(deadline=None)
@given(first=st.lists(PIECES, max_size=40), second=st.lists(PIECES, max_size=40))
@example(first=['"a\n', ' (b "c"\n', '"'], second=['(b "c"\n'])
@example(first=["(a ;) (\n", ")"], second=["(a ;) (\n", "]"])
def test_reading_by_lines_reads_the_same(first: list[str], second: list[str]) -> None:
    """
    Any text, also after another one, is read as the plain way reads it, or refused in the same words.
    """
    shelf = Shelf()

    for text in ("".join(first), "".join(second), "".join(first + second)):
        assert found(text, None) == found(text, shelf)


@settings(deadline=None, max_examples=50)
@given(several=st.lists(texts(), min_size=2, max_size=4))
def test_one_stock_compiles_to_the_same(several: list[str]) -> None:
    """
    A strategy compiled with others has the text, meaning and requirements it has alone.
    """
    stock = Stock()

    for text in several:
        alone, together = compile_text(text), compile_text(text, stock=stock)
        assert alone.text == together.text
        assert (alone.fingerprint, alone.plan.ops, alone.requirements) == (
            together.fingerprint,
            together.plan.ops,
            together.requirements,
        )


def test_an_error_stands_in_its_own_file() -> None:
    """
    What is wrong in a later file is told with that file's name and place, also when an earlier one has read it.
    """
    stock = Stock()
    wrong = '(defsymphony "B" {}\n  (weight-equal []))'

    for file in ("first.clj", "second.clj"):
        with pytest.raises(DslCompileError, match=f"{file}:2:"):
            compile_text(wrong, file=file, stock=stock)
