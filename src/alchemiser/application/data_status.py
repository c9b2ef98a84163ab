"""
What lies in the lake, symbol by symbol.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alchemiser.application.data import DataPorts, all_sessions, complete_through
from alchemiser.domain.bars.completeness import sessions_between
from alchemiser.domain.errors import SuspectBars
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """
    A symbol in the lake.

    Args:
        behind: sessions that are complete and have no bar yet.
        sources: who its bars came from.
        problem: why it may not be used, empty when it may.
        needed: the closes that strategies need, 0 where none was asked about.
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
    needed: int = 0

    @property
    def is_short(self) -> bool:
        """
        Tell whether strategies need more closes than there are.
        """
        return self.bars < self.needed


def needs_of(strategies: Sequence[Strategy]) -> Mapping[Symbol, int]:
    """
    Return how many closes of each symbol strategies need until all they measure is defined, the most that one does.
    """
    needs: dict[Symbol, int] = {}
    for strategy in strategies:
        for symbol in strategy.requirements.symbols:
            needs[symbol] = max(needs.get(symbol, 0), strategy.requirements.lookback_sessions)
    return dict(sorted(needs.items()))


def holdings(
    ports: DataPorts, symbols: Sequence[Symbol] = (), *, needs: Mapping[Symbol, int] | None = None
) -> Iterator[Holding]:
    """
    Yield the symbols of the lake, or those that are named.

    Args:
        needs: how many closes of each are needed.
    """
    needed = needs or {}
    sessions = all_sessions(ports.calendar)
    target = complete_through(ports.calendar, ports.clock.now())
    for symbol in symbols or ports.lake.symbols():
        try:
            known = ports.lake.read(symbol)
        except SuspectBars as exc:
            problem = str(exc).removeprefix(f"{symbol}: ")
            yield Holding(symbol=symbol, problem=problem, needed=needed.get(symbol, 0))
            continue
        if known is None or not len(known.bars):
            yield Holding(symbol=symbol, problem="there are no bars of it", needed=needed.get(symbol, 0))
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
            needed=needed.get(symbol, 0),
        )
