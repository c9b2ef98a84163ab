"""
The quick way to read: every distinct line is cut into tokens once, every distinct form is made once.

1. cut the text into lines; a line that was seen before, however it was indented, is known;
2. a new line becomes steps: whole forms, and brackets that open or close on other lines;
3. a stack of open brackets joins the steps of all lines, looking every bracketed form up;
4. a block of lines that was joined before is taken as it is: a strategy repeats the same pieces over and over.

Anything unusual, right or wrong, is left to the plain way in `reader`: a string over several lines, a bracket that
does not match, a token that means nothing, a limit that comes near. So there is one place that refuses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple, TypeAlias, cast

from alchemiser.domain.strategy.forms import TOKEN, Atom, Form, List, Map, Source, Vector

Step: TypeAlias = Form | str
MakeAtom: TypeAlias = Callable[[str, Source, int], Atom]

_CLOSER = {"(": ")", "[": "]", "{": "}"}
_BRACKETED: dict[str, type[List | Vector | Map]] = {"(": List, "[": Vector, "{": Map}
_BRACKETS = frozenset("()[]{}")
_LONE_QUOTE = ('"',)

# A line with more steps than this before a bracket opens is no line an editor lays out.
LONGEST = 64

# In characters. A longer one takes gigabytes to cut whole: it is no line that comes again.
_LONGEST_LINE = 2_000_000

# A block is known by its first lines; low ones are joined as quickly as they are found.
_TELLING = 8
_LOWEST = 12
# Blocks that begin alike and go on otherwise are compared in vain; more of that than this, in texts, is given up.
_PATIENCE = 4


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
        rise: the brackets it opens for other lines, less those it closes.
        begins: whether it begins with a bracket that closes on another line.
        steps: whole forms and unmatched brackets, each with the number of its token in the line.
    """

    count: int
    rise: int
    begins: bool
    steps: tuple[tuple[Step, int], ...]


class _Block(NamedTuple):
    """
    A form that fills lines: all of the first, and of the last its first steps.

    Args:
        form: what the lines say.
        lines: of the text it was found in.
        first: its first line there.
        height: from its first line to its last.
        steps: of its last line.
    """

    form: Form
    lines: Sequence[_Line]
    first: int
    height: int
    steps: int

    def stands_at(self, at: int, lines: Sequence[_Line]) -> bool:
        """
        Tell whether the lines from one on say the same.
        """
        if at + self.height >= len(lines):
            return False
        if lines[at : at + self.height] != self.lines[self.first : self.first + self.height]:
            return False
        last, own = lines[at + self.height], self.lines[self.first + self.height]
        return last is own or last.steps[: self.steps] == own.steps[: self.steps]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shelf:
    """
    Lines, atoms, bracketed forms and blocks of lines read so far.
    """

    lines: dict[str, _Line] = field(default_factory=dict)
    atoms: dict[str, Form] = field(default_factory=dict)
    bracketed: dict[str, dict[tuple[Form, ...], Form]] = field(
        default_factory=lambda: {opener: {} for opener in _CLOSER}
    )
    blocks: dict[tuple[_Line, ...], _Block] = field(default_factory=dict)


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
    lines = _lines(source, shelf, make_atom)
    bases = list(accumulate(map(_COUNT, lines), initial=0))
    if bases[-1] > tokens or max(accumulate(map(_RISE, lines))) > nesting:
        raise Unusual
    return _joined(lines, bases, source, shelf)


_COUNT = attrgetter("count")
_RISE = attrgetter("rise")


def _lines(source: Source, shelf: Shelf, make_atom: MakeAtom) -> list[_Line]:
    known = shelf.lines
    texts = list(map(str.strip, source.text.split("\n")))
    if max(map(len, texts)) > _LONGEST_LINE:
        raise Unusual
    base = done = 0
    for at in [at for at, text in enumerate(texts) if text not in known]:
        text = texts[at]
        if text in known:
            continue
        base += sum(map(_COUNT, map(known.__getitem__, texts[done:at])))
        done = at
        known[text] = _cut(text, source, base, shelf, make_atom)
    return list(map(known.__getitem__, texts))


def _joined(lines: Sequence[_Line], bases: Sequence[int], source: Source, shelf: Shelf) -> tuple[Form, ...]:
    blocks, bracketed = shelf.blocks, shelf.bracketed
    items: list[Form] = []
    opened: list[tuple[str, int, list[Form], int]] = []
    patience = _PATIENCE * len(lines)
    at = start = 0
    while at < len(lines):
        line = lines[at]
        if line.begins and not start and patience > 0:
            block = blocks.get(tuple(lines[at : at + _TELLING]))
            if block is not None:
                if block.stands_at(at, lines):
                    items.append(block.form)
                    at, start = at + block.height, block.steps
                    continue
                patience -= block.height
        base = bases[at]
        for number, (step, place) in enumerate(line.steps[start:] if start else line.steps, start):
            if not isinstance(step, str):
                items.append(step)
            elif step in _CLOSER:
                opened.append((step, base + place, items, -1 if number else at))
                items = []
            else:
                if not opened or _CLOSER[opened[-1][0]] != step:
                    raise Unusual
                opener, first, outer, began = opened.pop()
                key = tuple(items)
                form = bracketed[opener].get(key)
                if form is None:
                    form = _made(opener, key, source, first, base + place, shelf)
                if began >= 0 and at - began >= _LOWEST:
                    known = _Block(form, lines, began, at - began, number + 1)
                    blocks[tuple(lines[began : began + _TELLING])] = known
                outer.append(form)
                items = outer
        at, start = at + 1, 0
    if opened:
        raise Unusual
    return tuple(items)


def _cut(line: str, source: Source, base: int, shelf: Shelf, make_atom: MakeAtom) -> _Line:
    atoms = shelf.atoms
    tokens = [token for token in TOKEN.findall(line) if token]
    steps: list[Step] = []
    places: list[int] = []
    opened: list[int] = []
    for place, token in enumerate(tokens):
        form = atoms.get(token)
        if form is None:
            if token in _CLOSER:
                if len(steps) > LONGEST:
                    raise Unusual
                opened.append(len(steps))
            elif token not in _BRACKETS:
                if token in _LONE_QUOTE:
                    raise Unusual
                form = atoms[token] = make_atom(token, source, base + place)
            elif opened:
                # A bracket that closes what the same line has opened makes a form at once.
                begin = opened.pop()
                opener, *items = steps[begin:]
                form = _whole(opener, tuple(items), token, source, base + places[begin], base + place, shelf)
                steps[begin:], places[begin + 1 :] = [form], []
                continue
        steps.append(form or token)
        places.append(place)
    rise = 2 * len(opened) - sum(isinstance(step, str) for step in steps)
    return _Line(len(tokens), rise, 0 in opened[:1], tuple(zip(steps, places, strict=True)))


def _whole(
    opener: Step, items: tuple[Step, ...], closer: str, source: Source, first: int, last: int, shelf: Shelf
) -> Form:
    # Whatever opened behind this opener has closed: there are only forms.
    if not isinstance(opener, str) or _CLOSER[opener] != closer:
        raise Unusual
    forms = cast("tuple[Form, ...]", items)
    return shelf.bracketed[opener].get(forms) or _made(opener, forms, source, first, last, shelf)


def _made(opener: str, items: tuple[Form, ...], source: Source, first: int, last: int, shelf: Shelf) -> Form:
    form = _BRACKETED[opener](source=source, first=first, last=last, items=items)
    shelf.bracketed[opener][items] = form
    return form
