import json
import os
import subprocess
import sys
from pathlib import Path

# All fifty with ALCHEMISER_KILLS=50, as `make kills` does.
SEEDS = range(int(os.environ.get("ALCHEMISER_KILLS", "8")))


def test_a_refresh_that_is_killed_leaves_a_lake_that_is_whole(tmp_path: Path) -> None:
    """
    Killed before any of its operations on files, a refresh leaves every symbol as it was or as it is meant to be, and
    the next one ends as if nothing had happened.
    """
    root = Path(__file__).parents[2]

    told = subprocess.run(
        [sys.executable, "-m", "support.killing", str(tmp_path), *map(str, SEEDS)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root / 'tests'}:{root / 'src'}"},
        capture_output=True,
        text=True,
        check=True,
    )

    found = json.loads(told.stdout)
    assert found["operations"] > 100
    assert {} == found["failed"]
