"""
Whatever the language says survives Composer's notations.
"""

import json
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alchemiser.domain.errors import DslCompileError, DslError, DslSyntaxError
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.composer.documents import compile_any, compile_edn, compile_json
from alchemiser.domain.strategy.composer.edn import edn_text
from alchemiser.domain.strategy.composer.jsons import json_text, read_json
from alchemiser.domain.strategy.composer.trees import tree_of
from alchemiser.domain.strategy.layout import Comments, laid_out
from support.trees import texts

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | bool | None"

_SCALARS: st.SearchStrategy[Value] = st.none() | st.booleans() | st.integers() | st.text()
_VALUES: st.SearchStrategy[Value] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
_SOUP = st.lists(st.sampled_from([*'{}[]:," \\', '"a"', "1", "-2.5e3", "true", "null", '"\\ud800"', "x"])).map("".join)


@settings(deadline=None)
@given(text=texts())
def test_json_keeps_the_meaning(text: str) -> None:
    """
    Text to JSON to text: the same fingerprint; written again, the same JSON.
    """
    symphony = compile_text(text)

    again = compile_json(json_text(tree_of(symphony)))
    third = compile_text(again.text)

    assert [symphony.fingerprint] * 2 == [again.fingerprint, third.fingerprint]
    assert json_text(tree_of(again)) == json_text(tree_of(third))


@settings(deadline=None)
@given(text=texts())
def test_edn_keeps_the_meaning(text: str) -> None:
    """
    Text to EDN to text: the same fingerprint, also inside a record and a string of JSON.
    """
    symphony = compile_text(text)
    edn = edn_text(tree_of(symphony))
    record = json.dumps(json.dumps({"fields": {"latest_version_edn": {"stringValue": edn}}}))

    assert [symphony.fingerprint] * 2 == [compile_edn(edn).fingerprint, compile_any(record).fingerprint]


@settings(deadline=None)
@given(text=texts(), data=st.data())
def test_a_damaged_tree_compiles_or_is_refused(text: str, data: st.DataObject) -> None:
    """
    With any of its lines removed, JSON is compiled or refused by an error of the language.
    """
    lines = json_text(tree_of(compile_text(text))).splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))

    refused = _refusal("\n".join([*lines[:place], *lines[place + 1 :]]))

    assert refused is None or "expected" in refused


@settings(deadline=None)
@given(text=texts(), data=st.data())
def test_an_unknown_field_is_refused_wherever_it_stands(text: str, data: st.DataObject) -> None:
    """
    With a field that nobody knows in any of its objects, a tree is refused at that field.
    """
    tree: Value = json.loads(json_text(tree_of(compile_text(text))))
    held = data.draw(st.sampled_from(_objects(tree)))
    held["leverage"] = 3

    with pytest.raises(DslCompileError) as refused:
        compile_json(json.dumps(tree))

    assert refused.value.path.endswith(".leverage")


@settings(deadline=None)
@given(value=_VALUES)
def test_json_is_read_as_the_standard_library_reads_it(value: Value) -> None:
    """
    Any value, escaped or not, comes back as itself.
    """
    read = [read_json(json.dumps(value, ensure_ascii=is_ascii)) for is_ascii in (True, False)]

    assert [value] * 2 == [json.loads(json_text(one)) for one in read]


@settings(deadline=None)
@given(text=_SOUP)
def test_any_text_is_json_or_refused_inside_it(text: str) -> None:
    """
    Reading ends in a value, or in an error that stands in the text.
    """
    error = _syntax_error(text)

    if error is None:
        json.loads(text)
        return
    assert error.span is not None
    assert 0 <= error.span.start <= error.span.end <= len(text)


@settings(deadline=None)
@given(text=_SOUP)
def test_no_soup_is_a_strategy(text: str) -> None:
    """
    Whatever the notation, soup is refused by an error of the language.
    """
    with pytest.raises(DslError):
        compile_any(text)


@settings(deadline=None)
@given(text=texts())
def test_a_laid_out_text_is_the_same_strategy(text: str) -> None:
    """
    Layout keeps the fingerprint, and laying out again changes nothing.
    """
    told = laid_out(f"; above\n{text} ; below", Comments.REFUSE)

    assert compile_text(text).fingerprint == compile_text(told).fingerprint
    assert told == laid_out(told, Comments.REFUSE)


def _objects(root: Value) -> list[dict[str, Value]]:
    found: list[dict[str, Value]] = []
    stack = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            found.append(value)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return found


def _syntax_error(text: str) -> DslSyntaxError | None:
    try:
        read_json(text)
    except DslSyntaxError as error:
        return error
    return None


def _refusal(text: str) -> str | None:
    try:
        compile_json(text)
    except DslError as error:
        return error.problem
    return None
