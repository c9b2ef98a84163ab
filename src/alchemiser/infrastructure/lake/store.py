"""
Closes from the lake for strategies: complete, believed, aligned on the exchange's sessions.

1. Symbols without a file are missing; symbols in quarantine get no row, the panel says why.
2. The sessions are the calendar's from the first bar of the asked symbols to the last bar in the lake; bars from before
   the calendar begins cannot be judged and are left out.
3. A close that is no price has no place in a panel and is left open, as a gap.
4. Commands that only look keep what they aligned, see `matrix`; runs that trade read every file and check its hash.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np

from alchemiser.application.ports.market import BarStore
from alchemiser.domain.bars.history import SETTLES_IN, Days, day_of, number_of
from alchemiser.domain.errors import DataError, MissingBars, StaleBars, SuspectBars
from alchemiser.domain.market import Closes, Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.lake.archive import BARS, LAST, SESSIONS, last_of, name_of
from alchemiser.infrastructure.lake.blobs import Blobs
from alchemiser.infrastructure.lake.matrix import Matrix, MatrixFiles
from alchemiser.infrastructure.lake.parquet import Track, decoded_track

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class LakeBars(BarStore):
    """
    The closes in a lake.

    Args:
        kept: where aligned closes are kept, None for nowhere.
    """

    def __init__(self, blobs: Blobs, *, kept: MatrixFiles | None = None) -> None:
        self._blobs = blobs
        self._kept = kept
        self._loaded: dict[tuple[tuple[Symbol, str], ...], Matrix] = {}

    @property
    def sessions(self) -> tuple[date, ...]:
        """
        Return the sessions through the last bar of any symbol; empty for a lake without bars.
        """
        return _dates(self._days())

    @property
    def place(self) -> str:
        """
        Return where the lake is.
        """
        return self._blobs.place

    def refuse_stale(self, session: date, *, now: datetime) -> None:
        """
        Refuse a session that is not the last one whose bars are complete at an instant; sessions count, not days.

        Raises:
            StaleBars: there were sessions since.
        """
        days, closes = self._calendar()
        over = int(np.searchsorted(closes, (now - SETTLES_IN).timestamp(), side="right"))
        missed = over - int(np.searchsorted(days, number_of(session), side="right"))
        if missed > 0:
            place = f"{self._blobs.place}, {missed} session{'s' if missed > 1 else ''} behind"
            raise StaleBars(place, last=str(session), expected=str(day_of(int(days[over - 1]))))

    def closes(self, symbols: Sequence[Symbol], *, through: date) -> Closes:
        """
        Return the closes of the symbols on every session through a day; see the port.
        """
        matrix = self._matrix(symbols)
        count = bisect_right(matrix.days, number_of(through))
        values = matrix.values if count == len(matrix.days) else matrix.values[:, :count]
        return Closes(
            sessions=_dates(matrix.days[:count]), symbols=matrix.symbols, values=values, absent=matrix.quarantine
        )

    def _matrix(self, symbols: Sequence[Symbol]) -> Matrix:
        known = self._blobs.stamps(BARS)
        names = {symbol: name_of(symbol).removeprefix(f"{BARS}/") for symbol in symbols}
        missing = [symbol for symbol in symbols if names[symbol] not in known]
        if missing:
            raise MissingBars(missing, where=self._blobs.place)
        calendar = self._blobs.stamps("calendar")
        stamps = (
            *((symbol, known[names[symbol]]) for symbol in symbols),
            *((Symbol(name), stamp) for name, stamp in calendar.items()),
        )
        if stamps not in self._loaded:
            self._loaded.clear()
            self._loaded[stamps] = self._found(symbols, stamps)
        return self._loaded[stamps]

    def _found(self, symbols: Sequence[Symbol], stamps: tuple[tuple[Symbol, str], ...]) -> Matrix:
        matrix = self._kept.find(self._blobs.place, symbols, stamps) if self._kept is not None else None
        if matrix is None:
            matrix = self._aligned(symbols)
            if self._kept is not None:
                self._kept.keep(self._blobs.place, stamps, matrix)
        return matrix

    def _aligned(self, symbols: Sequence[Symbol]) -> Matrix:
        sessions = self._days()
        quarantine: dict[Symbol, str] = {}
        tracks = [self._track(symbol, quarantine) for symbol in symbols]
        known = [track for track in tracks if track is not None]
        empty = [track.symbol for track in known if not len(track.days)]
        if empty:
            # Asked for once, and the source had none.
            raise MissingBars(empty, where=self._blobs.place)
        first = min((int(track.days[0]) for track in known), default=0)
        days = sessions[sessions >= first]
        values = np.full((len(known), len(days)), np.nan)
        for row, track in zip(values, known, strict=True):
            _scatter(row, days, track)
        # What is no price was found, was resolved by nobody, and has no place in a panel whatever is said of it.
        values[~((values > 0) & (values < np.inf))] = np.nan
        values.flags.writeable = False
        names = tuple(track.symbol for track in known)
        return Matrix(symbols=names, days=days, values=values, quarantine=quarantine)

    def _track(self, symbol: Symbol, quarantine: dict[Symbol, str]) -> Track | None:
        body = self._blobs.get(name_of(symbol))
        if body is None:
            raise MissingBars([symbol], where=self._blobs.place)
        try:
            track = decoded_track(body, symbol)
        except SuspectBars as exc:
            quarantine[symbol] = str(exc).removeprefix(f"{symbol}: ")
            return None
        if track.quarantine:
            quarantine[symbol] = f"they are in quarantine: {track.quarantine}"
            return None
        return track

    def _days(self) -> Days:
        days, _ = self._calendar()
        body = self._blobs.get(LAST)
        last = -1 if body is None else number_of(last_of(body, self._blobs.place))
        return days[: int(np.searchsorted(days, last, side="right"))]

    def _calendar(self) -> tuple[Days, Days]:
        body = self._blobs.get(SESSIONS)
        if body is None:
            raise DataError(
                f"{self._blobs.place}: expected a lake of bars, found none; `alchemiser data import` makes one"
            )
        try:
            facts: Mapping[str, list[int]] = json.loads(body)
            days, closes = (np.array(facts[name], dtype=np.int64) for name in ("days", "closes"))
        except (ValueError, KeyError, TypeError) as exc:
            raise DataError(f"{self._blobs.place}/{SESSIONS}: expected sessions, found: {exc}") from exc
        if days.shape != closes.shape or not len(days):
            raise DataError(f"{self._blobs.place}/{SESSIONS}: expected a closing time for every session")
        return days, closes


def _scatter(row: Series, days: Days, track: Track) -> None:
    if not len(days):
        return
    begin = int(np.searchsorted(days, track.days[0]))
    end = begin + len(track.days)
    if np.array_equal(days[begin:end], track.days):
        row[begin:end] = track.adj_closes
        return
    places = np.minimum(np.searchsorted(days, track.days), len(days) - 1)
    on_session = days[places] == track.days
    row[places[on_session]] = track.adj_closes[on_session]


def _dates(days: Days) -> tuple[date, ...]:
    return tuple(map(date.fromordinal, (days + _EPOCH_ORDINAL).tolist()))
