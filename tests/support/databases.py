"""
The databases every port on records is tested on.
"""

from collections.abc import Iterator
from pathlib import Path

from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.migrate import prepare_database

PLACES = {"memory": "sqlite://", "file": "sqlite:///{folder}/records.sqlite3"}


def opened(place: str, folder: Path) -> Iterator[Database]:
    """
    Open an empty database of a kind and close it in the end.
    """
    database = prepare_database(PLACES[place].format(folder=folder))
    yield database
    database.close()
