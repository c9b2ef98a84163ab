"""
One symbol's daily bars as sources gave them, with what is known of its splits and dividends.

Values are kept whatever they are: `checks` says whether they can be believed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.bars.findings import Acceptance, Finding
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol

Days: TypeAlias = NDArray[np.int64]

# After the close auctions are reported late; a bar is complete once they are in.
SETTLES_IN = timedelta(minutes=30)
_EPOCH = date(1970, 1, 1)
COLUMNS = ("opens", "highs", "lows", "closes", "adj_closes", "volumes")


class ActionKind(StrEnum):
    """
    What a company or fund did to its shares.
    """

    SPLIT = "split"
    DIVIDEND = "dividend"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Action:
    """
    A split or dividend, on the first day that trades without it.

    Args:
        value: shares held after a split for one held before; dollars a share of a dividend.
    """

    day: date
    kind: ActionKind
    value: float

    def __post_init__(self) -> None:
        if not 0 < self.value < float("inf"):
            raise ValueError(f"expected a {self.kind} above zero on {self.day}, found {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """
    Daily bars of one symbol, read-only; NaN where the source has no value.

    Args:
        days: days since 1970-01-01, ascending, each once; shape (T,), as all arrays.
        opens: with `highs`, `lows`, `closes` and `volumes` as traded, or as the source has them.
        adj_closes: closes adjusted for splits and dividends.
        sources: the names of the sources.
        origins: each bar's place in `sources`.
    """

    symbol: Symbol
    days: Days
    opens: Series
    highs: Series
    lows: Series
    closes: Series
    adj_closes: Series
    volumes: Series
    sources: tuple[str, ...]
    origins: Days
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        for name in ("days", "origins", *COLUMNS):
            kind = np.int64 if name in {"days", "origins"} else np.float64
            values = np.ascontiguousarray(getattr(self, name), dtype=kind)
            if values.shape != self.days.shape or values.ndim != 1:
                raise ValueError(f"{self.symbol}: expected {name} of shape {self.days.shape}, found {values.shape}")
            if values.flags.writeable:
                values = values.copy()
                values.flags.writeable = False
            object.__setattr__(self, name, values)
        if bool(np.any(np.diff(self.days) <= 0)):
            raise ValueError(f"{self.symbol}: expected days in ascending order, each once")
        if len(self.origins) and not (self.origins.min() >= 0 and self.origins.max() < len(self.sources)):
            raise ValueError(f"{self.symbol}: expected every bar to name one of the sources {self.sources}")
        object.__setattr__(self, "actions", tuple(sorted(set(self.actions))))

    def __len__(self) -> int:
        return len(self.days)

    @property
    def first(self) -> date:
        """
        Return the day of the first bar; IndexError when there is none.
        """
        return day_of(int(self.days[0]))

    @property
    def last(self) -> date:
        """
        Return the day of the last bar; IndexError when there is none.
        """
        return day_of(int(self.days[-1]))

    def part(self, begin: int, end: int) -> "Bars":
        """
        Return the bars from one place up to another, with all actions.
        """
        cut = {name: getattr(self, name)[begin:end] for name in ("days", "origins", *COLUMNS)}
        return Bars(symbol=self.symbol, sources=self.sources, actions=self.actions, **cut)

    def upto(self, day: date) -> "Bars":
        """
        Return the bars through a day.
        """
        return self.part(0, int(np.searchsorted(self.days, number_of(day), side="right")))

    def content_hash(self) -> str:
        """
        Return the SHA-256 of days, values, origins and actions: the same for the same bars, whenever they came.
        """
        whole = hashlib.sha256(f"{self.symbol}\n{','.join(self.sources)}\n".encode())
        whole.update(self.days.tobytes())
        for name in COLUMNS:
            values = getattr(self, name)
            # NaN has many spellings; one of them is hashed.
            whole.update(np.where(np.isnan(values), np.nan, values).tobytes())
        whole.update(self.origins.tobytes())
        for action in self.actions:
            whole.update(f"{action.day} {action.kind} {action.value!r}\n".encode())
        return whole.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """
    What is stored of a symbol.

    Args:
        bars: all of them.
        fetched_at: when the last of them came.
        refreshed_through: the session through which a refresh found them right, None before the first.
        findings: what the last check found.
        accepted: which findings were resolved, with the evidence.
    """

    bars: Bars
    fetched_at: datetime
    refreshed_through: date | None = None
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Acceptance, ...] = ()

    def quarantine(self) -> tuple[Finding, ...]:
        """
        Return the findings for which the symbol may not be used.
        """
        return tuple(one for one in self.findings if one.blocks and not self.is_accepted(one))

    def is_accepted(self, finding: Finding) -> bool:
        """
        Tell whether a finding was resolved.
        """
        return any(one.covers(finding) for one in self.accepted)


def number_of(day: date) -> int:
    """
    Return the days since 1970-01-01.
    """
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """
    Return the date so many days after 1970-01-01.
    """
    return _EPOCH + timedelta(days=number)


def numbers_of(days: Sequence[date]) -> Days:
    """
    Return the days since 1970-01-01 of many dates.
    """
    return np.array([day.toordinal() for day in days], dtype=np.int64) - _EPOCH.toordinal()


def no_bars(symbol: Symbol) -> Bars:
    """
    Return the empty history of a symbol.
    """
    none, no_day = np.empty(0), np.empty(0, dtype=np.int64)
    return Bars(
        symbol=symbol,
        days=no_day,
        opens=none,
        highs=none,
        lows=none,
        closes=none,
        adj_closes=none,
        volumes=none,
        sources=(),
        origins=no_day,
    )


def rebased(known: Bars, fresh: Bars) -> Bars | None:
    """
    Return the fresh bars behind the older ones that are known, in the fresh ones' adjustment; None where they do not
    meet on a day, so that nobody can say how the one goes over into the other.
    """
    place = int(np.searchsorted(known.days, fresh.days[0]))
    if place == len(known) or known.days[place] != fresh.days[0]:
        return None
    older = known.part(0, place)
    factor = float(fresh.adj_closes[0] / known.adj_closes[place])
    if not 0 < factor < float("inf"):
        return None
    return spliced(replace(older, adj_closes=older.adj_closes * factor), fresh)


def spliced(known: Bars, fresh: Bars) -> Bars:
    """
    Return the known bars up to where the fresh ones begin, and those from there on; actions of both.
    """
    kept = known.part(0, int(np.searchsorted(known.days, fresh.days[0]))) if len(fresh) else known
    sources = (*kept.sources, *(name for name in fresh.sources if name not in kept.sources))
    renamed = np.array([sources.index(name) for name in fresh.sources], dtype=np.int64)
    origins = np.concatenate([kept.origins, renamed[fresh.origins] if len(fresh) else fresh.origins])
    columns = {name: np.concatenate([getattr(kept, name), getattr(fresh, name)]) for name in ("days", *COLUMNS)}
    return Bars(
        symbol=known.symbol,
        sources=sources,
        origins=origins,
        actions=(*known.actions, *fresh.actions),
        **columns,
    )
