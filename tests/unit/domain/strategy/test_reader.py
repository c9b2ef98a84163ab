import pytest

from alchemiser.domain.errors import DslSyntaxError
from alchemiser.domain.strategy.forms import Kw, List, Map, Num, Str, Sym, Vector
from alchemiser.domain.strategy.printer import printed
from alchemiser.domain.strategy.reader import NESTING_LIMIT, read, read_apart


def test_every_kind_of_form_is_read() -> None:
    """
    Symbols, keywords, strings, numbers, lists, vectors and maps each have their type.
    """
    (form,) = read('(if :window "a" -1.5 [nil] {:k 1})')

    assert isinstance(form, List)
    assert [Sym, Kw, Str, Num, Vector, Map] == [type(item) for item in form.items]


def test_commas_and_comments_are_blank() -> None:
    """
    Commas separate like spaces, and a semicolon hides the rest of its line.
    """
    (form,) = read("[1,2 ; three ] 3\n 4]")

    assert printed(form) == "[1 2 4]"


def test_strings_unescape() -> None:
    """
    A backslash escapes quotes, backslashes, newlines and tabs; a semicolon in a string is text.
    """
    (form,) = read(r'"a\"b\\c\n;d"')

    assert isinstance(form, Str)
    assert form.value == 'a"b\\c\n;d'


def test_spans_count_lines_and_columns_from_one() -> None:
    """
    A form knows its line, column and offsets.
    """
    (outer,) = read_apart('(a\n  (b "c"))')
    assert isinstance(outer, List)

    span = outer.items[1].span

    assert (2, 3, 5, 12) == (span.line, span.column, span.start, span.end)


def test_equal_forms_are_one_object() -> None:
    """
    `read` shares what is written alike; `read_apart` does not.
    """
    shared, apart = read('[(a "x") (a "x")]')[0], read_apart('[(a "x") (a "x")]')[0]

    assert isinstance(shared, Vector)
    assert isinstance(apart, Vector)
    assert shared.items[0] is shared.items[1]
    assert apart.items[0] is not apart.items[1]


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("(a\n (b)", "expected ')' to close this '(', found the end of the text", (1, 1)),
        ("(a\n [b)]", "expected ']' to close the '[' of line 2, found ')'", (2, 4)),
        ("a)", "expected a form, found ')' that closes nothing", (1, 2)),
        ('(a "b)', "expected a closing quote, found the end of the text", (1, 4)),
        (r'"\q"', "in a string, found '\\\\q'", (1, 1)),
        ("(a @b)", "expected a name, number, string or keyword, found '@b'", (1, 4)),
        ("(a 1.2.3)", "found '1.2.3'", (1, 4)),
        ("(a :)", "found ':'", (1, 4)),
    ],
)
def test_errors_say_what_was_expected_and_where(text: str, problem: str, place: tuple[int, int]) -> None:
    """
    What cannot be read is refused at its line and column, with the line and a caret.
    """
    with pytest.raises(DslSyntaxError) as caught:
        read(text, file="bad.clj")

    span = caught.value.span
    assert span is not None
    assert place == (span.line, span.column)
    assert problem in caught.value.problem
    assert str(caught.value).splitlines()[-1] == " " * (place[1] + 1) + "^"


def test_nesting_has_a_limit() -> None:
    """
    A thousand brackets are read, one more is refused at the place where it opens.
    """
    deepest = "(" * NESTING_LIMIT + ")" * NESTING_LIMIT

    assert printed(read(deepest)[0]) == deepest
    with pytest.raises(DslSyntaxError, match="at most 1,000 nested brackets"):
        read(f"({deepest})")


def test_size_has_a_limit() -> None:
    """
    Sixteen million characters, or a million forms, are refused with the limit in the message.
    """
    with pytest.raises(DslSyntaxError, match=r"at most 1,000,000 forms"):
        read("a " * 1_000_001)
    with pytest.raises(DslSyntaxError, match=r"at most 16,777,216 characters"):
        read(" " * (16 * 1024 * 1024 + 1))
