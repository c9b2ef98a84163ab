from collections.abc import Iterator
from pathlib import Path

import pytest

from alchemiser.application.ports.suite import Ports
from alchemiser.container.houses import open_house
from support.houses import environment


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """
    The test profile's world, in memory.
    """
    for name, value in environment({"OUTBOX__DIRECTORY": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with open_house("test") as house:
        yield house.ports
