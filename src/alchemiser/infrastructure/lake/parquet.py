"""
One history as the bytes of one Parquet file, and back.

1. The columns are the bars; splits, dividends, findings and acceptances stand in the file's own metadata, so that bars
   and what is known of them are replaced together.
2. The metadata holds the SHA-256 of the whole content, and one of days and adjusted closes alone, for readers that
   need no more. A file that does not match is not believed.
3. What readers need most often is stored plainly; the rest is compressed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alchemiser.domain.bars.findings import Acceptance, Finding, Kind
from alchemiser.domain.bars.history import COLUMNS, Action, ActionKind, Bars, Days, History
from alchemiser.domain.errors import SuspectBars
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol

if TYPE_CHECKING:
    import pyarrow as pa

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

_KEY = b"alchemiser"
_VERSION = 1
_NAMES = {
    "opens": "open",
    "highs": "high",
    "lows": "low",
    "closes": "close",
    "adj_closes": "adj_close",
    "volumes": "volume",
}
_PLAIN = ("date", "adj_close")
_ALL = ("date", *_NAMES.values(), "source")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """
    The part of a history that signals are made from.

    Args:
        content: the hash of the whole history.
        quarantine: why it may not be used, empty when it may.
    """

    symbol: Symbol
    days: Days
    adj_closes: Series
    content: str
    quarantine: str


def encoded(history: History) -> bytes:
    """
    Return a history as a Parquet file.
    """
    import pyarrow as pa
    from pyarrow import parquet

    bars = history.bars
    sources = pa.DictionaryArray.from_arrays(
        pa.array(bars.origins, pa.int32()), pa.array(list(bars.sources), pa.string())
    )
    days = pa.array(bars.days.astype(np.int32), pa.int32()).cast(pa.date32())
    columns = [days, *(pa.array(getattr(bars, name), pa.float64()) for name in COLUMNS), sources]
    table = pa.Table.from_arrays(columns, names=list(_ALL))
    table = table.replace_schema_metadata({_KEY: json.dumps(_facts(history)).encode()})
    sink = pa.BufferOutputStream()
    parquet.write_table(
        table,
        sink,
        row_group_size=max(1, len(bars)),
        use_dictionary=["source"],
        compression={name: "NONE" if name in _PLAIN else "ZSTD" for name in _ALL},
        write_statistics=False,
        write_page_checksum=True,
    )
    body: bytes = sink.getvalue().to_pybytes()
    return body


def decoded(body: bytes, symbol: Symbol) -> History:
    """
    Return the history in a Parquet file.

    Raises:
        SuspectBars: the file is not what was written.
    """
    table, facts = _read(body, symbol, _ALL)
    try:
        names, origins = _origins(table)
        bars = Bars(
            symbol=symbol,
            days=_days(table),
            sources=names,
            origins=origins,
            actions=tuple(_action(one) for one in _rows(facts, "actions")),
            **{name: _floats(table, column) for name, column in _NAMES.items()},
        )
        history = History(
            bars=bars,
            fetched_at=datetime.fromisoformat(str(facts["fetched_at"])),
            refreshed_through=_optional_day(facts["refreshed_through"]),
            findings=tuple(_finding(one) for one in _rows(facts, "findings")),
            accepted=tuple(_acceptance(one) for one in _rows(facts, "accepted")),
        )
    except (KeyError, ValueError, TypeError, IndexError) as exc:
        raise SuspectBars(symbol, f"the stored history cannot be read: {exc}; {_AGAIN}") from exc
    if facts["symbol"] != symbol or facts["content"] != bars.content_hash():
        raise SuspectBars(symbol, f"the stored history is not what was written: its hash differs; {_AGAIN}")
    return history


def decoded_track(body: bytes, symbol: Symbol) -> Track:
    """
    Return the adjusted closes in a Parquet file.

    Raises:
        SuspectBars: they are not what was written.
    """
    table, facts = _read(body, symbol, _PLAIN)
    try:
        days, closes = _days(table), _floats(table, "adj_close")
        if facts["symbol"] != symbol or facts["closes"] != _hash(days, closes):
            raise SuspectBars(symbol, f"the stored closes are not what was written: their hash differs; {_AGAIN}")
        return Track(
            symbol=symbol,
            days=days,
            adj_closes=closes,
            content=str(facts["content"]),
            quarantine=str(facts["quarantine"]),
        )
    except (KeyError, ValueError, TypeError, IndexError) as exc:
        raise SuspectBars(symbol, f"the stored history cannot be read: {exc}; {_AGAIN}") from exc


_AGAIN = "fetch it again with `alchemiser data refresh --full`, or import it again"


def _facts(history: History) -> Mapping[str, Plain]:
    bars = history.bars
    return {
        "version": _VERSION,
        "symbol": bars.symbol,
        "content": bars.content_hash(),
        "closes": _hash(bars.days, bars.adj_closes),
        "quarantine": "; ".join(f"{one.day}: {one.why}" for one in history.quarantine()[:_TOLD]),
        "fetched_at": history.fetched_at.isoformat(),
        "refreshed_through": None if history.refreshed_through is None else history.refreshed_through.isoformat(),
        "actions": [{"day": one.day.isoformat(), "kind": one.kind.value, "value": one.value} for one in bars.actions],
        "findings": [
            {
                "day": one.day.isoformat(),
                "kind": one.kind.value,
                "measure": one.measure,
                "why": one.why,
                "blocks": one.blocks,
            }
            for one in history.findings
        ],
        "accepted": [
            {
                "day": one.day.isoformat(),
                "kind": one.kind.value,
                "measure": one.measure,
                "because": one.because,
                "by": one.by,
                "at": one.at.isoformat(),
            }
            for one in history.accepted
        ],
    }


_TOLD = 3


def _hash(days: Days, closes: Series) -> str:
    whole = hashlib.sha256(days.astype(np.int64).tobytes())
    whole.update(np.where(np.isnan(closes), np.nan, closes).tobytes())
    return whole.hexdigest()


def _read(body: bytes, symbol: Symbol, columns: tuple[str, ...]) -> "tuple[pa.Table, dict[str, Plain]]":
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(body))
        metadata = file.metadata.metadata or {}
        facts = json.loads(metadata[_KEY])
        if not isinstance(facts, dict) or facts.get("version") != _VERSION:
            raise SuspectBars(symbol, f"the stored history is of a version that is not known; {_AGAIN}")
        return file.read(columns=list(columns), use_threads=False).combine_chunks(), facts
    except (pa.ArrowException, OSError, ValueError, KeyError) as exc:
        raise SuspectBars(symbol, f"the stored history cannot be read: {exc}; {_AGAIN}") from exc


def _days(table: "pa.Table") -> Days:
    import pyarrow as pa

    column = table.column("date").cast(pa.int32())
    return np.from_dlpack(column.chunk(0)).astype(np.int64) if len(table) else np.empty(0, dtype=np.int64)


def _origins(table: "pa.Table") -> tuple[tuple[str, ...], Days]:
    if not len(table):
        return (), np.empty(0, dtype=np.int64)
    sources = table.column("source").chunk(0)
    return tuple(sources.dictionary.to_pylist()), np.from_dlpack(sources.indices).astype(np.int64)


def _floats(table: "pa.Table", name: str) -> Series:
    if not len(table):
        return np.empty(0)
    array = table.column(name).chunk(0)
    if array.null_count:
        raise ValueError(f"expected NaN for a missing {name}, found null")
    return np.asarray(np.from_dlpack(array), dtype=np.float64)


def _rows(facts: Mapping[str, Plain], key: str) -> list[dict[str, Plain]]:
    rows = facts[key]
    if not isinstance(rows, list):
        raise TypeError(f"expected a list of {key}, found {rows!r}")
    return [row for row in rows if isinstance(row, dict)]


def _optional_day(told: Plain) -> date | None:
    return None if told is None else date.fromisoformat(str(told))


def _day(row: Mapping[str, Plain]) -> date:
    return date.fromisoformat(str(row["day"]))


def _number(told: Plain) -> float:
    if not isinstance(told, int | float):
        raise TypeError(f"expected a number, found {told!r}")
    return float(told)


def _action(row: Mapping[str, Plain]) -> Action:
    return Action(day=_day(row), kind=ActionKind(str(row["kind"])), value=_number(row["value"]))


def _finding(row: Mapping[str, Plain]) -> Finding:
    return Finding(
        day=_day(row),
        kind=Kind(str(row["kind"])),
        measure=_number(row["measure"]),
        why=str(row["why"]),
        blocks=bool(row["blocks"]),
    )


def _acceptance(row: Mapping[str, Plain]) -> Acceptance:
    return Acceptance(
        day=_day(row),
        kind=Kind(str(row["kind"])),
        measure=_number(row["measure"]),
        because=str(row["because"]),
        by=str(row["by"]),
        at=datetime.fromisoformat(str(row["at"])),
    )
