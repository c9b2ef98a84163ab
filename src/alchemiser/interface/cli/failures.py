"""
How a command fails: one exit code for each thing to do about it, the message and the next step on stderr.
"""

import json
import os
import sys
import traceback
from enum import IntEnum

import click
from rich.text import Text

from alchemiser.domain.errors import (
    AlchemiserError,
    BrokerAuthError,
    BrokerUnavailable,
    CalendarMismatch,
    ConfigurationError,
    DslError,
    LedgerError,
    MissingBars,
    NoSession,
    RecordsBusy,
    RecordsError,
    RiskError,
    SourceRefused,
    SourceUnavailable,
    StaleBars,
)
from alchemiser.interface.cli.output import clean, stderr


class ExitCode(IntEnum):
    """
    What the shell is told.
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    REFUSED = 6
    INTERRUPTED = 130
    PIPE_CLOSED = 141


_CODES: tuple[tuple[type[AlchemiserError], ExitCode], ...] = (
    (NoSession, ExitCode.USAGE),
    (ConfigurationError, ExitCode.CONFIGURATION),
    (RiskError, ExitCode.REFUSED),
    (AlchemiserError, ExitCode.FAILED),
)
_NEXT: tuple[tuple[type[AlchemiserError], str], ...] = (
    (DslError, "mend the file, then check it with `alchemiser strategies validate FILE`"),
    (StaleBars, "refresh the bars, then run the same command again"),
    (SourceUnavailable, "run the same command again later: what came is kept, and it goes on where it stopped"),
    (SourceRefused, "mend the keys or the subscription, then run the same command again"),
    (CalendarMismatch, "find out which calendar or clock is wrong before trading; nothing was started"),
    (MissingBars, "bring them into the lake with `alchemiser data refresh SYMBOL` or `data import`"),
    (BrokerUnavailable, "run the same command again: it goes on where it stopped"),
    (BrokerAuthError, "mend the keys, then check them with `alchemiser doctor`"),
    (RecordsBusy, "wait until the other command ends, then run this one again"),
    (RecordsError, "look at the records with `alchemiser doctor`"),
    (LedgerError, "compare with `alchemiser status` and `alchemiser ledger` before trading again"),
)


def tell(exc: BaseException, *, as_json: bool, with_traceback: bool) -> ExitCode:
    """
    Tell an error on stderr, as words or as one JSON object, and return the process's exit code.
    """
    if isinstance(exc, KeyboardInterrupt | click.Abort):
        return ExitCode.INTERRUPTED
    if isinstance(exc, BrokenPipeError):
        # The reader went away: leave nothing for the interpreter to flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED
    if with_traceback:
        traceback.print_exception(exc)
    code, facts = _told(exc)
    if as_json:
        sys.stderr.write(json.dumps(facts) + "\n")
    else:
        _print(facts)
    return code


def error_facts(error: AlchemiserError) -> dict[str, str | int]:
    """
    Return what is known of an error: class, category, message, place in a text, next step.
    """
    facts: dict[str, str | int] = {
        "error": type(error).__name__,
        "category": error.category.value,
        "message": str(error),
    }
    if isinstance(error, DslError) and error.span is not None:
        facts |= {"file": error.file, "line": error.span.line, "column": error.span.column}
    if isinstance(error, DslError) and error.path:
        facts |= {"file": error.file, "path": error.path}
    hint = next((hint for kind, hint in _NEXT if isinstance(error, kind)), "")
    return facts | ({"next": hint} if hint else {})


def _told(exc: BaseException) -> tuple[ExitCode, dict[str, str | int]]:
    facts: dict[str, str | int] = {"error": type(exc).__name__}
    if isinstance(exc, click.ClickException):
        return ExitCode.USAGE, facts | {
            "category": "usage",
            "message": exc.format_message(),
            "next": _help_of(exc),
        }
    if isinstance(exc, AlchemiserError):
        return next(code for kind, code in _CODES if isinstance(exc, kind)), error_facts(exc)
    if isinstance(exc, OSError):
        return ExitCode.FAILED, facts | {"category": "critical", "message": f"the system refused: {exc}"}
    return ExitCode.FAILED, facts | {
        "category": "critical",
        "message": f"this is a bug in alchemiser: {type(exc).__name__}: {exc}",
        "next": "run it again with ALCHEMISER_DEBUG=1 and report the traceback",
    }


def _help_of(exc: click.ClickException) -> str:
    ctx = exc.ctx if isinstance(exc, click.UsageError) else None
    return f"`{ctx.command_path if ctx else 'alchemiser'} --help` lists what can be asked"


def _print(facts: dict[str, str | int]) -> None:
    console = stderr()
    message = Text.assemble(("error: ", "bold red"), clean(str(facts["message"])))
    console.print(message, soft_wrap=True)
    if "next" in facts:
        console.print(Text.assemble(("next: ", "bold"), str(facts["next"])), soft_wrap=True)
