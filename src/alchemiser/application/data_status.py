"""
What lies in the lake, symbol by symbol.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alchemiser.application.data import DataPorts, all_sessions, complete_through
from alchemiser.domain.bars.completeness import sessions_between
from alchemiser.domain.errors import SuspectBars
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """
    A symbol in the lake.

    Args:
        behind: sessions that are complete and have no bar yet.
        sources: who its bars came from.
        problem: why it may not be used, empty when it may.
    """

    symbol: Symbol
    bars: int = 0
    first: date | None = None
    last: date | None = None
    behind: int = 0
    sources: tuple[str, ...] = ()
    fetched_at: datetime | None = None
    content: str = ""
    problem: str = ""


def holdings(ports: DataPorts, symbols: Sequence[Symbol] = ()) -> Iterator[Holding]:
    """
    Yield the symbols of the lake, or those that are named.
    """
    sessions = all_sessions(ports.calendar)
    target = complete_through(ports.calendar, ports.clock.now())
    for symbol in symbols or ports.lake.symbols():
        try:
            known = ports.lake.read(symbol)
        except SuspectBars as exc:
            yield Holding(symbol=symbol, problem=str(exc).removeprefix(f"{symbol}: "))
            continue
        if known is None or not len(known.bars):
            yield Holding(symbol=symbol, problem="there are no bars of it")
            continue
        bars = known.bars
        yield Holding(
            symbol=symbol,
            bars=len(bars),
            first=bars.first,
            last=bars.last,
            behind=max(0, sessions_between(sessions, bars.last, target)),
            sources=bars.sources,
            fetched_at=known.fetched_at,
            content=bars.content_hash(),
            problem="; ".join(f"{one.day}: {one.why}" for one in known.quarantine()),
        )
