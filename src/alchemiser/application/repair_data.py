"""
Resolve what keeps a symbol in quarantine, with evidence, and leave a note of it.

1. Accept: the bars are right, the market did that; somebody says so and says why.
2. Adopt: the bars are wrong, another source's whole history replaces them.
A bar that is no price, no session's or not complete cannot be accepted: it is fetched again or adopted.
"""

from dataclasses import dataclass, replace
from datetime import date

from alchemiser.application.data import DataPorts, all_sessions, alone_with, examined
from alchemiser.application.ports.data import BarSource, Note
from alchemiser.domain.bars.findings import Acceptance, Finding, Kind
from alchemiser.domain.bars.history import History
from alchemiser.domain.errors import ConfigurationError, DataError, SuspectBars
from alchemiser.domain.values import Symbol

_NEVER_TRUE = {Kind.PRICE, Kind.PARTIAL, Kind.NO_SESSION, Kind.VOLUME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """
    What was resolved of a symbol, and what is left.
    """

    symbol: Symbol
    resolved: tuple[Finding, ...]
    left: tuple[Finding, ...]


def accept(
    symbol: Symbol, ports: DataPorts, *, because: str, by: str, day: date | None = None, kind: Kind | None = None
) -> Repaired:
    """
    Accept a symbol's findings as the truth: of one day and kind, or all that can be.

    Raises:
        ConfigurationError: there is no evidence, or nothing that could be accepted.
        DataError: there are no bars of it, or its file is damaged.
    """
    if not because.strip() or not by.strip():
        raise ConfigurationError("expected the evidence (--because) and who looked at it (--by), found none")
    now = ports.clock.now()
    with alone_with([symbol], ports.lake):
        known = _known(symbol, ports)
        asked = [
            one for one in known.quarantine() if (day is None or one.day == day) and (kind is None or one.kind is kind)
        ]
        resolved = tuple(one for one in asked if one.kind not in _NEVER_TRUE)
        if not resolved:
            found = "; ".join(f"{one.kind} of {one.day}" for one in asked) or "none"
            raise ConfigurationError(f"{symbol}: expected a finding in quarantine that can be accepted, found {found}")
        said = tuple(
            Acceptance(day=one.day, kind=one.kind, measure=one.measure, because=because, by=by, at=now)
            for one in resolved
        )
        history = replace(known, accepted=(*known.accepted, *said))
        for one in resolved:
            why = f"accepted {one.kind} of {one.day} ({one.why}): {because}"
            ports.lake.log(Note(at=now, kind="repaired", symbol=symbol, why=why, by=by))
        ports.lake.write(history)
    return Repaired(symbol=symbol, resolved=resolved, left=history.quarantine())


def adopt(symbol: Symbol, ports: DataPorts, other: BarSource, *, because: str, by: str) -> Repaired:
    """
    Replace a symbol's history by another source's.

    Raises:
        ConfigurationError: there is no evidence.
        DataError: the other source has no bars, or ends before ours.
    """
    if not because.strip() or not by.strip():
        raise ConfigurationError("expected the evidence (--because) and who looked at it (--by), found none")
    now = ports.clock.now()
    with alone_with([symbol], ports.lake):
        try:
            known: History | None = _known(symbol, ports)
        except SuspectBars:
            known = None
        last = now.date() if known is None else known.bars.last
        bars = next(iter(other.bars([symbol], first=date(2000, 1, 1), last=last)), None)
        if bars is None or not len(bars) or (known is not None and bars.last < known.bars.last):
            found = "none" if bars is None or not len(bars) else f"bars through {bars.last}"
            raise DataError(f"{symbol}: expected bars of {other.name} through {last}, found {found}")
        history = History(bars=bars, fetched_at=now, accepted=known.accepted if known is not None else ())
        history = examined(history, ports, sessions=all_sessions(ports.calendar), cross=())
        before = "nothing" if known is None else known.bars.content_hash()[:12]
        after = history.bars.content_hash()[:12]
        why = f"adopted {len(bars)} bars of {other.name}, {after} in place of {before}: {because}"
        ports.lake.log(Note(at=now, kind="repaired", symbol=symbol, why=why, by=by))
        ports.lake.write(history)
    resolved = known.quarantine() if known is not None else ()
    return Repaired(symbol=symbol, resolved=resolved, left=history.quarantine())


def _known(symbol: Symbol, ports: DataPorts) -> History:
    known = ports.lake.read(symbol)
    if known is None or not len(known.bars):
        raise DataError(f"{symbol}: expected bars in the lake, found none")
    return known
