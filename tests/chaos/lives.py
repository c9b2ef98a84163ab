"""
Processes that cost next to nothing: forked from one that has everything imported, killed and waited for by their ids.
"""

import os
import pickle
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
CRASHED = 70


def born(life: Callable[[], int]) -> int:
    """
    Start a process that does one thing and ends with its exit code; return its id.
    """
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = CRASHED
    try:
        code = life()
    except BaseException:  # noqa: BLE001 - whatever it is, it must not come back into the parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(pid: int) -> int:
    """
    Wait for a process; return its exit code, or minus the signal that killed it.
    """
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def any_ended(alive: Collection[int]) -> tuple[int, int]:
    """
    Wait for whichever of these processes ends first; return its id and its exit code.
    """
    while True:
        pid, status = os.wait()
        if pid in alive:
            return pid, os.waitstatus_to_exitcode(status)


def end(alive: Iterable[int]) -> None:
    """
    Kill processes of ours that are left, and wait for them.
    """
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def told_by(question: Callable[[], T]) -> T:
    """
    Ask in a process of its own, so that the one that forks never opens a database.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"

        def life() -> int:
            answer.write_bytes(pickle.dumps(question()))
            return 0

        code = ended(born(life))
        if code:
            raise RuntimeError(f"a process that was only asked ended with {code}")
        found: T = pickle.loads(answer.read_bytes())  # noqa: S301 - written by our own process just now
        return found
