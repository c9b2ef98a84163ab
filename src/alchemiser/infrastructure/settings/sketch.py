"""
Settings for looking without leaving a file: what is on disk counts, what is not there yet is kept in memory.
"""

from dataclasses import replace
from pathlib import Path

from alchemiser.infrastructure.settings.load import Settings
from alchemiser.infrastructure.settings.tables import Broker, Logs, Records, Section


def leaving_no_file(settings: Settings, *, records: Path | None) -> Settings:
    """
    Return the settings with memory in place of every file that would be new; logs go to standard error instead.

    Args:
        records: the file of the records, None when they are in memory already.
    """
    tables = settings.tables
    instead: dict[str, Section] = {}
    if records is not None and _is_new(records):
        instead["records"] = Records(url="sqlite://")
    if _is_new(tables.broker.path):
        instead["broker"] = Broker.model_validate({"path": ":memory:"})
    if tables.logs.path is not None and _is_new(tables.logs.path):
        instead["logs"] = Logs(level="error" if tables.logs.level == "error" else "warning")
    return replace(settings, tables=tables.model_copy(update=instead))


def _is_new(path: Path) -> bool:
    return not path.exists() or (path.is_file() and not path.stat().st_size)
