import json
from collections.abc import Callable

import pytest

from alchemiser.domain.errors import DslCompileError, DslSyntaxError
from alchemiser.domain.strategy.composer.documents import compile_any, compile_edn, compile_json
from support.composer import RSI_ABOVE_79, SPY, TLT, Json, a_step, a_tree, an_if, compiled

CLJ = '; mine\n(defsymphony "Test" {:rebalance-frequency :daily} (weight-equal [(asset "SPY" nil)]))'
JSON = json.dumps(a_tree(SPY))
EDN = """
; the same
{:step :root, :name "Test", :rebalance :daily, :id nil
 :children [{:step :wt-cash-equal, "children" [{:step "asset", :ticker "SPY", :collapsed? true}]}]}
"""
FINGERPRINT = compiled(a_tree(SPY)).fingerprint


@pytest.mark.parametrize("text", [CLJ, JSON, EDN, f"\n {JSON}"])
def test_a_text_tells_its_notation(text: str) -> None:
    """
    Whatever the file is called, .clj, JSON and EDN are known by how they begin.
    """
    assert FINGERPRINT == compile_any(text).fingerprint


@pytest.mark.parametrize("text", [CLJ, JSON, EDN])
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda text: text,
        json.dumps,
        lambda text: {"symphony": text},
        lambda text: {"id": "x", "name": "y", "score": text},
        lambda text: {"name": "projects/1", "fields": {"latest_version_edn": {"stringValue": text}, "owner": {}}},
        lambda text: {"text": json.dumps({"json": json.dumps(text)})},
    ],
)
def test_a_text_is_found_in_strings_and_records(text: str, wrapped: Callable[[str], Json]) -> None:
    """
    JSON that wraps a text in a string, also in records as backups have them and several times over, is the text.
    """
    symphony = compile_json(json.dumps(wrapped(text)), file="wrapped.json")

    assert (FINGERPRINT, "wrapped.json") == (symphony.fingerprint, symphony.file)


def test_a_tree_is_found_in_a_record() -> None:
    """
    The tree itself may stand in a record, too.
    """
    assert FINGERPRINT == compile_json(json.dumps({"id": 1, "symphony": a_tree(SPY)})).fingerprint


def test_edn_may_be_a_defsymphony() -> None:
    """
    The text of a strategy is EDN, and is read as what it is.
    """
    assert FINGERPRINT == compile_edn(CLJ).fingerprint


def test_a_fault_in_a_wrapped_text_names_both_places() -> None:
    """
    The error tells the way to the string, then the place inside it.
    """
    wrapped = json.dumps({"fields": {"edn": "{:step :root :nam 3}"}})

    with pytest.raises(DslCompileError, match=r"a\.json \$\.fields\.edn: \$\.nam: expected only fields") as refused:
        compile_json(wrapped, file="a.json")

    assert "$.nam" == refused.value.path


@pytest.mark.parametrize("inner", ['{"a"', "{:a", "(asset"])
def test_a_wrapped_text_that_cannot_be_read(inner: str) -> None:
    """
    A broken text inside a string is refused like one in a file.
    """
    with pytest.raises(DslSyntaxError, match=r"a\.json \$:1:"):
        compile_json(json.dumps(inner), file="a.json")


def test_wrapping_has_an_end() -> None:
    """
    A text wrapped nine times is refused.
    """
    text = JSON
    for _ in range(9):
        text = json.dumps(text)

    with pytest.raises(DslCompileError, match="within 8 wrappings"):
        compile_json(text)


def test_records_in_records_end() -> None:
    """
    More records around a strategy than anyone has are refused, in a message that does not name thousands of them.
    """
    with pytest.raises(DslCompileError, match="within 8 records, found one more"):
        compile_json('{"fields":' * 4_000 + "{}" + "}" * 4_000)


def test_trees_as_deep_as_real_ones() -> None:
    """
    A chain of 400 else-ifs is 1,600 brackets of JSON and a strategy like any other.
    """
    symphony = compile_json(deep_json(400))

    assert 2 == len(symphony.requirements.symbols)
    assert symphony.fingerprint == compile_any(symphony.text).fingerprint


@pytest.mark.parametrize("length", [500, 900])
def test_trees_that_are_too_deep(length: int) -> None:
    """
    What could not be written as text of 1,000 nested brackets is refused.
    """
    with pytest.raises(DslCompileError, match="at most 1,000 nested brackets as text, found"):
        compile_json(deep_json(length))


def test_conditions_that_are_too_deep() -> None:
    """
    Compounds in compounds are counted, too.
    """
    inner = '{"lhs": {"constant": 1}, "comparator": "gt", "rhs": {"constant": 2}}'
    condition = '{"operator": "any", "conditions": [' * 1_500 + inner + "]}" * 1_500
    tree = json.dumps(a_tree(an_if({"condition": "HERE"}, [SPY]))).replace('"HERE"', condition)

    with pytest.raises(DslCompileError, match="at most 1,000 nested brackets as text, found"):
        compile_json(tree)


def deep_json(length: int) -> str:
    """
    Return the JSON of a chain, which is too deep for the standard library.
    """
    head = json.dumps(an_if(RSI_ABOVE_79, [TLT], ["HERE"])).partition('"HERE"')
    return json.dumps(a_tree("HERE")).replace('"HERE"', head[0] * length + json.dumps(SPY) + head[2] * length)


def test_a_large_tree() -> None:
    """
    Eight thousand nodes are read whole.
    """
    assets: list[Json] = [a_step("asset", ticker=f"T{number}") for number in range(8_000)]

    assert 8_000 == len(compile_json(json.dumps(a_tree(*assets))).requirements.symbols)
