"""
Text to forms: the one place that looks at characters.

1. one regular expression cuts the text into tokens, skipping whitespace, commas and comments;
2. every distinct atom is checked and made once;
3. a stack of open brackets turns tokens into lists, vectors and maps.

`read` makes equal forms one object, which is what makes large files cheap to compile, and takes the quick way by
lines where it can; `read_apart` makes every occurrence its own object, so that an error can point at the very place.
"""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import NoReturn, TypeAlias

from alchemiser.domain.errors import DslSyntaxError, Span
from alchemiser.domain.strategy.forms import (
    TOKEN,
    Atom,
    Form,
    Kw,
    List,
    Map,
    Num,
    Source,
    Str,
    Sym,
    Vector,
)
from alchemiser.domain.strategy.lines import LONGEST, Shelf, Unusual, read_lines

NESTING_LIMIT = 1_000
NODE_LIMIT = 1_000_000
SIZE_LIMIT = 16 * 1024 * 1024

_NUMBER = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z*!_?<>=%&$/+.-][A-Za-z0-9*!_?<>=%&$/+.:#'-]*\Z")
_CLOSED = re.compile(r'"(?:[^"\\]++|\\.)*+"\Z', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_OPENER = {closer: opener for opener, closer in _CLOSER.items()}
_BRACKETED: dict[str, type[List | Vector | Map]] = {")": List, "]": Vector, "}": Map}


def read(text: str, *, file: str = "<text>", shelf: Shelf | None = None) -> tuple[Form, ...]:
    """
    Read a text; equal forms are one object, which stands where it occurs first.

    Args:
        text: of at most 16 MB.
        file: its name in errors.
        shelf: what other texts have left; forms found there stand where they occurred first, in those texts.

    Raises:
        DslSyntaxError: brackets or strings do not close, a token means nothing, or a limit is exceeded: 16 MB,
            a million forms, nesting 1,000.
    """
    source = Source(text=text, file=file)
    try:
        if len(text) <= SIZE_LIMIT:
            return read_lines(source, shelf or Shelf(), _atom, tokens=NODE_LIMIT, nesting=NESTING_LIMIT - LONGEST)
    except (Unusual, DslSyntaxError):
        # What is wrong is found again below, in the order of the text.
        pass
    return _read(source, atoms={}, lists={})


def read_apart(text: str, *, file: str = "<text>") -> tuple[Form, ...]:
    """
    Read a text; every occurrence is an object of its own and stands where it is written.

    Raises:
        DslSyntaxError: as `read`.
    """
    return _read(Source(text=text, file=file), atoms=None, lists=None)


_Lists: TypeAlias = dict[tuple[str, tuple[Form, ...]], Form]


def _read(source: Source, *, atoms: dict[str, Form] | None, lists: _Lists | None) -> tuple[Form, ...]:
    if len(source.text) > SIZE_LIMIT:
        raise DslSyntaxError(
            f"expected at most {SIZE_LIMIT:,} characters, found {len(source.text):,}; split the strategy",
            span=None,
            file=source.file,
        )
    if not source.text.isascii():
        _check_characters(source)
    known = {} if atoms is None else atoms
    tokens = TOKEN.findall(source.text)
    if len(tokens) > NODE_LIMIT:
        _check_count(tokens, source)
    items: list[Form] = []
    open_brackets: list[tuple[str, int, list[Form]]] = []
    for number, token in enumerate(tokens):
        form = known.get(token)
        if form is not None:
            items.append(form)
        elif token in _CLOSER:
            open_brackets.append((token, number, items))
            if len(open_brackets) > NESTING_LIMIT:
                _refuse(f"expected at most {NESTING_LIMIT:,} nested brackets, found more", source, number)
            items = []
        elif token in _OPENER:
            if not open_brackets or open_brackets[-1][0] != _OPENER[token]:
                _refuse_closer(token, open_brackets, source, number)
            _, first, outer = open_brackets.pop()
            outer.append(_bracketed(token, tuple(items), source, first, number, lists))
            items = outer
        elif token:
            form = _atom(token, source, number)
            if atoms is not None:
                atoms[token] = form
            items.append(form)
    if open_brackets:
        _refuse_unclosed(open_brackets, source)
    return tuple(items)


def _bracketed(
    closer: str, items: tuple[Form, ...], source: Source, first: int, last: int, lists: _Lists | None
) -> Form:
    if lists is None:
        return _BRACKETED[closer](source=source, first=first, last=last, items=items)
    key = (closer, items)
    form = lists.get(key)
    if form is None:
        form = lists[key] = _BRACKETED[closer](source=source, first=first, last=last, items=items)
    return form


def _atom(token: str, source: Source, number: int) -> Atom:
    if token[0] == '"':
        if not _CLOSED.match(token):
            _refuse("expected a closing quote, found the end of the text", source, number)
        return Str(source=source, first=number, last=number, value=_unescaped(token, source, number))
    if _NUMBER.match(token):
        return Num(source=source, first=number, last=number, text=token)
    if token[0] == ":" and _NAME.match(token[1:]):
        return Kw(source=source, first=number, last=number, name=token[1:])
    if _NAME.match(token):
        return Sym(source=source, first=number, last=number, name=token)
    return _refuse(f"expected a name, number, string or keyword, found {token[:40]!r}", source, number)


def _unescaped(token: str, source: Source, number: int) -> str:
    if "\\" not in token:
        return token[1:-1]
    for match in _ESCAPE.finditer(token):
        if match[1] not in _ESCAPED:
            _refuse(f'expected \\n, \\t, \\r, \\" or \\\\ in a string, found {match[0]!r}', source, number)
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], token[1:-1])


def _check_characters(source: Source) -> None:
    found = _SURROGATE.search(source.text)
    if found is None:
        return
    start, line = found.start(), source.text.count("\n", 0, found.start()) + 1
    span = Span(line=line, column=start - source.text.rfind("\n", 0, start), start=start, end=start + 1)
    problem = f"expected characters of Unicode, found half a surrogate pair, U+{ord(found[0]):X}"
    raise DslSyntaxError(problem, span=span, text=source.text, file=source.file)


def _refuse(problem: str, source: Source, number: int) -> NoReturn:
    raise DslSyntaxError(problem, span=source.span(number, number), text=source.text, file=source.file)


def _refuse_closer(
    token: str, open_brackets: list[tuple[str, int, list[Form]]], source: Source, number: int
) -> NoReturn:
    if not open_brackets:
        _refuse(f"expected a form, found {token!r} that closes nothing", source, number)
    opener, first, _ = open_brackets[-1]
    line = source.span(first, first).line
    _refuse(
        f"expected {_CLOSER[opener]!r} to close the {opener!r} of line {line}, found {token!r}",
        source,
        number,
    )


def _refuse_unclosed(open_brackets: list[tuple[str, int, list[Form]]], source: Source) -> NoReturn:
    opener, first, _ = open_brackets[-1]
    _refuse(f"expected {_CLOSER[opener]!r} to close this {opener!r}, found the end of the text", source, first)


def _check_count(tokens: list[str], source: Source) -> None:
    counts: Iterator[int] = accumulate(int(bool(token) and token not in _OPENER) for token in tokens)
    for number, count in enumerate(counts):
        if count > NODE_LIMIT:
            _refuse(f"expected at most {NODE_LIMIT:,} forms, found more; split the strategy", source, number)
