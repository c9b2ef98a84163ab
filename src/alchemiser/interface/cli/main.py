"""
The command line: loads the one command that is asked for, so help and usage errors cost next to nothing.

Nothing of ours but the commands' names and help lines is imported here; a test keeps it so.
"""

import gc
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

from alchemiser import __version__

SECTIONS: dict[str, dict[str, str]] = {
    "Trade": {
        "run": "Trade a session: signals, plan, orders, records, report.",
        "plan": "Plan the rebalance for a session; sends no order and records nothing.",
        "worker": "Deliver messages as they come due; on PostgreSQL several workers may.",
        "resume": "Finish the runs that were left undone, or the one that is named.",
        "replay": "Deliver the messages of a run again, from an event on; nothing has its effect twice.",
    },
    "Strategies": {
        "signal": "Print the weights that strategies want, from a file of bars.",
        "explain": "Draw why a strategy wants its weights on a session.",
        "strategies": "List, show, validate and compare strategies.",
    },
    "Bars": {
        "data": "Fill the lake of bars, check it, and resolve what is wrong in it.",
    },
    "Records": {
        "status": "Show the latest runs, what the ledger says is held, and whose shares are whose.",
        "ledger": "List fills in the order they were seen, each with the strategies whose decisions caused it.",
        "report": "Show the report of a run.",
        "timeline": "Show all events, messages, orders and fills of a run in the order of their instants.",
        "audit": "Check that recorded history is whole and unchanged.",
    },
    "Care": {
        "halt": "Turn the kill switch on and cancel our orders; works while a run goes on, and without the records.",
        "doctor": "Check settings, records, broker, ledger, outbox, strategies and signals; changes nothing.",
        "deadman": "Check that the session was run, for a timer of its own; otherwise leave a notice and end with 1.",
    },
}
COMMANDS: dict[str, str] = {name: line for section in SECTIONS.values() for name, line in section.items()}


def main() -> None:
    """
    Run the command line of this process and leave with its exit code.
    """
    # Imports and strategies make a great many objects that stay: looking for garbage among them is a tenth of the time.
    gc.set_threshold(20_000, 20, 20)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """
    Run one command line and return its exit code; every error is told on stderr.
    """
    click.Context.formatter_class = _Help
    if "_ALCHEMISER_COMPLETE" in os.environ:
        cli.main(list(arguments), prog_name="alchemiser")
    try:
        with cli.make_context("alchemiser", list(arguments)) as ctx:
            cli.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.Exit as left:
        return _flushed(left.exit_code)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message(), err=True)
        return asked.exit_code
    except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - the last place an error can be told
        from alchemiser.interface.cli.failures import tell

        return tell(
            exc,
            as_json="--json" in arguments,
            with_traceback="--debug" in arguments or bool(os.environ.get("ALCHEMISER_DEBUG")),
        )
    return 0


class _LazyGroup(click.Group):
    """
    A group that knows its commands by name and imports one only when it is asked for.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"alchemiser.interface.cli.commands.{cmd_name}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command: expected a click command, found {command!r}")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(COMMANDS)}"
            raise click.UsageError(f"expected a command, found {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        widest = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), line) for name, line in commands.items()])


class _Help(click.HelpFormatter):
    """
    Help with bold headings and coloured names, plain where NO_COLOR is set or nobody is looking.
    """

    def write_heading(self, heading: str) -> None:
        super().write_heading(_styled(heading, bold=True))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        coloured = [(_styled(first, bold=False), second) for first, second in rows]
        super().write_dl(coloured, col_max=col_max, col_spacing=col_spacing)


def _styled(text: str, *, bold: bool) -> str:
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, bold=True) if bold else click.style(text, fg="cyan")


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError as exc:
        from alchemiser.interface.cli.failures import tell

        return tell(exc, as_json=False, with_traceback=False)
    return code


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 6 refused by a rail.",
)
@click.version_option(__version__, message="alchemiser %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
def cli(*, debug: bool) -> None:
    """
    Run Composer symphonies independently: evaluate, merge, plan, trade, audit.
    """
    # `run` reads --debug from the arguments: it must serve errors that come before any option is parsed.
    del debug
