"""
Forms made of a tree's values, each standing at its spot; the tree is walked with a list, never by calls.

Every value becomes a `Piece`: the values that have to be translated first, and how to build its form of theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from alchemiser.domain.strategy.composer.spots import Spot
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Str, Sym, Vector

# A ticker of a `binary-compound` becomes a comparison: seven characters become ten forms.
COPIES_LIMIT = 1_000

Kind: TypeAlias = Literal["root", "node", "branch", "condition", "operand"]
Need: TypeAlias = tuple[Kind, Spot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """
    A value whose shape is right.

    Args:
        needs: the values to translate first, each as what it is.
        build: their forms, in that order, to the value's own.
        copies: how often it writes the same comparison, once for each of its tickers.
    """

    needs: tuple[Need, ...] = ()
    build: Callable[[Sequence[Form]], Form]
    copies: int = 0


def built(need: Need, readers: Mapping[Kind, Callable[[Spot], Piece]]) -> Form:
    """
    Return the form of a value and of all it needs.
    """
    kind, spot = need
    pieces = [readers[kind](spot)]
    firsts: list[int] = []
    copies = 0
    for piece in pieces:
        copies += piece.copies
        if copies > COPIES_LIMIT:
            spot.refuse(f"expected at most {COPIES_LIMIT:,} tickers in conditions of a strategy, found more")
        firsts.append(len(pieces))
        pieces.extend(readers[kind](spot) for kind, spot in piece.needs)
    forms: dict[int, Form] = {}
    # What a piece needs stands behind it.
    for place in range(len(pieces) - 1, -1, -1):
        first, piece = firsts[place], pieces[place]
        forms[place] = piece.build([forms[first + number] for number in range(len(piece.needs))])
    return forms[0]


def sym(spot: Spot, name: str) -> Form:
    """
    Return a name.
    """
    return Sym(source=spot, first=0, last=0, name=name)


def kw(spot: Spot, name: str) -> Form:
    """
    Return a keyword.
    """
    return Kw(source=spot, first=0, last=0, name=name)


def text(spot: Spot, value: str) -> Form:
    """
    Return a string.
    """
    return Str(source=spot, first=0, last=0, value=value)


def number(spot: Spot, what: str) -> Form:
    """
    Return the number that a value is, written as a number or as text.
    """
    return num(spot, format(spot.number(what), "f"))


def num(spot: Spot, written: str) -> Form:
    """
    Return a number.
    """
    return Num(source=spot, first=0, last=0, text=written)


def listed(spot: Spot, *items: Form) -> Form:
    """
    Return a list.
    """
    return List(source=spot, first=0, last=0, items=items)


def vector(spot: Spot, items: Sequence[Form]) -> Form:
    """
    Return a vector.
    """
    return Vector(source=spot, first=0, last=0, items=tuple(items))


def mapped(spot: Spot, entries: Sequence[tuple[Form, Form]]) -> Form:
    """
    Return a map.
    """
    return Map(source=spot, first=0, last=0, items=tuple(form for entry in entries for form in entry))
