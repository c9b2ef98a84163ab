from collections.abc import Iterator
from pathlib import Path

import pytest

from alchemiser.container.houses import House, open_house
from support.houses import environment
from support.small_books import FIRST, book_of, write_books


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/records.sqlite3"


@pytest.fixture
def house(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """
    The small world, its records in a file.
    """
    write_books(tmp_path)
    settings = {
        "RECORDS__URL": url,
        "OUTBOX__DIRECTORY": str(tmp_path / "outbox"),
        "STRATEGIES__PORTFOLIO": str(book_of(tmp_path, FIRST)),
    }
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    with open_house("test") as opened:
        yield opened
