"""
Take bars from a file into the lake.

1. A symbol that is new is kept as it came.
2. Where the file and the lake tell the same of the days both have, what either has alone is kept, too.
3. Where they do not, the file counts; older bars than its own are kept in its adjustment, later ones are not kept.
   A note says so.
4. Every history is checked before it is kept; what is found does not keep it out, it puts it in quarantine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from alchemiser.application.data import DataPorts, all_sessions, examined, joined
from alchemiser.application.ports.data import Note
from alchemiser.domain.bars.comparison import restated
from alchemiser.domain.bars.history import Bars, History
from alchemiser.domain.values import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """
    What became of one symbol of a file.

    Args:
        restated: what the file tells otherwise than the lake did, empty when it does not.
        quarantine: how many findings keep it from being used.
    """

    symbol: Symbol
    bars: int
    restated: str
    quarantine: int


def import_bars(found: Iterable[Bars], ports: DataPorts, *, label: str) -> Iterator[Imported]:
    """
    Keep bars, symbol by symbol.

    Raises:
        DataError: a symbol's stored history is damaged, or the lake cannot be written; symbols before it are kept.
    """
    sessions = all_sessions(ports.calendar)
    for bars in found:
        now = ports.clock.now()
        with ports.lake.alone(bars.symbol):
            known = ports.lake.read(bars.symbol)
            changed = None if known is None else restated(known.bars, bars)
            whole = joined(known, bars, changed=changed is not None)
            accepted = known.accepted if known is not None else ()
            history = History(bars=whole, fetched_at=now, accepted=accepted)
            history = examined(history, ports, sessions=sessions)
            told = ""
            if known is not None and changed is not None:
                told = f"{label} tells otherwise from {changed} on; its {len(bars)} bars replace {len(known.bars)}"
                ports.lake.log(_note(bars.symbol, told, label, at=now))
            ports.lake.write(history)
        yield Imported(symbol=bars.symbol, bars=len(history.bars), restated=told, quarantine=len(history.quarantine()))


def _note(symbol: Symbol, why: str, by: str, *, at: datetime) -> Note:
    return Note(at=at, kind="restated", symbol=symbol, why=why, by=by)
