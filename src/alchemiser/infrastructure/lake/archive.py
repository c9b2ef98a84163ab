"""
The lake: one Parquet file for each symbol, the calendar it was checked against, and a log that only grows.

    bars/SYMBOL.parquet     a symbol's whole history, see `parquet`
    calendar/sessions.json  the exchange's sessions with their closing times, for readers without a calendar
    calendar/last.json      the last day of which there is a bar
    log/TIME-….json         notes, one file each
"""

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import date, datetime

from alchemiser.application.ports.data import Lake, LakeLog, Note
from alchemiser.application.ports.market import Calendar
from alchemiser.domain.bars.history import History, number_of
from alchemiser.domain.errors import DataError
from alchemiser.domain.values import Symbol, as_symbol
from alchemiser.infrastructure.lake.blobs import Blobs
from alchemiser.infrastructure.lake.parquet import decoded, encoded

BARS = "bars"
SESSIONS = "calendar/sessions.json"
LAST = "calendar/last.json"
_LOG = "log"
_SUFFIX = ".parquet"
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2035, 12, 31)


class BlobLake(Lake, LakeLog):
    """
    A lake on blobs.
    """

    def __init__(self, blobs: Blobs, calendar: Calendar) -> None:
        self._blobs = blobs
        self._calendar = calendar
        self._is_calendar_kept = False

    def symbols(self) -> tuple[Symbol, ...]:
        """
        Return every symbol there is, ascending.
        """
        return tuple(sorted(symbol_of(name) for name in self._blobs.stamps(BARS) if name.endswith(_SUFFIX)))

    def read(self, symbol: Symbol) -> History | None:
        """
        Return a symbol's history; see the port.
        """
        body = self._blobs.get(name_of(symbol))
        return None if body is None else decoded(body, symbol)

    def write(self, history: History) -> None:
        """
        Keep a history; see the port.
        """
        self._keep_calendar()
        self._blobs.put(name_of(history.bars.symbol), encoded(history))
        if len(history.bars):
            self._keep_last(history.bars.last)

    def alone(self, symbol: Symbol) -> AbstractContextManager[None]:
        """
        Keep others of this machine from a symbol.
        """
        return self._blobs.alone(name_of(symbol))

    def log(self, note: Note) -> None:
        """
        Add a note; the same note twice is one.
        """
        facts = asdict(note) | {"at": note.at.isoformat()}
        body = json.dumps(facts, sort_keys=True).encode()
        mark = hashlib.sha256(body).hexdigest()[:12]
        self._blobs.put(f"{_LOG}/{note.at:%Y%m%dT%H%M%S.%f}-{mark}.json", body)

    def notes(self) -> tuple[Note, ...]:
        """
        Return every note, oldest first.
        """
        bodies = (self._blobs.get(f"{_LOG}/{name}") for name in self._blobs.stamps(_LOG))
        return tuple(_note(body, self._blobs.place) for body in bodies if body is not None)

    def _keep_calendar(self) -> None:
        if self._is_calendar_kept:
            return
        sessions = [self._calendar.session(day) for day in self._calendar.sessions(_FIRST_DAY, _LAST_DAY)]
        facts = {
            "days": [number_of(one.day) for one in sessions],
            "closes": [int(one.closes_at.timestamp()) for one in sessions],
        }
        body = json.dumps(facts, separators=(",", ":")).encode()
        if self._blobs.get(SESSIONS) != body:
            self._blobs.put(SESSIONS, body)
        self._is_calendar_kept = True

    def _keep_last(self, day: date) -> None:
        with self._blobs.alone(LAST):
            body = self._blobs.get(LAST)
            if body is None or last_of(body, self._blobs.place) < day:
                self._blobs.put(LAST, json.dumps({"last": day.isoformat()}).encode())


def name_of(symbol: Symbol) -> str:
    """
    Return the name of a symbol's blob; a slash in a ticker makes no folder.
    """
    return f"{BARS}/{as_symbol(symbol).replace('/', '%2F')}{_SUFFIX}"


def symbol_of(name: str) -> Symbol:
    """
    Return the symbol of a blob's name in its folder.

    Raises:
        DataError: it is no symbol's.
    """
    try:
        return as_symbol(name.removesuffix(_SUFFIX).replace("%2F", "/"))
    except ValueError as exc:
        raise DataError(f"{BARS}/{name}: expected the file of a symbol, found: {exc}") from exc


def last_of(body: bytes, place: str) -> date:
    """
    Return the day in the lake's note of its last bar.

    Raises:
        DataError: it is none.
    """
    try:
        return date.fromisoformat(json.loads(body)["last"])
    except (ValueError, KeyError, TypeError) as exc:
        raise DataError(f"{place}/{LAST}: expected the day of the last bar, found: {exc}") from exc


def _note(body: bytes, place: str) -> Note:
    try:
        facts = json.loads(body)
        return Note(
            at=datetime.fromisoformat(facts["at"]),
            kind=facts["kind"],
            symbol=Symbol(facts["symbol"]),
            why=facts["why"],
            by=facts["by"],
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise DataError(f"{place}/{_LOG}: expected notes, found: {exc}") from exc
