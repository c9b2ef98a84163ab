"""
What a use case asks of the strategies: the book with its allocations, and one of them by name or path.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeve:
    """
    One strategy of the book and its part of the account, above 0 and at most 1.
    """

    strategy: Strategy
    allocation: Decimal

    def __post_init__(self) -> None:
        if not 0 < self.allocation <= _ONE:
            raise ValueError(f"{self.strategy.name}: allocation must be in (0, 1], found {self.allocation}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """
    The strategies an account follows, in the order of its file; allocations sum to 1, names are unique.
    """

    sleeves: tuple[Sleeve, ...]

    def __post_init__(self) -> None:
        total = sum((sleeve.allocation for sleeve in self.sleeves), Decimal(0))
        if total != _ONE:
            raise ValueError(f"allocations must sum to exactly 1, found {total}")
        names = [sleeve.strategy.name for sleeve in self.sleeves]
        if len(set(names)) != len(names):
            raise ValueError(f"expected each strategy once, found {names}")

    def __iter__(self) -> Iterator[Sleeve]:
        return iter(self.sleeves)

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """
        Return the strategies in order.
        """
        return tuple(sleeve.strategy for sleeve in self.sleeves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """
    The text of a strategy, and the file it was read from.
    """

    file: str
    text: str


class CompiledBooks(Protocol):
    """
    Where compiled strategies wait for the next time the same texts are asked for; nothing depends on it but time.
    """

    def find(self, texts: Sequence[Written]) -> tuple[Symphony, ...] | None:
        """
        Return what exactly these texts, in this order, were compiled to, or None when it is not known; never fails.
        """
        ...

    def keep(self, texts: Sequence[Written], book: Sequence[Symphony]) -> None:
        """
        Keep what texts were compiled to, if that is possible; never fails.
        """
        ...


class StrategyLibrary(Protocol):
    """
    Where strategies are kept.
    """

    def book(self) -> Book:
        """
        Return every strategy of the portfolio with its allocation.

        Raises:
            ConfigurationError: the portfolio file is wrong; names file and key.
            StrategyError: a strategy file is wrong.
        """
        ...

    def load(self, name: str) -> Strategy:
        """
        Return one strategy, by its name in the library or by the path of its file.

        Raises:
            ConfigurationError: there is none.
            StrategyError: its text is wrong.
        """
        ...
