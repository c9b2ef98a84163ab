"""
The layout of a `.clj` text: lines as the printer breaks them, words as the trader wrote them.

Comments before and after the strategy stay; one inside it has no place in a layout, so it is refused or, when told
so, dropped.
"""

import re
from dataclasses import dataclass
from enum import Enum

from alchemiser.domain.errors import DslCompileError, Span
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.printer import formatted
from alchemiser.domain.strategy.reader import read_apart

_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"|;[^\n]*|[()\[\]{}]', re.DOTALL)


class Comments(Enum):
    """
    What happens to comments inside a strategy.
    """

    REFUSE = "refuse"
    DROP = "drop"


def laid_out(text: str, comments: Comments, *, file: str = "<text>") -> str:
    """
    Return a strategy's text in the canonical layout; it compiles to the same strategy.

    Raises:
        DslError: the text is no strategy, or a comment inside it would be lost; points at it.
    """
    compile_text(text, file=file)
    (form,) = read_apart(text, file=file)
    around = _around(text)
    if around.inside is not None and comments is Comments.REFUSE:
        raise DslCompileError(
            f"expected comments before or after the strategy only, found {around.inside.group()[:40]!r} inside, which "
            "would be lost; move it up, or give --drop-comments",
            span=_span(text, around.inside),
            text=text,
            file=file,
        )
    return "".join(f"{part}\n" for part in (around.before, formatted(form), around.after) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    before: str
    after: str
    inside: re.Match[str] | None


def _around(text: str) -> _Around:
    pieces = list(_PIECE.finditer(text))
    brackets = [place for place, piece in enumerate(pieces) if not piece.group().startswith((";", '"'))]
    first, last = brackets[0], brackets[-1]
    inside = (piece for piece in pieces[first:last] if piece.group().startswith(";"))
    return _Around(
        before=text[: pieces[first].start()].strip(" \t\r\n,"),
        after=text[pieces[last].end() :].strip(" \t\r\n,"),
        inside=next(inside, None),
    )


def _span(text: str, found: re.Match[str]) -> Span:
    start = found.start()
    line = text.count("\n", 0, start) + 1
    return Span(line=line, column=start - text.rfind("\n", 0, start), start=start, end=found.end())
