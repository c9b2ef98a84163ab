"""
Whole worlds for tests: the command line in a folder of its own.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.hatchery import command

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What a command said.
    """

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, object]]:
        """
        Return the JSON objects on standard output, one a line.
        """
        return [json.loads(line) for line in self.out.splitlines()]


def alchemiser(*arguments: str | Path, folder: Path, **settings: str) -> Told:
    """
    Run a command as a process in a folder, with the shipped strategies and these settings (SECTION__KEY).
    """
    variables = _clean() | environment(settings) | {"NO_COLOR": "1"}
    code, out, err = command([*map(str, arguments)], folder=folder, variables=variables)
    return Told(code=code, out=out, err=err)


def files_below(folder: Path) -> dict[str, bytes]:
    """
    Return every file below a folder with its content.
    """
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """
    Return the variables that make these settings (SECTION__KEY), with the shipped strategies unless told otherwise.
    """
    chosen = {"STRATEGIES__PORTFOLIO": str(ROOT / "strategies" / "portfolio.toml"), **settings}
    return {f"ALCHEMISER__{name}": value for name, value in chosen.items()}


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ALCHEMISER")}
