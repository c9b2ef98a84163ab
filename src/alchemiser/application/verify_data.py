"""
Look at everything in the lake again: hashes, checks, and where one is given, a second source.

1. A file that cannot be believed is told, and left as it is.
2. Findings are made anew from the bars, by the rules of today; what was accepted stays accepted.
3. Against a second source returns are compared day by day; moves that it shows, too, are confirmed.
4. What changed is kept, so that strategies meet it; a symbol that ends before the others is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from alchemiser.application.data import DataPorts, all_sessions, alone_with, cross_checked, examined, second_opinion
from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.completeness import stopped
from alchemiser.domain.bars.findings import Finding
from alchemiser.domain.bars.history import Days, History
from alchemiser.domain.errors import SuspectBars
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """
    What was found in one symbol.

    Args:
        history: None when its file cannot be believed.
        damage: why not.
        stopped: that it ends before the others.
    """

    symbol: Symbol
    history: History | None
    damage: str = ""
    stopped: Finding | None = None

    @property
    def is_usable(self) -> bool:
        """
        Tell whether strategies may use the symbol.
        """
        return self.history is not None and not self.history.quarantine()


def verify(symbols: Sequence[Symbol], ports: DataPorts, *, against: BarSource | None = None) -> Iterator[Verified]:
    """
    Yield what is found, symbol by symbol; all of the lake when no symbol is named.
    """
    sessions = all_sessions(ports.calendar)
    asked = symbols or ports.lake.symbols()
    # Who ended before the others can be said only where the others are looked at.
    newest = None if symbols else _newest(ports)
    for symbol in asked:
        yield _verified(symbol, ports, against, sessions=sessions, newest=newest)


def _verified(
    symbol: Symbol, ports: DataPorts, against: BarSource | None, *, sessions: Days, newest: date | None
) -> Verified:
    with alone_with([symbol], ports.lake):
        try:
            known = ports.lake.read(symbol)
        except SuspectBars as exc:
            return Verified(symbol=symbol, history=None, damage=str(exc).removeprefix(f"{symbol}: "))
        if known is None or not len(known.bars):
            return Verified(symbol=symbol, history=None, damage="there are no bars of it")
        other = second_opinion(known.bars, against) if against is not None else None
        if against is not None and other is not None:
            history = cross_checked(known, other, against.name, ports, sessions=sessions)
        else:
            history = examined(known, ports, sessions=sessions)
        if (history.findings, history.accepted) != (known.findings, known.accepted):
            ports.lake.write(history)
    ended = None if newest is None else stopped(history.bars, sessions=sessions, newest=newest)
    return Verified(symbol=symbol, history=history, stopped=ended)


def _newest(ports: DataPorts) -> date | None:
    """
    Return the last day that at least half of the symbols have reached.
    """
    lasts: list[date] = []
    for symbol in ports.lake.symbols():
        try:
            known = ports.lake.read(symbol)
        except SuspectBars:
            continue
        if known is not None and len(known.bars):
            lasts.append(known.bars.last)
    return sorted(lasts)[len(lasts) // 2] if lasts else None
