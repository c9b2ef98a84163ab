"""
A value of a JSON or EDN tree and where it stands: `$.children[0].ticker`.

A spot is the source of the forms that are made of its value, so that whatever the compiler refuses names the
path in the tree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn, TypeAlias

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy.drafts import NUMBER_LENGTH_LIMIT, shortened
from alchemiser.domain.strategy.forms import Source

Plain: TypeAlias = "Mapping[str, Plain] | tuple[Plain, ...] | str | Decimal | bool | None"

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_?-]{0,39}\Z")


@dataclass(frozen=True, kw_only=True, eq=False)
class Spot(Source):
    """
    A value, its key or number, and what holds it; the value of a field that is missing is None.
    """

    value: Plain
    parent: "Spot | None" = None
    key: str | int = ""

    @property
    def path(self) -> str:
        """
        Return the way from the root of the tree, `$`.
        """
        steps: list[str] = []
        spot = self
        while spot.parent is not None:
            steps.append(_step(spot.key))
            spot = spot.parent
        return "$" + "".join(reversed(steps))

    def field(self, key: str) -> Plain:
        """
        Return the value of a field, None when it is missing; refuse what has no fields.
        """
        # Nearly all objects are dicts, which are known at once.
        if not isinstance(self.value, dict) and not isinstance(self.value, Mapping):
            self.refuse(f"expected an object, found {self.found}")
        return self.value.get(key)

    def entry(self, key: str) -> "Spot":
        """
        Return the spot of a field; refuse what has no fields.
        """
        return self._below(self.field(key), key)

    def items(self, what: str) -> "tuple[Spot, ...]":
        """
        Return the spots of a list, at least one; refuse anything else.
        """
        if not isinstance(self.value, tuple):
            self.refuse(f"expected a list of {what}, found {self.found}")
        if not self.value:
            self.refuse(f"expected at least one of {what}, found an empty list")
        return tuple(self._below(value, place) for place, value in enumerate(self.value))

    def word(self, what: str) -> str:
        """
        Return the text a value is; refuse anything else.
        """
        if not isinstance(self.value, str):
            self.refuse(f"expected {what}, found {self.found}")
        return self.value

    def number(self, what: str) -> Decimal:
        """
        Return the number a value is, also as text: 10 or "10"; refuse anything else.
        """
        if isinstance(self.value, Decimal):
            return self.value
        if not isinstance(self.value, str) or not NUMBER.match(self.value):
            self.refuse(f"expected {what}, a number, found {self.found}")
        if len(self.value) > NUMBER_LENGTH_LIMIT:
            self.refuse(f"expected {what} of at most {NUMBER_LENGTH_LIMIT} characters, found {len(self.value):,}")
        return Decimal(self.value)

    def refuse(self, problem: str) -> NoReturn:
        """
        Raise DslCompileError at this place.
        """
        raise self.refusal(problem, 0, 0)

    def refusal(self, problem: str, first: int, last: int) -> DslCompileError:  # noqa: ARG002 - a tree has no tokens
        """
        Return the error that names the path.
        """
        return DslCompileError(problem, span=None, file=self.file, path=self.path)

    @property
    def found(self) -> str:
        """
        Name the value in an error.
        """
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true" if self.value else "false"
            case Decimal():
                return shortened(str(self.value))
            case str():
                return f'"{shortened(self.value)}"'
            case tuple():
                return "a list"
            case _:
                return "an object"

    def _below(self, value: Plain, key: str | int) -> "Spot":
        return Spot(text="", file=self.file, value=value, parent=self, key=key)


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    # A path leads to its place: only keys that no strategy has are cut.
    return f".{key}" if _PLAIN_KEY.match(key) else f"[{shortened(key)!r}]"
