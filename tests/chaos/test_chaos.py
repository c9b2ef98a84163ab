"""
Real processes, killed for real; `make chaos` does the same two thousand times.
"""

import os
import subprocess
import sys
from pathlib import Path


def test_killed_days_end_like_peaceful_ones_on_both_databases() -> None:
    """
    SIGKILLs at seeded calls, before and after their effect, one process on SQLite and three workers on PostgreSQL: the
    same positions, orders, trades and ledger as in peace, and an audit chain that verifies.
    """
    tests = Path(__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-m", "chaos.run", "--sqlite", "4", "--postgres", "4", "--starts", "1"],
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert "0 bad" in ended.stdout.splitlines()[-1]
