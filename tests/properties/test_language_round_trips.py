"""
Any text is read or refused in its place; whatever is printed reads back as the same.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alchemiser.domain.errors import DslError, DslSyntaxError, Span
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.forms import Form, List, Map, Vector
from alchemiser.domain.strategy.printer import formatted, printed
from alchemiser.domain.strategy.reader import read, read_apart
from support.trees import texts

_PIECES = st.sampled_from(
    [
        *'()[]{}";,\\ \n:',
        '"a"',
        "rsi",
        ":window",
        "10",
        "-3.5",
        "(asset",
        "nil)",
        "; note\n",
        "defsymphony",
        "é",
        "\x00",
    ]
)
_SOUP = st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=60).map(" ".join), st.lists(_PIECES).map("".join))


@given(text=_SOUP)
def test_any_text_becomes_forms_or_an_error_inside_it(text: str) -> None:
    """
    Reading ends in forms whose spans cut them out of the text, or in a DslSyntaxError whose span lies in it.
    """
    found: tuple[Form, ...] | DslSyntaxError
    try:
        found = read_apart(text)
    except DslSyntaxError as error:
        found = error

    if isinstance(found, DslSyntaxError):
        assert found.span is not None
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert 1 <= found.span.line <= text.count("\n") + 1
        return
    for form in _all_forms(found):
        cut = text[form.span.start : form.span.end]
        assert [printed(form)] == [printed(one) for one in read(cut)]


@given(text=_SOUP)
def test_any_text_compiles_or_is_refused(text: str) -> None:
    """
    Compiling raises nothing but an error of the language.
    """
    with pytest.raises(DslError):
        compile_text(text)


@settings(deadline=None)
@given(text=texts(), data=st.data())
def test_a_damaged_strategy_compiles_or_is_refused(text: str, data: st.DataObject) -> None:
    """
    With any of its tokens removed a strategy still compiles, or an error of the language points into it.
    """
    tokens = text.split()
    place = data.draw(st.integers(0, len(tokens) - 1))
    damaged = " ".join([*tokens[:place], *tokens[place + 1 :]])

    span = _span_of_refusal(damaged)

    assert span is None or 0 <= span.start < span.end <= len(damaged)


@settings(deadline=None)
@given(text=texts())
def test_printed_forms_read_back(text: str) -> None:
    """
    A form printed on one line or on many is read as the same form.
    """
    (form,) = read(text)

    assert [printed(form)] * 2 == [printed(read(way(form))[0]) for way in (printed, formatted)]


@settings(deadline=None)
@given(text=texts())
def test_printed_strategies_mean_the_same(text: str) -> None:
    """
    The canonical text of a strategy compiles to the same fingerprint, and is its own canonical text.
    """
    symphony = compile_text(text)

    again = compile_text(symphony.text)

    assert symphony.fingerprint == again.fingerprint
    assert symphony.text == again.text


def _span_of_refusal(text: str) -> Span | None:
    try:
        compile_text(text)
    except DslError as error:
        return error.span
    return None


def _all_forms(forms: tuple[Form, ...]) -> list[Form]:
    found, stack = [], list(forms)
    while stack:
        form = stack.pop()
        found.append(form)
        if isinstance(form, List | Vector | Map):
            stack.extend(form.items)
    return found
