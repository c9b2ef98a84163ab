"""
Where bars come from: the sources a profile names, with their keys from the environment.
"""

import os
from typing import TYPE_CHECKING

from alchemiser.application.data import DataPorts
from alchemiser.application.ports.market import Calendar
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import ConfigurationError
from alchemiser.files import blobs_of

if TYPE_CHECKING:
    from alchemiser.application.ports.data import BarSource
    from alchemiser.infrastructure.settings.load import Settings
    from alchemiser.infrastructure.simulation.market import SimulatedMarket


def calendar() -> Calendar:
    """
    Return the exchange's calendar.
    """
    from alchemiser.infrastructure.calendar import new_york

    return new_york()


def market(calendar: Calendar, settings: "Settings") -> "SimulatedMarket":
    """
    Return the seeded market.
    """
    from alchemiser.infrastructure.simulation.market import SimulatedMarket

    return SimulatedMarket(calendar, seed=settings.tables.market.seed)


def data_ports(settings: "Settings", url: str, calendar: Calendar, clock: Clock) -> DataPorts:
    """
    Return the data side: a lake with the profile's sources.
    """
    from alchemiser.infrastructure.lake.archive import BlobLake

    asked = settings.tables.lake
    return DataPorts(
        lake=BlobLake(blobs_of(url), calendar),
        calendar=calendar,
        clock=clock,
        source=source_named(asked.source, settings, calendar),
        second=source_named(asked.second, settings, calendar),
    )


def source_named(name: str, settings: "Settings", calendar: Calendar) -> "BarSource | None":
    """
    Return a source by its name in a profile, None where it names none.

    Raises:
        ConfigurationError: its keys are missing.
    """
    match name:
        case "market":
            from alchemiser.infrastructure.simulation.source import SimulatedSource

            return SimulatedSource(market(calendar, settings))
        case "alpaca":
            from alchemiser.infrastructure.alpaca.bars import alpaca_bars

            key, secret = alpaca_keys()
            asked = settings.tables.alpaca
            return alpaca_bars(key, secret, url=asked.data_url, feed=asked.feed, clock=system_clock())
        case "twelvedata":
            from alchemiser.infrastructure.sources.twelvedata import twelve_data

            (key,) = _keys("Twelve Data", ("TWELVEDATA_API_KEY",))
            return twelve_data(key, url=settings.tables.twelvedata.url, clock=system_clock())
        case _:
            return None


def alpaca_keys() -> tuple[str, str]:
    """
    Return Alpaca's key and secret.

    Raises:
        ConfigurationError: they are missing, or given under two pairs of names.
    """
    # The names of the old and of the new tools are both in use; a mixture would be nobody's keys.
    pairs = (("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"), ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"))
    given = [names for names in pairs if any(name in os.environ for name in names)]
    if len(given) > 1:
        raise ConfigurationError("expected Alpaca's keys under one pair of names, found APCA_… and ALPACA_…")
    key, secret = _keys("Alpaca", given[0] if given else pairs[0])
    return key, secret


def system_clock() -> Clock:
    """
    Return the machine's own clock.
    """
    from alchemiser.infrastructure.clock import SystemClock

    return SystemClock()


def _keys(whose: str, names: tuple[str, ...]) -> list[str]:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(f"expected {whose}'s keys in the environment, found no {' and no '.join(missing)}")
    return [os.environ[name] for name in names]
