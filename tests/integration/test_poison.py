"""
A message that cannot be read or handled dies alone, and its run fails once.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.suite import Ports
from alchemiser.application.start import start
from alchemiser.container.houses import open_house
from alchemiser.domain.events import Outcome
from alchemiser.domain.identity import event_id
from support.houses import environment


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """
    The test profile's world, its records in a file.
    """
    files = {"RECORDS__URL": f"sqlite:///{tmp_path}/records.sqlite3", "OUTBOX__DIRECTORY": str(tmp_path)}
    for name, value in environment(files).items():
        monkeypatch.setenv(name, value)
    with open_house("test") as house:
        yield house.ports


@pytest.mark.parametrize(
    "poison",
    [
        "DROP TRIGGER events_no_update; UPDATE events SET body = '{\"nonsense\": 1}'",
        "UPDATE deliveries SET handler = 'nobody'",
    ],
    ids=["unreadable", "unheard-of handler"],
)
def test_a_poison_message_fails_its_run_and_blocks_nothing(ports: Ports, tmp_path: Path, poison: str) -> None:
    """
    The pump ends, the message is dead with its error, the run failed, and a report says why.
    """
    run, _ = start(date(2026, 7, 31), ports)
    _execute(tmp_path, poison)

    list(pump(ports))

    closed = ports.runs.run(run.id)
    assert closed is not None
    assert Outcome.FAILED is closed.outcome
    assert [("dead",)] == _execute(tmp_path, "SELECT state FROM deliveries WHERE state <> 'done'")
    assert ports.runs.report(run.id) is not None
    # The one failure that a run has, whoever tells of it; the first event may be past reading.
    ((failure, body),) = _execute(tmp_path, "SELECT event_id, body FROM events WHERE type = 'WorkflowFailed'")
    assert event_id(causation_id=run.id, event_type="WorkflowFailed", key="") == failure
    assert json.loads(str(body))["meta"]["source_component"] in {"claim", "deliver"}


def _execute(folder: Path, script: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "records.sqlite3")) as connection:
        if script.startswith("SELECT"):
            return connection.execute(script).fetchall()
        connection.executescript(script)
        return []
