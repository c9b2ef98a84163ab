"""
The quick way to read: every distinct line is cut into tokens once, every distinct form is made once.

1. cut the text into lines; a line that was seen before, however it was indented, is known;
2. a new line becomes steps: whole forms, and brackets that open or close on other lines;
3. a stack of open brackets joins the steps of all lines, looking every bracketed form up.

Anything unusual, right or wrong, is left to the plain way in `reader`: a string over several lines, a bracket that
does not match, a token that means nothing, a limit that comes near. So there is one place that refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from alchemiser.domain.strategy.forms import TOKEN, Atom, Form, List, Map, Source, Vector

Step: TypeAlias = Form | str
MakeAtom: TypeAlias = Callable[[str, Source, int], Atom]

_CLOSER = {"(": ")", "[": "]", "{": "}"}
_BRACKETED: dict[str, type[List | Vector | Map]] = {"(": List, "[": Vector, "{": Map}
_BRACKETS = frozenset("()[]{}")
_LONE_QUOTE = ('"',)

# A line with more steps than this before a bracket opens is no line an editor lays out.
LONGEST = 64


class Unusual(Exception):  # noqa: N818 - not an error: the plain way reads what this one does not
    """
    A text that is left to the plain way.
    """


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """
    A line once it is cut.

    Args:
        count: its tokens.
        steps: whole forms and unmatched brackets, each with the number of its token in the line.
    """

    count: int
    steps: tuple[tuple[Step, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shelf:
    """
    Lines, atoms and bracketed forms read so far.
    """

    lines: dict[str, _Line] = field(default_factory=dict)
    atoms: dict[str, Form] = field(default_factory=dict)
    bracketed: dict[str, dict[tuple[Form, ...], Form]] = field(
        default_factory=lambda: {opener: {} for opener in _CLOSER}
    )


def read_lines(source: Source, shelf: Shelf, make_atom: MakeAtom, *, tokens: int, nesting: int) -> tuple[Form, ...]:
    """
    Read a text by its lines; equal forms are one object, also across the texts of one shelf.

    Args:
        source: the text.
        shelf: what is known; grows.
        make_atom: checks and makes an atom.
        tokens: the most that may be read.
        nesting: the most brackets that may be open after a line.

    Raises:
        Unusual: the text must be read the plain way.
        DslSyntaxError: an atom means nothing.
    """
    known, bracketed = shelf.lines, shelf.bracketed
    items: list[Form] = []
    opened: list[tuple[str, int, list[Form]]] = []
    base = 0
    for text in source.text.split("\n"):
        stripped = text.strip()
        line = known.get(stripped)
        if line is None:
            line = known[stripped] = _cut(stripped, source, base, shelf, make_atom)
        for step, place in line.steps:
            if not isinstance(step, str):
                items.append(step)
            elif step in _CLOSER:
                opened.append((step, base + place, items))
                items = []
            else:
                if not opened or _CLOSER[opened[-1][0]] != step:
                    raise Unusual
                opener, first, outer = opened.pop()
                key = tuple(items)
                form = bracketed[opener].get(key)
                if form is None:
                    form = _made(opener, key, source, first, base + place, shelf)
                outer.append(form)
                items = outer
        base += line.count
        if len(opened) > nesting:
            raise Unusual
    if opened or base > tokens:
        raise Unusual
    return tuple(items)


def _cut(line: str, source: Source, base: int, shelf: Shelf, make_atom: MakeAtom) -> _Line:
    tokens = [token for token in TOKEN.findall(line) if token]
    steps: list[tuple[Step, int]] = []
    for place, token in enumerate(tokens):
        if token in _LONE_QUOTE:
            raise Unusual
        if token in _BRACKETS:
            steps.append((token, place))
            _join_last(steps, source, base, shelf)
            continue
        form = shelf.atoms.get(token)
        if form is None:
            form = shelf.atoms[token] = make_atom(token, source, base + place)
        steps.append((form, place))
    return _Line(count=len(tokens), steps=tuple(steps))


def _join_last(steps: list[tuple[Step, int]], source: Source, base: int, shelf: Shelf) -> None:
    # A bracket that closes what the same line has opened becomes a form at once.
    closer, last = steps[-1]
    if closer in _CLOSER:
        if len(steps) > LONGEST:
            raise Unusual
        return
    begin = next((place for place in range(len(steps) - 2, -1, -1) if isinstance(steps[place][0], str)), -1)
    if begin < 0:
        return
    opener, first = steps[begin]
    if not isinstance(opener, str) or _CLOSER.get(opener) != closer:
        return
    items = tuple(step for step, _ in steps[begin + 1 : -1] if not isinstance(step, str))
    form = shelf.bracketed[opener].get(items) or _made(opener, items, source, base + first, base + last, shelf)
    steps[begin:] = [(form, first)]


def _made(opener: str, items: tuple[Form, ...], source: Source, first: int, last: int, shelf: Shelf) -> Form:
    form = _BRACKETED[opener](source=source, first=first, last=last, items=items)
    shelf.bracketed[opener][items] = form
    return form
