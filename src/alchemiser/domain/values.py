"""
The values that are owned: symbols, money, prices, quantities, weights.

Operators carry units: Price × Quantity = Money, Money / Price = Quantity. A float is never accepted, adding unlike
units is a TypeError. All money is US dollars. Rounding happens in `floored`, `cents` and `tick`, nowhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import NewType, Self, TypeAlias

Symbol = NewType("Symbol", str)
Weights: TypeAlias = Mapping[Symbol, Decimal]

_TICKER = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,14}\Z")
_PART_OF_SHARE = Decimal("1e-9")
_CENT = Decimal("0.01")
_SUB_PENNY = Decimal("0.0001")
_ONE = Decimal(1)


def as_symbol(text: str) -> Symbol:
    """
    Check a ticker and return it as a Symbol.

    Raises:
        ValueError: the text is no ticker: up to 15 of A–Z, 0–9, `.`, `/`, `-`, beginning with a letter or digit.
    """
    if not _TICKER.match(text) or ".." in text or "//" in text:
        raise ValueError(f"expected a ticker such as SPY or BRK/B, found {text[:40]!r}")
    return Symbol(text)


class Side(StrEnum):
    """
    Which way a trade goes.
    """

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True, order=True)
class _Amount:
    value: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal):
            raise TypeError(f"{type(self).__name__} takes a Decimal, found {self.value!r}")
        if not self.value.is_finite():
            raise ValueError(f"{type(self).__name__} must be finite, found {self.value}")

    def __str__(self) -> str:
        return format(self.value, "f")

    def __bool__(self) -> bool:
        return bool(self.value)

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return type(self)(self.value + other.value)

    def __sub__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return type(self)(self.value - other.value)


@dataclass(frozen=True, slots=True, order=True)
class Money(_Amount):
    """
    An amount of US dollars, of either sign.
    """

    def __neg__(self) -> "Money":
        return Money(-self.value)

    def __mul__(self, factor: Decimal) -> "Money":
        if not isinstance(factor, Decimal):
            return NotImplemented
        return Money(self.value * factor)

    def __truediv__(self, other: "Price") -> "Quantity":
        if not isinstance(other, Price):
            return NotImplemented
        return Quantity(self.value / other.value)

    def per(self, other: "Money") -> Decimal:
        """
        Return this amount as a fraction of another.
        """
        return self.value / other.value

    def cents(self) -> "Money":
        """
        Round to cents, half to even.
        """
        return Money(self.value.quantize(_CENT, rounding=ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True, order=True)
class Quantity(_Amount):
    """
    A number of shares, of either sign where it is a change, never negative where it is held.
    """

    def __neg__(self) -> "Quantity":
        return Quantity(-self.value)

    def floored(self, *, whole: bool) -> "Quantity":
        """
        Round toward zero to whole shares, or to nine decimals, the finest the broker takes.
        """
        return Quantity(self.value.quantize(_ONE if whole else _PART_OF_SHARE, rounding=ROUND_DOWN))


@dataclass(frozen=True, slots=True, order=True)
class Price(_Amount):
    """
    US dollars a share, above zero.
    """

    def __post_init__(self) -> None:
        _Amount.__post_init__(self)
        if self.value <= 0:
            raise ValueError(f"Price must be above zero, found {self.value}")

    def __mul__(self, quantity: Quantity) -> Money:
        if not isinstance(quantity, Quantity):
            return NotImplemented
        return Money(self.value * quantity.value)

    def scaled(self, factor: Decimal) -> "Price":
        """
        Return this price times a plain number.
        """
        return Price(self.value * factor)

    def tick(self, side: Side) -> "Price":
        """
        Round to the exchange's tick (0.01 from a dollar up, else 0.0001), toward passive: a buy down, a sell up.
        """
        step = _CENT if self.value >= _ONE else _SUB_PENNY
        down = self.value.quantize(step, rounding=ROUND_FLOOR)
        if side is Side.BUY or down == self.value:
            return Price(max(down, step))
        return Price(down + step)


def usd(text: str) -> Money:
    """
    Return dollars from text: `usd("12.50")`.
    """
    return Money(Decimal(text))


def shares(text: str) -> Quantity:
    """
    Return a quantity from text: `shares("3.5")`.
    """
    return Quantity(Decimal(text))


def price(text: str) -> Price:
    """
    Return a price from text: `price("99.95")`.
    """
    return Price(Decimal(text))
