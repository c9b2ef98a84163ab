"""
Whatever keeps records, by place: the same ports stand on a database and on memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from alchemiser import __version__
from alchemiser.application.ports.deliveries import Redelivery
from alchemiser.application.ports.messaging import Engine
from alchemiser.application.ports.records import Ledger, Runs, Trades
from alchemiser.infrastructure.memory.deliveries import MemoryDeliveries
from alchemiser.infrastructure.memory.messages import MemoryEngine
from alchemiser.infrastructure.memory.records import MemoryLedger, MemoryRuns
from alchemiser.infrastructure.memory.store import Memory
from alchemiser.infrastructure.memory.trades import MemoryTrades
from alchemiser.infrastructure.sql.deliveries import SqlDeliveries
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.records import SqlLedger, SqlRuns
from alchemiser.infrastructure.sql.trades import SqlTrades
from support import databases

Keeper: TypeAlias = Database | Memory
PLACES = (*databases.PLACES, "values")


def opened(place: str, folder: Path) -> Iterator[Keeper]:
    """
    Open an empty keeper of records: a database, or values in memory.
    """
    if place == "values":
        yield Memory()
    else:
        yield from databases.opened(place, folder)


def engine_on(
    keeper: Keeper,
    *,
    routes: Mapping[str, Sequence[str]],
    owner: str = "embedded",
    lease_s: int = 60,
    account: str | None = None,
    version: str = __version__,
) -> Engine:
    """
    Return an engine on a keeper.
    """
    if isinstance(keeper, Memory):
        return MemoryEngine(keeper, routes=routes, owner=owner, lease_s=lease_s, account=account, version=version)
    return SqlEngine(keeper, routes=routes, owner=owner, lease_s=lease_s, account=account, version=version)


def deliveries_on(
    keeper: Keeper,
    *,
    routes: Mapping[str, Sequence[str]],
    account: str | None = None,
    version: str = __version__,
) -> Redelivery:
    """
    Return what looks after the messages of a keeper.
    """
    if isinstance(keeper, Memory):
        return MemoryDeliveries(keeper, routes=routes, account=account, version=version)
    return SqlDeliveries(keeper, routes=routes, account=account, version=version)


def runs_on(keeper: Keeper) -> Runs:
    """
    Return the runs of a keeper.
    """
    return MemoryRuns(keeper) if isinstance(keeper, Memory) else SqlRuns(keeper)


def trades_on(keeper: Keeper) -> Trades:
    """
    Return the trades of a keeper.
    """
    return MemoryTrades(keeper) if isinstance(keeper, Memory) else SqlTrades(keeper)


def ledger_on(keeper: Keeper) -> Ledger:
    """
    Return the ledger of a keeper.
    """
    return MemoryLedger(keeper) if isinstance(keeper, Memory) else SqlLedger(keeper)
