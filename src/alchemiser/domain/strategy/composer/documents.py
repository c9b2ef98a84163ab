"""
Strategies in the notations that traders bring: `.clj`, Composer's JSON, EDN maps, and JSON around such a text.

1. read the text by its notation;
2. take the tree out of the strings and records around it;
3. translate the tree into the form of a `.clj`, compile that;
4. whatever is refused names its path in the tree.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy.compiler import compile_form, compile_text
from alchemiser.domain.strategy.composer.edn import tree_of_form
from alchemiser.domain.strategy.composer.jsons import read_json
from alchemiser.domain.strategy.composer.spots import Plain, Spot
from alchemiser.domain.strategy.composer.steps import form_of_tree
from alchemiser.domain.strategy.drafts import described, refuse
from alchemiser.domain.strategy.forms import Form, List, Map, Vector
from alchemiser.domain.strategy.reader import NESTING_LIMIT, NODE_LIMIT, read_apart
from alchemiser.domain.strategy.symphony import Symphony

# Fields of records around a strategy's text, as exports and backups have them.
WRAPPERS = ("fields", "latest_version_edn", "stringValue", "symphony", "score", "edn", "json", "text")
WRAPPING_LIMIT = 8

_OF_THE_TREE = ("children", "rebalance", "rebalance-corridor-width")


def compile_json(text: str, *, file: str = "<text>") -> Symphony:
    """
    Compile a strategy in Composer's JSON, or a text wrapped in JSON.

    Raises:
        DslSyntaxError: it is no JSON.
        DslCompileError: it is no strategy; names the path.
    """
    return _compiled(Spot(text="", file=file, value=read_json(text, file=file)), WRAPPING_LIMIT)


def compile_edn(text: str, *, file: str = "<text>") -> Symphony:
    """
    Compile a strategy in EDN: a map of Composer's tree, or the `defsymphony` form, which is EDN too.

    Raises:
        DslSyntaxError: it is no EDN.
        DslCompileError: it is no strategy; names the path or the place.
    """
    if _begins_with(text, "("):
        return compile_text(text, file=file)
    return _compiled(_edn(text, file), WRAPPING_LIMIT)


def compile_any(text: str, *, file: str = "<text>") -> Symphony:
    """
    Compile a strategy whatever its notation: what begins with a key in double quotes or a string is JSON.

    Raises:
        DslSyntaxError: it cannot be read.
        DslCompileError: it is no strategy.
    """
    return _notation(text)(text, file=file)


def _notation(text: str) -> Callable[..., Symphony]:
    start = text.lstrip(" \t\r\n")
    if start.startswith(('"', "[")) or (start.startswith("{") and start[1:].lstrip()[:1] in {'"', "}"}):
        return compile_json
    return compile_edn


def _begins_with(text: str, opener: str) -> bool:
    lines = (line.lstrip(" \t\r,") for line in text.split("\n"))
    return next((line for line in lines if line and not line.startswith(";")), opener).startswith(opener)


def _edn(text: str, file: str) -> Spot:
    forms = read_apart(text, file=file)
    if not forms:
        problem = "expected one map with :step :root, found an empty text"
        raise DslCompileError(problem, span=None, file=file)
    if len(forms) > 1:
        refuse(forms[1], f"expected the end of the text after one form, found {described(forms[1])}")
    return Spot(text="", file=file, value=tree_of_form(forms[0]))


def _compiled(spot: Spot, wraps_left: int) -> Symphony:
    records_left = WRAPPING_LIMIT
    while isinstance(spot.value, Mapping) and "step" not in spot.value:
        if not records_left:
            spot.refuse(f"expected a strategy within {WRAPPING_LIMIT} records, found one more")
        spot = _inside(spot, spot.value)
        records_left -= 1
    if isinstance(spot.value, str):
        return _compiled_text(spot, spot.value, wraps_left)
    form = form_of_tree(spot)
    _check_extent(spot, form)
    return compile_form(form, file=spot.file)


def _compiled_text(spot: Spot, text: str, wraps_left: int) -> Symphony:
    if not wraps_left:
        spot.refuse(f"expected a strategy within {WRAPPING_LIMIT} wrappings, found one more")
    inner = f"{spot.file} {spot.path}"
    start = text.lstrip(" \t\r\n")
    if not start.startswith(("(", "{", '"', ";")):
        spot.refuse(f"expected the text of a strategy, found {spot.found}")
    if _begins_with(text, "("):
        symphony = compile_text(text, file=inner)
    elif _notation(text) is compile_json:
        symphony = _compiled(Spot(text="", file=inner, value=read_json(text, file=inner)), wraps_left - 1)
    else:
        symphony = _compiled(_edn(text, inner), wraps_left - 1)
    return replace(symphony, file=spot.file)


def _inside(spot: Spot, record: Mapping[str, Plain]) -> Spot:
    for key in _OF_THE_TREE:
        if record.get(key) is not None:
            spot.entry("step").refuse(f'expected a step such as "root" beside {key!r}, found none')
    around = [key for key in WRAPPERS if record.get(key) is not None]
    if len(around) != 1:
        spot.refuse(
            f"expected an object with a step, or one field around it ({', '.join(WRAPPERS)}), "
            f"found {', '.join(map(repr, around)) or 'neither'}"
        )
    return spot.entry(around[0])


def _check_extent(spot: Spot, root: Form) -> None:
    # What can be read as a tree can be written as a text, so the limits are those of a text.
    deepest, count, stack = 0, 0, [(root, 1)]
    while stack:
        form, depth = stack.pop()
        count += 1
        if isinstance(form, List | Vector | Map):
            deepest = max(deepest, depth)
            stack.extend([(item, depth + 1) for item in form.items])
    if deepest > NESTING_LIMIT:
        spot.refuse(f"expected a tree of at most {NESTING_LIMIT:,} nested brackets as text, found {deepest:,}")
    if count > NODE_LIMIT:
        spot.refuse(f"expected a tree of at most {NODE_LIMIT:,} forms as text, found {count:,}; split the strategy")
