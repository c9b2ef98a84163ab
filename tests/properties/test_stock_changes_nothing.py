"""
Sharing between the files of a book, and reading by lines, change nothing but time.
"""

from itertools import chain

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


_LEAVES: st.SearchStrategy[list[str]] = st.sampled_from(["a", "(b c)", '"d"', "[e", "e]", ":f) ", "(g", "))"]).map(
    lambda line: [line]
)
_BLOCKS = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda parts: ["(h", *chain.from_iterable(parts), "i)"]),
)


@settings(deadline=None)
@given(blocks=st.lists(_BLOCKS, min_size=1, max_size=3), data=st.data())
def test_blocks_of_lines_are_read_the_same_again(blocks: list[list[str]], data: st.DataObject) -> None:
    """
    Pieces of many lines that return, indented, cut off, with more behind them or other ends, read as the plain way
    reads them.
    """
    lines: list[str] = []
    for block in data.draw(st.lists(st.sampled_from(blocks), min_size=2, max_size=6)):
        whole = block[: data.draw(st.integers(1, len(block)) | st.just(len(block)))]
        indent, tail = " " * data.draw(st.integers(0, 3)), data.draw(st.sampled_from(["", "", " i)", ")", " ; j", "]"]))
        lines += [indent + line for line in whole]
        lines[-1] += tail
    text, shelf = "\n".join(lines), Shelf()

    for _ in range(2):
        assert found(text, None) == found(text, shelf)


def test_blocks_of_lines_are_found_again() -> None:
    """
    A piece of many lines that was read before is taken whole, whatever closes behind it.
    """
    piece = "\n".join(["(a", *[f"b{number}" for number in range(20)], "c)"])
    shelf = Shelf()
    (first,) = read(piece, shelf=shelf)
    (block,) = shelf.blocks.values()

    (again,) = read(f"[ (d\n  {piece})]", shelf=shelf)

    assert isinstance(again, Vector)
    assert isinstance(again.items[0], List)
    assert first is again.items[0].items[1]
    assert block in shelf.blocks.values()


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
