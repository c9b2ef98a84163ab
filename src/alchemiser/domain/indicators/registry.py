"""
The indicators by name: parameters, unit, how many closes they need, how they are computed for many rows at
once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.indicators import formulas
from alchemiser.domain.indicators.strength import strengths
from alchemiser.domain.market import Series

Parameters: TypeAlias = tuple[int | Decimal, ...]
Rows: TypeAlias = NDArray[np.intp]

# What a formula makes on the way to its values then fits where memory is fast.
_CLOSES_AT_ONCE = 16_384


class Measure(Protocol):
    """
    How an indicator is computed for many rows at once.
    """

    def __call__(self, closes: Series, parameters: Sequence[Parameters], rows: Rows | None = None) -> Series:
        """
        Return the values of some rows of closes, of each in order unless `rows` names them; one set of parameters each.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """
    One entry of an indicator's map.

    Args:
        name: the keyword without its colon.
        minimum: the smallest value that means something.
        is_whole: whether it counts sessions; otherwise a positive number.
        default: taken when the keyword is missing; None makes it required.
        synonyms: other keywords for it.
    """

    name: str
    minimum: int = 1
    is_whole: bool = True
    default: Decimal | None = None
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """
    What the language knows about an indicator.

    Args:
        name: as it is printed.
        parameters: in the order `measure` takes them.
        unit: of its values.
        closes_needed: closes until it is first defined, from its parameters.
        has_infinite_memory: whether every close since the first moves it.
        measure: closes of shape (rows, T) and one set of parameters a row, to values of the same shape.
        synonyms: other names that are read.
    """

    name: str
    parameters: tuple[Parameter, ...]
    unit: Literal["price", "percent", "percent a day", "0 to 100"]
    closes_needed: Callable[[Parameters], int]
    has_infinite_memory: bool
    measure: Measure
    synonyms: tuple[str, ...] = ()


def indicator_named(name: str) -> Indicator | None:
    """
    Return the indicator of a name or synonym, or None.
    """
    return _BY_ANY_NAME.get(name)


def _alike(formula: Callable[[Series, Parameters], Series]) -> Measure:
    # Rows of equal parameters are computed together, as many at once as stay near the processor.
    def measure(closes: Series, parameters: Sequence[Parameters], rows: Rows | None = None) -> Series:
        members: dict[Parameters, list[int]] = {}
        for place, own in enumerate(parameters):
            members.setdefault(own, []).append(place)
        wanted = np.arange(len(closes)) if rows is None else rows
        values = np.empty((len(wanted), closes.shape[-1]))
        at_once = max(1, _CLOSES_AT_ONCE // closes.shape[-1])
        for own, places in members.items():
            for start in range(0, len(places), at_once):
                part = places[start : start + at_once]
                values[part] = formula(closes[wanted[part]], own)
        return values

    return measure


def _each(formula: Callable[[Series, Sequence[NDArray[np.int64]]], Series]) -> Measure:
    # Rows of any parameters are computed together.
    def measure(closes: Series, parameters: Sequence[Parameters], rows: Rows | None = None) -> Series:
        columns = [
            np.array([int(value) for value in column], dtype=np.int64) for column in zip(*parameters, strict=True)
        ]
        return formula(closes if rows is None else closes[rows], columns)

    return measure


def _strength(closes: Series, parameters: Sequence[Parameters], rows: Rows | None = None) -> Series:
    wanted = np.arange(len(closes)) if rows is None else rows
    return strengths(closes, wanted, np.array([int(own[0]) for own in parameters], dtype=np.int64))


def _windowed(formula: Callable[[Series, int], Series]) -> Measure:
    return _alike(lambda closes, own: formula(closes, int(own[0])))


def _band(sign: int) -> Measure:
    return _alike(lambda closes, own: formulas.bollinger(closes, int(own[0]), sign * float(own[1])))


def _plus(extra: int) -> Callable[[Parameters], int]:
    return lambda own: int(own[0]) + extra


def _line(own: Parameters) -> int:
    return int(own[1])


def _smoothed_line(own: Parameters) -> int:
    return int(own[1]) + int(own[2]) - 1


_WINDOW = (Parameter(name="window"),)
_WINDOW_OF_TWO = (Parameter(name="window", minimum=2),)
_LINE = (Parameter(name="short-window"), Parameter(name="long-window", minimum=2))
_SMOOTHED_LINE = (*_LINE, Parameter(name="smooth-window", synonyms=("signal-window",)))
_BAND = (
    Parameter(name="window"),
    Parameter(name="standard-deviations", is_whole=False, default=Decimal(2)),
)

INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        name="current-price",
        parameters=(),
        unit="price",
        closes_needed=lambda _: 1,
        has_infinite_memory=False,
        measure=_alike(lambda closes, _: formulas.current_price(closes)),
    ),
    Indicator(
        name="moving-average-price",
        parameters=_WINDOW,
        unit="price",
        closes_needed=_plus(0),
        has_infinite_memory=False,
        measure=_windowed(formulas.moving_average_price),
    ),
    Indicator(
        name="exponential-moving-average-price",
        parameters=_WINDOW,
        unit="price",
        closes_needed=_plus(0),
        has_infinite_memory=True,
        measure=_each(lambda closes, own: formulas.exponential_moving_average_price(closes, own[0])),
    ),
    Indicator(
        name="rsi",
        parameters=_WINDOW,
        unit="0 to 100",
        closes_needed=_plus(1),
        has_infinite_memory=True,
        measure=_strength,
        synonyms=("relative-strength-index",),
    ),
    Indicator(
        name="cumulative-return",
        parameters=_WINDOW,
        unit="percent",
        closes_needed=_plus(1),
        has_infinite_memory=False,
        measure=_windowed(formulas.cumulative_return),
    ),
    Indicator(
        name="moving-average-return",
        parameters=_WINDOW,
        unit="percent a day",
        closes_needed=_plus(1),
        has_infinite_memory=False,
        measure=_windowed(formulas.moving_average_return),
    ),
    Indicator(
        name="stdev-return",
        parameters=_WINDOW_OF_TWO,
        unit="percent a day",
        closes_needed=_plus(1),
        has_infinite_memory=False,
        measure=_windowed(formulas.stdev_return),
        synonyms=("standard-deviation-return",),
    ),
    Indicator(
        name="stdev-price",
        parameters=_WINDOW_OF_TWO,
        unit="price",
        closes_needed=_plus(0),
        has_infinite_memory=False,
        measure=_windowed(formulas.stdev_price),
        synonyms=("standard-deviation-price",),
    ),
    Indicator(
        name="max-drawdown",
        parameters=_WINDOW,
        unit="percent",
        closes_needed=_plus(0),
        has_infinite_memory=False,
        measure=_windowed(formulas.max_drawdown),
    ),
    Indicator(
        name="percentage-price-oscillator",
        parameters=_LINE,
        unit="percent",
        closes_needed=_line,
        has_infinite_memory=True,
        measure=_each(lambda closes, own: formulas.percentage_price_oscillator(closes, own[0], own[1])),
    ),
    Indicator(
        name="percentage-price-oscillator-signal",
        parameters=_SMOOTHED_LINE,
        unit="percent",
        closes_needed=_smoothed_line,
        has_infinite_memory=True,
        measure=_each(lambda closes, own: formulas.percentage_price_oscillator_signal(closes, own[0], own[1], own[2])),
    ),
    Indicator(
        name="macd",
        parameters=_LINE,
        unit="price",
        closes_needed=_line,
        has_infinite_memory=True,
        measure=_each(lambda closes, own: formulas.macd(closes, own[0], own[1])),
        synonyms=("moving-average-convergence-divergence",),
    ),
    Indicator(
        name="macd-signal",
        parameters=_SMOOTHED_LINE,
        unit="price",
        closes_needed=_smoothed_line,
        has_infinite_memory=True,
        measure=_each(lambda closes, own: formulas.macd_signal(closes, own[0], own[1], own[2])),
        synonyms=("moving-average-convergence-divergence-signal",),
    ),
    Indicator(
        name="upper-bollinger",
        parameters=_BAND,
        unit="price",
        closes_needed=_plus(0),
        has_infinite_memory=False,
        measure=_band(1),
    ),
    Indicator(
        name="lower-bollinger",
        parameters=_BAND,
        unit="price",
        closes_needed=_plus(0),
        has_infinite_memory=False,
        measure=_band(-1),
    ),
)

_BY_ANY_NAME = {name: entry for entry in INDICATORS for name in (entry.name, *entry.synonyms)}
