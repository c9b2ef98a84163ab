"""
The walls of the house stand.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def test_imports_keep_every_contract() -> None:
    """
    import-linter finds every contract kept.
    """
    found = subprocess.run([BIN / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout


def test_a_breach_of_a_contract_is_found(tmp_path: Path) -> None:
    """
    The same check fails on a domain that imports pandas.
    """
    package = tmp_path / "alchemiser"
    for source in (ROOT / "src" / "alchemiser").rglob("*.py"):
        copy = package / source.relative_to(ROOT / "src" / "alchemiser")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    (package / "domain" / "values.py").write_text("import pandas\n")
    (tmp_path / ".importlinter").write_bytes((ROOT / ".importlinter").read_bytes())

    found = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )

    assert found.returncode != 0
    assert "The domain is pure BROKEN" in found.stdout


def test_no_banned_call_outside_the_clock() -> None:
    """
    Ruff finds no call of the machine's time, of chance or of mocks.
    """
    found = subprocess.run(
        [BIN / "ruff", "check", "--select", "TID251", "src", "tests", "migrations"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout


def test_a_banned_call_is_found(tmp_path: Path) -> None:
    """
    The same rule fails on a call of the machine's time.
    """
    culprit = tmp_path / "culprit.py"
    culprit.write_text("from datetime import datetime\nprint(datetime.now())\n")

    found = subprocess.run(
        [BIN / "ruff", "check", "--select", "TID251", "--config", ROOT / "pyproject.toml", culprit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "TID251" in found.stdout


def test_every_dependency_is_explained() -> None:
    """
    docs/dependencies.md names every direct dependency.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    names = [
        requirement.split(">=")[0].strip()
        for requirement in project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    ]

    assert [] == [name for name in names if name not in explained]


def test_no_registry_address_is_tracked() -> None:
    """
    No lock file carries an address.
    """
    texts = [path.read_text() for path in (ROOT / "requirements").glob("*.txt")]

    assert [] == [line for text in texts for line in text.splitlines() if "://" in line or "index-url" in line]
