"""
JSON text to a plain tree and back; keeps its own stack, since trees nest deeper than calls may.

1. one regular expression cuts the text into tokens;
2. a stack of open objects and lists turns them into mappings and tuples, numbers kept exact;
3. a key that stands twice, a lone surrogate, whatever strict JSON does not know is refused in its place.

Written, a value stands on one line where it fits, else each of its entries on its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import NoReturn, assert_never

from alchemiser.domain.errors import DslSyntaxError, Span
from alchemiser.domain.strategy.composer.spots import Plain
from alchemiser.domain.strategy.drafts import NUMBER_LENGTH_LIMIT, shortened
from alchemiser.domain.strategy.reader import NODE_LIMIT, SIZE_LIMIT

# One level of a strategy is up to four brackets of JSON; its text may nest 1,000 deep.
NESTING_LIMIT = 4_096
LINE_WIDTH = 100

# A string that does not close is one token up to the end: looking for its end again and again would take forever.
_TOKEN = re.compile(r'[ \t\r\n]*+([{}\[\]:,]|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^ \t\r\n{}\[\]:,"]++|\Z)', re.DOTALL)
_CLOSED = re.compile(r'"(?:[^"\\]++|\\.)*+"\Z', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\Z", re.ASCII)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WRITTEN = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROL = re.compile(r"[\x00-\x1f]")
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORDS: Mapping[str, Plain] = {"true": True, "false": False, "null": None}
_DEEPEST_INDENT = 60


def read_json(text: str, *, file: str = "<text>") -> Plain:
    """
    Read one JSON value.

    Raises:
        DslSyntaxError: it is no JSON, a key stands twice in an object, or a limit is exceeded: 16 MB, a million
            values, nesting 4,096.
    """
    if len(text) > SIZE_LIMIT:
        problem = f"expected at most {SIZE_LIMIT:,} characters, found {len(text):,}; split the strategy"
        raise DslSyntaxError(problem, span=None, file=file)
    return _Reader(text=text, file=file).value()


@dataclass(slots=True, kw_only=True)
class _Open:
    """
    An object or a list that is not closed yet.
    """

    closer: str
    entries: dict[str, Plain] = field(default_factory=dict)
    items: list[Plain] = field(default_factory=list)
    key: str = ""

    def add(self, value: Plain) -> None:
        if self.closer == "}":
            self.entries[self.key] = value
        else:
            self.items.append(value)

    def whole(self) -> Plain:
        return self.entries if self.closer == "}" else tuple(self.items)


class _Reader:
    """
    A walk over the tokens of a text.
    """

    def __init__(self, *, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._tokens = _TOKEN.findall(text)
        self._at = -1
        # Keys and words repeat thousands of times in a tree; each is unescaped and checked once.
        self._strings: dict[str, str] = {}

    def value(self) -> Plain:
        """
        Return the one value of the text.
        """
        stack: list[_Open] = []
        for _ in range(NODE_LIMIT):
            mark = self._next()
            if mark in {"{", "["}:
                stack.append(self._opened(mark, depth=len(stack) + 1))
                if self._peek() != stack[-1].closer:
                    self._key(stack[-1])
                    continue
                self._next()
                value = stack.pop().whole()
            else:
                value = self._scalar(mark)
            while stack and self._is_closed(stack[-1], value):
                value = stack.pop().whole()
            if not stack:
                if self._next():
                    self._refuse(f"expected the end of the text, found {_named(self._tokens[self._at])}")
                return value
        self._refuse(f"expected at most {NODE_LIMIT:,} values, found more; split the strategy")

    def _opened(self, mark: str, *, depth: int) -> _Open:
        if depth > NESTING_LIMIT:
            self._refuse(f"expected at most {NESTING_LIMIT:,} nested objects and lists, found more")
        return _Open(closer="}" if mark == "{" else "]")

    def _is_closed(self, inner: _Open, value: Plain) -> bool:
        inner.add(value)
        mark = self._next()
        if mark == ",":
            self._key(inner)
            return False
        if mark != inner.closer:
            self._refuse(f"expected a comma or {inner.closer!r}, found {_named(mark)}")
        return True

    def _key(self, inner: _Open) -> None:
        if inner.closer == "]":
            return
        mark = self._next()
        if not mark.startswith('"'):
            self._refuse(f"expected a key in double quotes, found {_named(mark)}")
        key = self._known(mark)
        if key in inner.entries:
            self._refuse(f"expected each key of an object once, found {_named(mark)} again")
        inner.key = key
        # The place of a key stays taken until its value is read.
        inner.entries[key] = None
        if self._next() != ":":
            self._refuse(f"expected ':' after the key, found {_named(self._tokens[self._at])}")

    def _scalar(self, mark: str) -> Plain:
        if mark.startswith('"'):
            return self._known(mark)
        if len(mark) <= NUMBER_LENGTH_LIMIT and _NUMBER.match(mark):
            return Decimal(mark)
        if mark not in _WORDS:
            if _NUMBER.match(mark):
                self._refuse(f"expected a number of at most {NUMBER_LENGTH_LIMIT} characters, found {len(mark):,}")
            self._refuse(f"expected a JSON value, found {_named(mark)}")
        return _WORDS[mark]

    def _known(self, mark: str) -> str:
        text = self._strings.get(mark)
        if text is None:
            text = self._strings[mark] = self._string(mark)
        return text

    def _string(self, mark: str) -> str:
        if not _CLOSED.match(mark):
            self._refuse("expected a closing quote, found the end of the text")
        if _CONTROL.search(mark):
            self._refuse("expected control characters of a string as \\n, \\t or \\u0000, found one bare")
        if "\\" not in mark:
            return self._whole_characters(mark[1:-1])
        for match in _ESCAPE.finditer(mark):
            if match[1] not in _ESCAPED and len(match[1]) == 1:
                self._refuse(f"expected an escape of JSON in a string, found {match[0]!r}")
        text = _ESCAPE.sub(lambda match: _ESCAPED.get(match[1]) or chr(int(match[1][1:], 16)), mark[1:-1])
        # Escapes write a character beyond the first plane as two halves.
        return self._whole_characters(_PAIR.sub(_joined, text))

    def _whole_characters(self, text: str) -> str:
        if _SURROGATE.search(text):
            self._refuse("expected whole characters in a string, found half of a surrogate pair")
        return text

    def _next(self) -> str:
        self._at += 1
        return self._peek(0)

    def _peek(self, ahead: int = 1) -> str:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ""

    def _refuse(self, problem: str) -> NoReturn:
        places = islice(_TOKEN.finditer(self._text), self._at, None)
        start, end = next((match.span(1) for match in places), (len(self._text),) * 2)
        line = self._text.count("\n", 0, start) + 1
        span = Span(line=line, column=start - self._text.rfind("\n", 0, start), start=start, end=end)
        raise DslSyntaxError(problem, span=span, text=self._text, file=self._file)


def json_text(tree: Plain) -> str:
    """
    Return the canonical JSON of a tree, a line end included; a part on one line where it fits.
    """
    widths = _widths(tree)
    pieces: list[str] = []
    # With a value stands its indent and what is on its line already.
    stack: list[str | tuple[Plain, int, int]] = ["\n", (tree, 0, 0)]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            pieces.append(top)
            continue
        value, indent, taken = top
        if not isinstance(value, Mapping | tuple):
            pieces.append(_atom(value))
            continue
        opener, closer = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
        inner = min(indent + 2, _DEEPEST_INDENT)
        is_whole = indent + taken + widths[id(value)] <= LINE_WIDTH or not value
        around, between = ("", ", ") if is_whole else ("\n" + " " * inner, ",\n" + " " * inner)
        stack.append(closer if is_whole else "\n" + " " * indent + closer)
        for place, (label, item) in reversed(list(enumerate(_entries(value)))):
            stack.extend([(item, inner, len(label)), label, between if place else around])
        pieces.append(opener)
    return "".join(pieces)


def _entries(value: "Mapping[str, Plain] | tuple[Plain, ...]") -> Iterator[tuple[str, Plain]]:
    if isinstance(value, Mapping):
        yield from ((f"{_quoted(key)}: ", item) for key, item in value.items())
    else:
        yield from (("", item) for item in value)


def _widths(root: Plain) -> dict[int, int]:
    # By identity: parts of the tree live as long as the tree, and equal ones may be one object.
    widths: dict[int, int] = {}
    stack = [root]
    while stack:
        value = stack[-1]
        if not isinstance(value, Mapping | tuple):
            stack.pop()
            continue
        missing = [item for _, item in _entries(value) if _is_missing(item, widths)]
        if missing:
            stack.extend(missing)
            continue
        entries = [(label, item) for label, item in _entries(value)]
        inside = sum(len(label) + _width(item, widths) for label, item in entries)
        widths[id(value)] = inside + 2 * max(len(entries) - 1, 0) + 2
        stack.pop()
    return widths


def _is_missing(item: Plain, widths: Mapping[int, int]) -> bool:
    return isinstance(item, Mapping | tuple) and id(item) not in widths


def _width(item: Plain, widths: Mapping[int, int]) -> int:
    return widths[id(item)] if isinstance(item, Mapping | tuple) else len(_atom(item))


def _atom(value: "str | Decimal | bool | None") -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case str():
            return _quoted(value)
        case _:
            assert_never(value)


def _quoted(text: str) -> str:
    return '"' + _TO_ESCAPE.sub(lambda match: _WRITTEN.get(match[0]) or f"\\u{ord(match[0]):04x}", text) + '"'


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _named(mark: str) -> str:
    return shortened(mark) or "the end of the text"
