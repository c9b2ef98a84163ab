"""
A process that has the heavy imports behind it and forks one child for each command line it is given.

Each command still is a process of its own, with its own folder, environment and output, and dies of SIGKILL like any
other; only the second and a half that every start spends on imports is spent once. Run as a program it serves requests
on standard input, one JSON object a line, and answers each with the exit code of its child.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypedDict

_PRELOADED = (
    "alchemiser.application.difference",
    "alchemiser.application.explain",
    "alchemiser.container.houses",
    "alchemiser.container.views",
    "alchemiser.infrastructure.calendar",
    "alchemiser.infrastructure.outbox.files",
    "alchemiser.infrastructure.reports.renderer",
    "alchemiser.infrastructure.settings.load",
    "alchemiser.infrastructure.simulation.broker",
    "alchemiser.infrastructure.simulation.market",
    "alchemiser.infrastructure.simulation.quotes",
    "alchemiser.infrastructure.sql.messages",
    "alchemiser.infrastructure.sql.migrate",
    "alchemiser.infrastructure.strategy_files",
    "alchemiser.interface.cli.main",
    "alchemiser.interface.cli.story",
)


class _Request(TypedDict):
    arguments: list[str]
    folder: str
    variables: dict[str, str]
    out: str
    err: str


@cache
def _server() -> "subprocess.Popen[str]":
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-W", "error", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


def command(arguments: Sequence[str], *, folder: Path, variables: Mapping[str, str]) -> tuple[int, str, str]:
    """
    Run `alchemiser` with arguments in a folder; return its exit code (negative for a signal), stdout and stderr.
    """
    server = _server()
    if server.stdin is None or server.stdout is None:
        raise RuntimeError("expected a server with pipes")
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        request = _Request(
            arguments=list(arguments), folder=str(folder), variables=dict(variables), out=str(out), err=str(err)
        )
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        if not answer:
            raise RuntimeError(f"expected the exit code of {arguments}, the server ended with {server.wait()}")
        return int(answer), out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


def _serve() -> None:
    for module in _PRELOADED:
        importlib.import_module(module)
    for line in sys.stdin:
        request: _Request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer


def _become(request: _Request) -> None:
    code = 70
    try:
        nowhere = os.open(os.devnull, os.O_RDONLY)
        out, err = (os.open(path, os.O_WRONLY | os.O_CREAT) for path in (request["out"], request["err"]))
        for old, new in ((nowhere, 0), (out, 1), (err, 2)):
            os.dup2(old, new)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["variables"])
        from alchemiser.interface.cli.main import run

        code = run(request["arguments"])
    except BaseException:  # noqa: BLE001 - the child must not go on as a second server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
