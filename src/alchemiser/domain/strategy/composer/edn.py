"""
EDN text to a plain tree and back: the reader's forms are EDN already, maps are objects, keywords are their names.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from alchemiser.domain.strategy.composer.spots import Plain
from alchemiser.domain.strategy.drafts import NUMBER_LENGTH_LIMIT, described, refuse
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Source, Str, Sym, Vector
from alchemiser.domain.strategy.printer import formatted

_NOWHERE = Source(text="", file="<printed>")
_WORDS: Mapping[str, Plain] = {"true": True, "false": False, "nil": None}
# Fields whose values are words of the notation, not texts of the trader's.
_KEYWORDS = frozenset({"step", "rebalance", "comparator", "lhs-fn", "rhs-fn", "sort-by-fn", "select-fn", "fn"})
_KEYWORDS_OF_CONDITIONS = frozenset({"operator", "type"})

_Forms: TypeAlias = Mapping[int, Form]


def tree_of_form(root: Form) -> Plain:
    """
    Return the tree that a form of EDN is.

    Raises:
        DslCompileError: a map without a value for a key, a key twice, a list or a name where EDN has a value.
    """
    values: dict[Form, Plain] = {}
    stack = [root]
    while stack:
        form = stack[-1]
        missing = [item for item in _inside(form) if item not in values]
        if missing:
            stack.extend(reversed(missing))
            continue
        values[form] = _value(form, values)
        stack.pop()
    return values[root]


def edn_text(tree: Plain) -> str:
    """
    Return the canonical EDN of a tree, a line end included.
    """
    forms: dict[int, Form] = {}
    stack: list[tuple[Plain, bool]] = [(tree, False)]
    while stack:
        value, is_expanded = stack.pop()
        if is_expanded:
            forms[id(value)] = _written(value, forms)
        elif isinstance(value, Mapping | tuple) and id(value) not in forms:
            stack.append((value, True))
            stack.extend((item, False) for item in (value.values() if isinstance(value, Mapping) else value))
    return formatted(_form("", tree, forms)) + "\n"


def _inside(form: Form) -> tuple[Form, ...]:
    return form.items if isinstance(form, Map | Vector) else ()


def _value(form: Form, values: Mapping[Form, Plain]) -> Plain:
    match form:
        case Map():
            return _object(form, values)
        case Vector():
            return tuple(values[item] for item in form.items)
        case Str():
            return form.value
        case Kw():
            return form.name
        case Num():
            if len(form.text) > NUMBER_LENGTH_LIMIT:
                refuse(form, f"expected a number of at most {NUMBER_LENGTH_LIMIT} characters, found {len(form.text):,}")
            return Decimal(form.text)
        case Sym(name=name) if name in _WORDS:
            return _WORDS[name]
        case Sym() | List():
            refuse(
                form, f"expected a map, vector, string, keyword, number, true, false or nil, found {described(form)}"
            )


def _object(form: Map, values: Mapping[Form, Plain]) -> Plain:
    if len(form.items) % 2:
        refuse(form, f"expected keys and values in turn in a map, found {len(form.items)} forms")
    entries: dict[str, Plain] = {}
    for key, value in zip(form.items[::2], form.items[1::2], strict=True):
        if not isinstance(key, Kw | Str):
            refuse(key, f"expected a key such as :step, found {described(key)}")
        name = key.name if isinstance(key, Kw) else key.value
        if name in entries:
            refuse(key, f"expected each key of a map once, found {described(key)} again")
        entries[name] = values[value]
    return entries


def _written(value: Plain, forms: _Forms) -> Form:
    if isinstance(value, Mapping):
        pairs = [(_kw(key), _form(key, item, forms)) for key, item in value.items()]
        return Map(source=_NOWHERE, first=0, last=0, items=tuple(form for pair in pairs for form in pair))
    items = value if isinstance(value, tuple) else ()
    return Vector(source=_NOWHERE, first=0, last=0, items=tuple(_form("", item, forms) for item in items))


def _form(key: str, value: Plain, forms: _Forms) -> Form:
    match value:
        case None | bool():
            name = "nil" if value is None else "true" if value else "false"
            return Sym(source=_NOWHERE, first=0, last=0, name=name)
        case Decimal():
            return Num(source=_NOWHERE, first=0, last=0, text=format(value, "f"))
        case str():
            is_word = key in _KEYWORDS or key in _KEYWORDS_OF_CONDITIONS
            return _kw(value) if is_word else Str(source=_NOWHERE, first=0, last=0, value=value)
        case _:
            return forms[id(value)]


def _kw(name: str) -> Form:
    return Kw(source=_NOWHERE, first=0, last=0, name=name)
