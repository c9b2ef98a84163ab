"""
Bars that are fetched when a strategy first asks for them: once, however many ask at the same time.

1. Whoever asks first holds the symbols; the others wait, and find them in the lake.
2. What the source does not have is remembered in the lake, so it is asked for once a session.
"""

from collections.abc import Sequence
from datetime import date

from alchemiser.application.data import DataPorts, all_sessions, alone_with, complete_through, examined
from alchemiser.application.log import Log
from alchemiser.application.ports.market import BarStore
from alchemiser.domain.bars.history import History, no_bars
from alchemiser.domain.errors import MissingBars
from alchemiser.domain.market import Closes
from alchemiser.domain.values import Symbol

_log = Log()
_FIRST = date(2000, 1, 1)


class OnDemandBars(BarStore):
    """
    A store that fills gaps in what it holds.
    """

    def __init__(self, store: BarStore, ports: DataPorts) -> None:
        self._store = store
        self._ports = ports

    def closes(self, symbols: Sequence[Symbol], *, through: date) -> Closes:
        """
        Return the closes of the symbols; see the port.
        """
        try:
            return self._store.closes(symbols, through=through)
        except MissingBars as missing:
            if self._ports.source is None:
                raise
            fetch_missing(tuple(Symbol(symbol) for symbol in missing.symbols), self._ports)
        return self._store.closes(symbols, through=through)


def fetch_missing(symbols: Sequence[Symbol], ports: DataPorts) -> tuple[Symbol, ...]:
    """
    Fetch the whole history of symbols that the lake does not hold yet; return those that were asked for.
    """
    if ports.source is None:
        return ()
    target = complete_through(ports.calendar, ports.clock.now())
    with alone_with(symbols, ports.lake):
        # Looked at again inside: somebody else may have fetched them while this one waited.
        asked = tuple(symbol for symbol in dict.fromkeys(symbols) if not _is_known(symbol, ports, target))
        if not asked:
            return ()
        waiting = dict.fromkeys(asked)
        sessions = all_sessions(ports.calendar)
        for bars in ports.source.bars(asked, first=_FIRST, last=target):
            if bars.symbol in waiting and len(bars):
                del waiting[bars.symbol]
                history = History(bars=bars, fetched_at=ports.clock.now(), refreshed_through=target)
                ports.lake.write(examined(history, ports, sessions=sessions))
        for symbol in waiting:
            ports.lake.write(History(bars=no_bars(symbol), fetched_at=ports.clock.now(), refreshed_through=target))
        _log.info("missing_bars_fetched", symbols=list(asked), absent=list(waiting), source=ports.source.name)
    return asked


def _is_known(symbol: Symbol, ports: DataPorts, target: date) -> bool:
    known = ports.lake.read(symbol)
    return known is not None and (len(known.bars) > 0 or known.refreshed_through == target)
