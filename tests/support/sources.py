"""
A source that answers from bars it was given, and counts how often it is asked.
"""

import threading
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import Bars, number_of
from alchemiser.domain.errors import SourceUnavailable
from alchemiser.domain.values import Symbol


class GivenSource(BarSource):
    """
    Bars by symbol, changed at will.

    Args:
        fails_after: how many symbols it answers before it stops answering, None for all.
    """

    def __init__(self, *bars: Bars, name: str = "given", fails_after: int | None = None) -> None:
        self.held = {one.symbol: one for one in bars}
        self.asked: list[tuple[tuple[Symbol, ...], date, date]] = []
        self.fails_after = fails_after
        self._name = name
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """
        Return the label.
        """
        return self._name

    def bars(self, symbols: Sequence[Symbol], *, first: date, last: date) -> Iterator[Bars]:
        """
        Yield what is held.
        """
        with self._lock:
            self.asked.append((tuple(symbols), first, last))
        for count, symbol in enumerate(symbols):
            if self.fails_after is not None and count >= self.fails_after:
                raise SourceUnavailable(f"{self._name}: expected an answer, found none")
            bars = self.held.get(symbol)
            if bars is None:
                continue
            begin, end = np.searchsorted(bars.days, [number_of(first), number_of(last) + 1])
            if end > begin:
                yield bars.part(int(begin), int(end))
