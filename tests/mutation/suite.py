"""
The tests that are to notice: which lines each reaches, what each costs, and whether any fails.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from mutation.targets import LEFT_OUT, is_for, path_of

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_OPTIONS = (
    *(
        "-o",
        "addopts=",
        "--import-mode=importlib",
        "-n0",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
    ),
    *("--capture=sys", "-o", "tmp_path_retention_policy=none", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    What each test costs in seconds of processor time, and the tests that run each line of each file, in the order to
    try them: the cheapest first.
    """

    cost_s: Mapping[str, float]
    by_line: Mapping[tuple[str, int], Sequence[str]]

    def tests_of(self, module: str, lines: tuple[int, int]) -> list[str]:
        """
        Return the tests of a module that run any of the lines.
        """
        first, last = lines
        path = str(path_of(module))
        return self._ordered(
            module, {name for line in range(first, last + 1) for name in self.by_line.get((path, line), ())}
        )

    def tests_of_module(self, module: str) -> list[str]:
        """
        Return the tests of a module that may notice what it is loaded with, wherever that is used.
        """
        return self._ordered(module, set(self.cost_s))

    def _ordered(self, module: str, names: set[str]) -> list[str]:
        return sorted((name for name in names if is_for(module, name)), key=lambda name: (self.cost_s[name], name))

    def limit_s(self, names: Sequence[str]) -> float:
        """
        Return how much processor time the tests may take when the code is damaged.
        """
        return 4 + 5 * sum(self.cost_s[name] for name in names)


def measured(session: pytest.Session, files: frozenset[str]) -> Reach:
    """
    Run every test once, and note the lines of the files it runs.

    Raises:
        RuntimeError: a test fails although nothing is damaged.
    """
    cost_s: dict[str, float] = {}
    by_line: dict[tuple[str, int], list[str]] = defaultdict(list)
    for number, item in enumerate(session.items):
        began = time.process_time()
        lines: set[tuple[str, int]] = set()
        following = session.items[number + 1] if number + 1 < len(session.items) else None
        sys.settrace(_tracer(lines, files))
        try:
            reports = runtestprotocol(item, log=False, nextitem=following)
        finally:
            sys.settrace(None)
        if any(report.failed for report in reports):
            why = "\n".join(report.longreprtext for report in reports)
            raise RuntimeError(f"{item.nodeid} fails although nothing is damaged:\n{why}")
        if any(report.skipped for report in reports):
            continue
        cost_s[item.nodeid] = time.process_time() - began
        for line in lines:
            by_line[line].append(item.nodeid)
    return Reach(cost_s=cost_s, by_line=by_line)


def one_fails(session: pytest.Session, names: Sequence[str], folder: Path) -> bool:
    """
    Run tests in the order of their names; tell whether one failed, and stop there.
    """
    items = {item.nodeid: item for item in session.items}
    # What a parameter is called may be what was damaged: that alone is no failure.
    there = [name for name in names if name in items]
    session.config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
    for name, following in zip(there, [*there[1:], None], strict=True):
        reports = runtestprotocol(items[name], log=False, nextitem=None if following is None else items[following])
        if any(report.failed for report in reports):
            return True
    return False


class Loop:
    """
    A plugin that does something with the collected tests instead of running them.
    """

    def __init__(self, does: Callable[[pytest.Session], None]) -> None:
        self._does = does

    @staticmethod
    def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
        """
        Leave out what costs too much.
        """
        items[:] = [item for item in items if not any(name in item.nodeid for name in LEFT_OUT)]

    def pytest_configure(self) -> None:
        """
        Make property tests draw the same examples each time, and stop at the first that fails.
        """
        phases = (Phase.explicit, Phase.reuse, Phase.generate)
        settings.register_profile("mutation", derandomize=True, database=None, deadline=None, phases=phases)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """
        See pytest.
        """
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        self._does(session)
        return True


def collected(paths: Sequence[str], does: Callable[[pytest.Session], None]) -> int:
    """
    Collect tests, do something with them, and return pytest's exit code.
    """
    with TemporaryDirectory(prefix="mutants-") as folder:
        return int(pytest.main([*_OPTIONS, f"--basetemp={folder}/base", *paths], plugins=[Loop(does)]))


def _tracer(lines: set[tuple[str, int]], files: frozenset[str]) -> "TraceFunction":
    def local(frame: FrameType, event: str, _: object) -> "TraceFunction":
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def everywhere(frame: FrameType, _: str, __: object) -> "TraceFunction | None":
        return local if frame.f_code.co_filename in files else None

    return everywhere
