"""
How a command line ended, for tests of commands.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Ended(NamedTuple):
    """
    Exit code, stdout and stderr.
    """

    code: int
    out: str
    err: str


Alchemiser: TypeAlias = Callable[..., Ended]
