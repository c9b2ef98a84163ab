"""
Try one mutant: in a fork of a process that has loaded everything, with a limit of processor time.

The fork shares what is loaded and nothing that happens later, so no mutant sees what another one did. A function is
damaged by giving it other code: whoever imported it has the damaged one. Anything else, such as a constant, is
damaged by loading the module from its damaged text, in a process that has not loaded the project yet.
"""

import functools
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from mutation.mutants import Mutant, mutated
from mutation.targets import path_of

_MEMORY = 2 * 1024**3
_NOTICED, _UNNOTICED, _BROKEN = 10, 11, 12


class Verdict(StrEnum):
    """
    What became of a mutant.
    """

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"
    UNTESTED = "untested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    Something to run in a fork: `notices` damages, checks, and tells whether a check failed.
    """

    name: str
    notices: Callable[[Path], bool]
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    trial: Trial
    pid: int
    until: float
    folder: Path


def tried(trials: Iterator[Trial], *, jobs: int, told: Callable[[str, Verdict], None]) -> None:
    """
    Run trials, `jobs` at a time, and tell what became of each.

    Raises:
        RuntimeError: a trial itself broke, so that it says nothing of its mutant.
    """
    running: dict[int, _Running] = {}
    try:
        while True:
            while len(running) < jobs and (trial := next(trials, None)) is not None:
                one = _started(trial)
                running[os.pidfd_open(one.pid)] = one
            if not running:
                return
            ready, _, _ = select.select(list(running), [], [], 1.0)
            late = [fd for fd, one in running.items() if fd not in ready and time.monotonic() > one.until]
            for fd in late:
                os.kill(running[fd].pid, signal.SIGKILL)
            for fd in (*ready, *late):
                one = running.pop(fd)
                os.close(fd)
                told(one.trial.name, _ended(one))
    finally:
        for fd, one in running.items():
            os.kill(one.pid, signal.SIGKILL)
            os.close(fd)
            _ended(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    What of the project is alive in this process: functions by file and qualified name, and caches of functions.

    Found once, before forking: to look at every object copies the memory that forks share.
    """

    functions: Mapping[tuple[str, str], Sequence[FunctionType]]
    caches: "Sequence[functools._lru_cache_wrapper[object]]"


def loaded() -> Loaded:
    """
    Look for what is alive.
    """
    functions: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
    caches = []
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            functions[one.__code__.co_filename, one.__qualname__].append(one)
        elif isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith("alchemiser"):
            caches.append(one)
    return Loaded(functions=functions, caches=caches)


def install(mutant: Mutant, source: str, alive: Loaded) -> None:
    """
    Give the live function the code it has in the damaged text, and empty caches of what sound code returned.

    Raises:
        LookupError: the function is not alive.
    """
    path = str(path_of(mutant.module))
    lines = [code.co_firstlineno for code in _codes_of(source, path, mutant.scope)]
    damaged = dict(zip(lines, _codes_of(mutated(source, mutant), path, mutant.scope), strict=True))
    functions = alive.functions.get((path, mutant.scope), ())
    if not functions:
        raise LookupError(f"{mutant.name}: expected {mutant.scope} to be loaded, found it nowhere")
    for one in functions:
        one.__code__ = damaged[one.__code__.co_firstlineno]
    for cache in alive.caches:
        cache.cache_clear()


def load_instead(mutant: Mutant, source: str) -> None:
    """
    Load the module from its damaged text, when it is imported.
    """
    name = f"alchemiser.{mutant.module}"
    if name in sys.modules:
        raise RuntimeError(f"expected {name} not to be loaded yet")
    sys.meta_path.insert(0, _Damaged(name, path_of(mutant.module), mutated(source, mutant)))


class _Damaged(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def __init__(self, name: str, path: Path, text: str) -> None:
        self._name = name
        self._path = path
        self._text = text

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self._name:
            return None
        spec = importlib.util.spec_from_loader(fullname, self, origin=str(self._path))
        if spec is not None:
            spec.has_location = True
        return spec

    def get_source(self, fullname: str) -> str:
        del fullname
        return self._text

    def get_filename(self, fullname: str) -> str:
        del fullname
        return str(self._path)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._text, str(self._path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - a module is loaded


def _codes_of(source: str, path: str, scope: str) -> list[CodeType]:
    return [code for code in _codes(compile(source, path, "exec", dont_inherit=True)) if code.co_qualname == scope]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _started(trial: Trial) -> _Running:
    folder = Path(tempfile.mkdtemp(prefix="mutant-"))
    pid = os.fork()
    if pid == 0:
        os._exit(_run(trial, folder))
    return _Running(trial=trial, pid=pid, until=time.monotonic() + 60 + 20 * trial.cpu_s, folder=folder)


def _run(trial: Trial, folder: Path) -> int:
    try:
        os.setpgid(0, 0)
        used = time.process_time()
        seconds = int(used + trial.cpu_s) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + _MEMORY, resource.RLIM_INFINITY))
        return _NOTICED if trial.notices(folder) else _UNNOTICED
    except BaseException:  # noqa: BLE001 - a fork must never return into the code that forked it
        (folder / "broken").write_text(traceback.format_exc(), encoding="utf-8")
        return _BROKEN


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _ended(one: _Running) -> Verdict:
    _, status = os.waitpid(one.pid, 0)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(one.pid, signal.SIGKILL)
    broken = one.folder / "broken"
    why = broken.read_text(encoding="utf-8") if broken.exists() else ""
    shutil.rmtree(one.folder, ignore_errors=True)
    if os.WIFSIGNALED(status):
        return Verdict.TIMEOUT
    match os.WEXITSTATUS(status):
        case code if code == _NOTICED:
            return Verdict.KILLED
        case code if code == _UNNOTICED:
            return Verdict.SURVIVED
        case code:
            raise RuntimeError(f"{one.trial.name}: the trial broke with {code}\n{why}")
