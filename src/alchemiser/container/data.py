"""
Open the data side of a profile: its lake and its sources.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alchemiser.application.data import DataPorts
from alchemiser.domain.errors import ConfigurationError
from alchemiser.files import blobs_of

if TYPE_CHECKING:
    from alchemiser.application.ports.data import BarSource, LakeLog
    from alchemiser.infrastructure.settings.load import Settings
from alchemiser.container import sources
from alchemiser.container.sources import data_ports, source_named, system_clock
from alchemiser.container.world import settings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DataHouse:
    """
    The data side of a profile.

    Args:
        place: where the lake is.
    """

    ports: DataPorts
    log: "LakeLog"
    place: str
    rules: "Settings"


def open_data(profile: str, *, lake: str | None = None) -> DataHouse:
    """
    Open a profile's lake and its sources; what is done there is timed by the machine's own clock.

    Args:
        lake: another lake than the profile's.

    Raises:
        ConfigurationError: the profile is wrong, or keys are missing.
    """
    from alchemiser.infrastructure.lake.archive import BlobLake

    settings = settings_of(profile)
    url = lake or settings.tables.lake.url
    calendar = sources.calendar()
    ports = data_ports(settings, url, calendar, system_clock())
    return DataHouse(ports=ports, log=BlobLake(blobs_of(url), calendar), place=blobs_of(url).place, rules=settings)


def named_source(house: DataHouse, name: str) -> "BarSource":
    """
    Return a source by its name in a profile.

    Raises:
        ConfigurationError: its keys are missing.
    """
    source = source_named(name, house.rules, house.ports.calendar)
    if source is None:
        raise ConfigurationError(f"expected a source of bars, found {name}")
    return source
