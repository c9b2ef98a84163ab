"""
Runs that decide on bars from a lake.
"""

import json
from pathlib import Path

import pytest

from alchemiser.domain.bars.history import Bars
from alchemiser.domain.values import Symbol
from support.houses import Told, alchemiser
from support.lakes import data_ports, filled, simulated_source

_LAKE = {"BARS__STORE": "lake", "LAKE__URL": "lake", "OUTBOX__DIRECTORY": "out"}


def plan(folder: Path, **settings: str) -> Told:
    """
    Plan a session in a folder.
    """
    return alchemiser("plan", "--profile", "demo", "--json", folder=folder, **settings)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """
    A folder whose lake was filled by the first plan that needed it, and what that plan was.
    """
    folder: Path = tmp_path_factory.mktemp("lake")
    return folder, plan(folder, **_LAKE)


def test_an_empty_lake_is_filled_on_demand_and_decides_as_the_market_does(
    planned: tuple[Path, Told], tmp_path: Path
) -> None:
    """
    What is missing is fetched once from the profile's source; the plan is the one on the source's own bars.
    """
    _, from_lake = planned
    from_market = plan(tmp_path)

    assert (0, 0) == (from_lake.code, from_market.code)
    assert json.loads(from_market.out) == json.loads(from_lake.out)


def test_a_symbol_in_quarantine_stops_the_run_with_the_reason(planned: tuple[Path, Told]) -> None:
    """
    A strategy whose decision needs the symbol has no signal, so nothing is traded, and the report says why.
    """
    folder, _ = planned
    place = folder / "lake"
    known = data_ports(place).lake.read(Symbol("SPY"))
    assert known is not None
    filled(data_ports(place), [_jumped(known.bars)])

    ended = alchemiser("run", folder=folder, **_LAKE)
    told = alchemiser("report", "--text", folder=folder, **_LAKE)

    assert 1 == ended.code
    assert "the bars of SPY may not be used, they are in quarantine" in " ".join(told.out.split())


def _jumped(bars: Bars) -> Bars:
    broken = simulated_source()
    (fresh,) = broken.bars([bars.symbol], first=bars.first, last=bars.last)
    closes = fresh.adj_closes.copy()
    closes[:-20] *= 15
    return Bars(
        symbol=fresh.symbol,
        days=fresh.days,
        opens=closes,
        highs=closes,
        lows=closes,
        closes=closes,
        adj_closes=closes,
        volumes=fresh.volumes,
        sources=fresh.sources,
        origins=fresh.origins,
    )
