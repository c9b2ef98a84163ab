"""
Forms: what a text is made of, each with its place.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from alchemiser.domain.errors import DslCompileError, Span

# A string that does not close is one token to the end of the text: no quote in it is tried again.
TOKEN = re.compile(
    r"""[\s,]*+(?:;[^\n]*+[\s,]*+)*+([()\[\]{}]|"(?:[^"\\]++|\\.)*+"?+|[^\s,;()\[\]{}"]++|\Z)""", re.DOTALL
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """
    The text forms were read from; knows where every token stands.
    """

    text: str
    file: str

    def span(self, first: int, last: int) -> Span:
        """
        Return the span from one token to another, both inclusive, by their numbers.
        """
        # Only errors ask: the tokens are walked again rather than a million offsets kept.
        matches = islice(TOKEN.finditer(self.text), first, None)
        opening = next(matches)
        closing = opening if first == last else next(islice(matches, last - first - 1, None))
        start, end = opening.start(1), closing.end(1)
        line = self.text.count("\n", 0, start) + 1
        return Span(line=line, column=start - self.text.rfind("\n", 0, start), start=start, end=end)

    def refusal(self, problem: str, first: int, last: int) -> DslCompileError:
        """
        Return the error that points from one token to another.
        """
        return DslCompileError(problem, span=self.span(first, last), text=self.text, file=self.file)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Form:
    source: Source = field(repr=False)
    first: int
    last: int

    @property
    def span(self) -> Span:
        """
        Where the form stands.
        """
        return self.source.span(self.first, self.last)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sym(_Form):
    """
    A bare name: `if`, `>`, `nil`.
    """

    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kw(_Form):
    """
    A keyword, without its colon.
    """

    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Str(_Form):
    """
    A string, unescaped.
    """

    value: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Num(_Form):
    """
    A number as it was written.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class List(_Form):
    """
    Forms in round brackets.
    """

    items: "tuple[Form, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vector(_Form):
    """
    Forms in square brackets.
    """

    items: "tuple[Form, ...]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Map(_Form):
    """
    Forms in curly brackets: keys and values in turn.
    """

    items: "tuple[Form, ...]"


Atom: TypeAlias = Sym | Kw | Str | Num
Form: TypeAlias = Atom | List | Vector | Map
