"""
Bars and lakes for tests of the data side; every bar is on a session of the exchange.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from alchemiser.application.data import DataPorts
from alchemiser.application.import_data import import_bars
from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import COLUMNS, Action, Bars, Days, numbers_of
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.lake.archive import BlobLake
from alchemiser.infrastructure.lake.blobs import Blobs, LocalBlobs
from alchemiser.infrastructure.lake.matrix import MatrixFiles
from alchemiser.infrastructure.lake.store import LakeBars
from alchemiser.infrastructure.simulation.clock import ManualClock
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.simulation.source import SimulatedSource

LAST = date(2024, 3, 28)
# A Saturday: the session before it is long over.
NOW = datetime(2024, 3, 30, 12, 0, tzinfo=UTC)


def all_sessions() -> Days:
    """
    Return every session of the calendar.
    """
    return numbers_of(new_york().sessions(date(2000, 1, 1), date(2035, 12, 31)))


def some_bars(
    made: Sequence[float],
    /,
    *,
    symbol: str = "SPY",
    last: date = LAST,
    days: Days | None = None,
    actions: Iterable[Action] = (),
    columns: Mapping[str, Series] | None = None,
) -> Bars:
    """
    Return bars that close so, on the sessions up to the last; opens, ranges and volumes are made around the closes.

    Args:
        columns: values in place of the made ones.
    """
    adjusted = np.array(made, dtype=np.float64)
    sessions = all_sessions()
    if days is None:
        end = int(np.searchsorted(sessions, numbers_of([last])[0], side="right"))
        days = sessions[end - len(adjusted) : end]
    with np.errstate(over="ignore"):
        highs = adjusted * 1.01
    made_columns = {
        "opens": adjusted,
        "highs": highs,
        "lows": adjusted * 0.99,
        "closes": adjusted,
        "adj_closes": adjusted,
        "volumes": np.full(len(adjusted), 1000.0),
    } | dict(columns or {})
    assert set(made_columns) == set(COLUMNS)
    return Bars(
        symbol=Symbol(symbol),
        days=days,
        sources=("test",),
        origins=np.zeros(len(days), dtype=np.int64),
        actions=tuple(actions),
        **made_columns,
    )


def only_closes(count: int) -> dict[str, Series]:
    """
    Return columns without anything but adjusted closes.
    """
    none = np.full(count, np.nan)
    return {name: none for name in COLUMNS if name != "adj_closes"}


def wavy(count: int, *, level: float = 100.0) -> list[float]:
    """
    Return closes that move a little every session and never repeat.
    """
    return [round(level * (1 + 0.01 * np.sin(step) + 0.0003 * step), 6) for step in range(count)]


def simulated_source() -> SimulatedSource:
    """
    Return the seeded market as a source.
    """
    return SimulatedSource(SimulatedMarket(new_york()))


def data_ports(
    place: Path | Blobs,
    *,
    source: BarSource | None = None,
    second: BarSource | None = None,
    now: datetime = NOW,
) -> DataPorts:
    """
    Return the data side on a folder, or on blobs.
    """
    blobs = LocalBlobs(place) if isinstance(place, Path) else place
    calendar = new_york()
    return DataPorts(
        lake=BlobLake(blobs, calendar), calendar=calendar, clock=ManualClock(now), source=source, second=second
    )


def filled(ports: DataPorts, bars: Iterable[Bars]) -> None:
    """
    Import bars.
    """
    for _ in import_bars(bars, ports, label="test"):
        pass


def lake_bars(place: Path, *, kept: Path | None = None) -> LakeBars:
    """
    Return what strategies read from a lake's folder.
    """
    return LakeBars(LocalBlobs(place), kept=None if kept is None else MatrixFiles(kept))
