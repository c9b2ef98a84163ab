import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import click
import pytest

from alchemiser.domain.errors import (
    BrokerUnavailable,
    ConfigurationError,
    DslSyntaxError,
    MissingBars,
    OrderRefused,
    RecordsError,
    Span,
)
from alchemiser.interface.cli.failures import ExitCode, tell
from alchemiser.interface.cli.main import COMMANDS
from support.commands import Alchemiser

BROKEN = DslSyntaxError(
    "expected ')', found the end",
    span=Span(line=1, column=4, start=3, end=4),
    text="(if",
    file="bad.clj",
)


def test_help_lists_every_command(alchemiser: Alchemiser) -> None:
    """
    `--help` names all commands and the exit codes.
    """
    ended = alchemiser("--help")

    assert 0 == ended.code
    assert [] == [name for name in COMMANDS if f"  {name} " not in ended.out]
    assert "6 refused by a rail" in ended.out


def test_the_version_is_told(alchemiser: Alchemiser) -> None:
    """
    `--version` names program and version.
    """
    assert alchemiser("--version").out.startswith("alchemiser ")


def test_no_command_shows_the_help_as_an_error(alchemiser: Alchemiser) -> None:
    """
    Without a command the help is a usage error, on stderr.
    """
    ended = alchemiser()

    assert (2, "") == (ended.code, ended.out)
    assert "Usage: alchemiser" in ended.err


def test_a_mistyped_command_is_guessed(alchemiser: Alchemiser) -> None:
    """
    A command that is nearly one is suggested.
    """
    ended = alchemiser("sginal")

    assert 2 == ended.code
    assert "expected a command, found 'sginal'; did you mean signal?" in ended.err


def test_usage_errors_can_be_json(alchemiser: Alchemiser) -> None:
    """
    With `--json` even a usage error is one JSON object on stderr, with the next step.
    """
    ended = alchemiser("signal", "--nope", "--json")

    told = json.loads(ended.err)
    assert ("usage", "`alchemiser signal --help` lists what can be asked") == (told["category"], told["next"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no"), ExitCode.CONFIGURATION),
        (OrderRefused(rail="kill switch", limit="off", value="on", what="run"), ExitCode.REFUSED),
        (BROKEN, ExitCode.FAILED),
        (MissingBars(["SPY"], where="bars.csv"), ExitCode.FAILED),
        (RecordsError("corrupt"), ExitCode.FAILED),
        (BrokerUnavailable("down"), ExitCode.FAILED),
        (click.UsageError("no"), ExitCode.USAGE),
        (OSError("disk full"), ExitCode.FAILED),
        (ValueError("bug"), ExitCode.FAILED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: ExitCode) -> None:
    """
    The shell is told what to do about it.
    """
    assert code is tell(error, as_json=False, with_traceback=False)


def test_an_error_shows_place_and_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A strategy error keeps its excerpt with the caret under the place, and says how to check the mended file.
    """
    tell(BROKEN, as_json=False, with_traceback=False)

    assert [
        "error: bad.clj:1:4: expected ')', found the end",
        "  (if",
        "     ^",
        "next: mend the file, then check it with `alchemiser strategies validate FILE`",
    ] == capsys.readouterr().err.splitlines()


def test_an_error_as_json_names_class_category_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Programs read class, category, message and place.
    """
    tell(BROKEN, as_json=True, with_traceback=False)

    told = json.loads(capsys.readouterr().err)
    assert ("DslSyntaxError", "strategy", "bad.clj", 1, 4) == tuple(
        told[key] for key in ("error", "category", "file", "line", "column")
    )


def test_an_unexpected_error_is_owned_up_to(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A bug is called one, without a traceback unless it is asked for.
    """
    tell(ZeroDivisionError("x"), as_json=False, with_traceback=False)

    err = capsys.readouterr().err
    assert "this is a bug in alchemiser: ZeroDivisionError: x" in err
    assert "Traceback" not in err


def test_the_traceback_of_a_bug_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """
    With debugging on the traceback precedes the message.
    """
    try:
        Decimal(1) / Decimal(0)
    except ArithmeticError as exc:
        tell(exc, as_json=False, with_traceback=True)

    assert "Traceback" in capsys.readouterr().err


def test_interrupting_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Ctrl-C prints nothing.
    """
    tell(KeyboardInterrupt(), as_json=False, with_traceback=False)

    assert ("", "") == capsys.readouterr()


def test_a_closed_pipe_ends_quietly(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    When the reader goes away the command stops without a word.
    """
    del alchemiser
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "wb") as closed:
        ended = subprocess.run(
            [*_program(), "signal", "switch.clj", "--bars", "bars.csv", "--from", "2024-01-02", "--json"],
            cwd=tmp_path,
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (141, b"") == (ended.returncode, ended.stderr)


def test_a_full_disk_is_told(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    Output that cannot be written is an error, not a success.
    """
    del alchemiser
    if not Path("/dev/full").exists():
        pytest.skip("the system has no device that is always full")

    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*_program(), "strategies", "show", "switch.clj"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert 1 == ended.returncode
    assert b"the system refused" in ended.stderr


def test_nothing_is_coloured_into_a_pipe(alchemiser: Alchemiser) -> None:
    """
    Without a terminal no escape sequence is printed, and tables are wide.
    """
    out = alchemiser("signal", "switch.clj", "--bars", "bars.csv").out

    assert "\x1b" not in out


def test_no_color_is_respected_in_the_help(alchemiser: Alchemiser, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    NO_COLOR takes the styles out of the help.
    """
    monkeypatch.setenv("NO_COLOR", "1")

    context = click.Context(click.Command("x", help="y"), color=True)

    alchemiser("--help")
    assert "\x1b" not in context.get_help()


def _program() -> list[str]:
    return [sys.executable, "-c", "from alchemiser.interface.cli.main import main; main()"]
