"""
Bring the lake up to the last complete session.

1. A symbol that was refreshed through that session is left alone: a run that was cut off goes on where it stopped.
2. Of a symbol that is known the new bars are asked for, and some sessions that are known already.
3. When a source now tells otherwise of those, or leaves one out, the whole history is fetched anew, and a note is made.
4. Of a symbol that is new the whole history is asked for; one that the source does not have is remembered as such.
5. Each history is checked and kept as it comes, whole; whatever happens later, it is there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

import numpy as np

from alchemiser.application.data import FIRST_DAY, DataPorts, all_sessions, complete_through, examined, joined
from alchemiser.application.ports.data import BarSource, Note
from alchemiser.domain.bars.comparison import restated
from alchemiser.domain.bars.history import Bars, Days, History, day_of, no_bars, number_of
from alchemiser.domain.errors import ConfigurationError, SuspectBars
from alchemiser.domain.values import Symbol

_OVERLAP = 10


class Fate(StrEnum):
    """
    What became of a symbol.
    """

    CURRENT = "current"
    NEW = "new"
    EXTENDED = "extended"
    RESTATED = "restated"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """
    What became of one symbol.

    Args:
        bars: how many are kept now.
        fetched: how many came from the source.
        why: what was restated, or what is missing.
    """

    symbol: Symbol
    fate: Fate
    bars: int = 0
    fetched: int = 0
    why: str = ""
    quarantine: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """
    One refresh: who is asked, through which session, with what it is checked.
    """

    ports: DataPorts
    source: BarSource
    target: date
    sessions: Days


def refresh(symbols: Sequence[Symbol], ports: DataPorts, *, anew: bool = False) -> Iterator[Refreshed]:
    """
    Yield what became of each symbol as soon as it is kept.

    Args:
        anew: fetch whole histories, whatever is known.

    Raises:
        ConfigurationError: no source is named.
        SourceUnavailable: the source gave no answer; what came before is kept, and the next run goes on from there.
        SourceRefused: the source does not accept the keys.
        DataError: the answer is none, or the lake cannot be written.
    """
    task = _task(ports)
    groups: dict[date, list[Symbol]] = {}
    for symbol in dict.fromkeys(symbols):
        known = _known(symbol, ports)
        if known is not None and known.refreshed_through == task.target and not anew:
            if len(known.bars):
                yield Refreshed(symbol=symbol, fate=Fate.CURRENT, bars=len(known.bars))
            else:
                yield Refreshed(symbol=symbol, fate=Fate.ABSENT, why=f"{task.source.name} had no bars of it")
            continue
        first = FIRST_DAY if anew or known is None or not len(known.bars) else _overlap(known.bars, task)
        groups.setdefault(first, []).append(symbol)
    again: list[Symbol] = []
    for first, group in groups.items():
        yield from _asked(group, first, task, again)
    if again:
        yield from _asked(again, FIRST_DAY, task, [])


def _task(ports: DataPorts) -> _Task:
    if ports.source is None:
        raise ConfigurationError("expected a source of bars in the profile, [lake] source, found none")
    return _Task(
        ports=ports,
        source=ports.source,
        target=complete_through(ports.calendar, ports.clock.now()),
        sessions=all_sessions(ports.calendar),
    )


def _known(symbol: Symbol, ports: DataPorts) -> History | None:
    try:
        return ports.lake.read(symbol)
    except SuspectBars:
        # A damaged file is fetched again, whole.
        return None


def _overlap(bars: Bars, task: _Task) -> date:
    place = int(np.searchsorted(task.sessions, number_of(bars.last), side="right")) - _OVERLAP
    return max(bars.first, day_of(int(task.sessions[max(0, place)])))


def _asked(group: Sequence[Symbol], first: date, task: _Task, again: list[Symbol]) -> Iterator[Refreshed]:
    waiting = dict.fromkeys(group)
    for fresh in task.source.bars(group, first=first, last=task.target):
        if fresh.symbol not in waiting or not len(fresh):
            continue
        del waiting[fresh.symbol]
        kept = _kept(fresh, first, task)
        if kept is None:
            again.append(fresh.symbol)
        else:
            yield kept
    for symbol in waiting:
        yield _absent(symbol, task)


def _kept(fresh: Bars, first: date, task: _Task) -> Refreshed | None:
    """
    Keep what came, or return None when the whole history has to be fetched.
    """
    ports, symbol, now = task.ports, fresh.symbol, task.ports.clock.now()
    with ports.lake.alone(symbol):
        # Read again: another refresh may have been here meanwhile.
        known = _known(symbol, ports)
        known = None if known is not None and not len(known.bars) else known
        is_whole = first == FIRST_DAY
        changed = None if known is None else restated(known.bars, fresh)
        if not is_whole and (known is None or changed is not None or fresh.first > known.bars.last):
            return None
        whole = joined(known, fresh, changed=changed is not None)
        why = "" if known is None or changed is None else _told(known.bars, fresh, changed)
        if why:
            ports.lake.log(Note(at=now, kind="restated", symbol=symbol, why=why, by=task.source.name))
        history = History(
            bars=_with_actions(whole, known),
            fetched_at=now,
            refreshed_through=task.target,
            findings=known.findings if known is not None else (),
            accepted=known.accepted if known is not None else (),
        )
        history = examined(history, ports, sessions=task.sessions)
        ports.lake.write(history)
    fate = Fate.NEW if known is None else Fate.RESTATED if why else Fate.EXTENDED
    return Refreshed(
        symbol=symbol,
        fate=fate,
        bars=len(history.bars),
        fetched=len(fresh),
        why=why,
        quarantine=len(history.quarantine()),
    )


def _with_actions(bars: Bars, known: History | None) -> Bars:
    return bars if known is None else replace(bars, actions=(*known.bars.actions, *bars.actions))


def _told(known: Bars, fresh: Bars, changed: date) -> str:
    ours = known.adj_closes[known.days == number_of(changed)]
    theirs = fresh.adj_closes[fresh.days == number_of(changed)]
    if len(ours) and len(theirs):
        return f"restated from {changed} on: adjusted close {ours[0]:g} is now {theirs[0]:g}"
    return f"restated from {changed} on: a bar was {'added' if len(theirs) else 'taken away'}"


def _absent(symbol: Symbol, task: _Task) -> Refreshed:
    ports, now = task.ports, task.ports.clock.now()
    with ports.lake.alone(symbol):
        known = _known(symbol, ports)
        if known is not None and len(known.bars):
            why = f"{task.source.name} has no bar of it since {known.bars.last}"
            return Refreshed(symbol=symbol, fate=Fate.ABSENT, bars=len(known.bars), why=why)
        why = f"{task.source.name} has no bars of it"
        ports.lake.log(_unknown(symbol, why, task.source.name, at=now))
        ports.lake.write(History(bars=no_bars(symbol), fetched_at=now, refreshed_through=task.target))
    return Refreshed(symbol=symbol, fate=Fate.ABSENT, why=why)


def _unknown(symbol: Symbol, why: str, by: str, *, at: datetime) -> Note:
    return Note(at=at, kind="unknown-symbol", symbol=symbol, why=why, by=by)
