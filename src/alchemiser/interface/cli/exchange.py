"""
The commands that bring strategies in, hand them out and lay them out: `strategies import`, `export`, `fmt`.

What is written is read back first: a text that does not mean the same is never handed out.
"""

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import click
from rich.text import Text

from alchemiser.domain.errors import AlchemiserError, ConfigurationError, DslError, StrategyError
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.composer.documents import compile_edn, compile_json
from alchemiser.domain.strategy.composer.edn import edn_text
from alchemiser.domain.strategy.composer.jsons import json_text
from alchemiser.domain.strategy.composer.trees import foreign, tree_of
from alchemiser.domain.strategy.layout import Comments, laid_out
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.files import read_symphony, read_text, strategy_library, write_text
from alchemiser.interface.cli.failures import ExitCode
from alchemiser.interface.cli.inputs import DEFAULT_BOOK, PATH, book_option
from alchemiser.interface.cli.output import clean, stderr, stdout


class Notation(StrEnum):
    """
    How a strategy is written.
    """

    CLJ = "clj"
    JSON = "json"
    EDN = "edn"


_WRITERS: dict[Notation, Callable[[Symphony], str]] = {
    Notation.CLJ: lambda symphony: symphony.text,
    Notation.JSON: lambda symphony: json_text(tree_of(symphony)),
    Notation.EDN: lambda symphony: edn_text(tree_of(symphony)),
}
_COMPILERS: dict[Notation, Callable[..., Symphony]] = {
    Notation.CLJ: compile_text,
    Notation.JSON: compile_json,
    Notation.EDN: compile_edn,
}

output_option = click.option(
    "--output", type=PATH, default=None, metavar="FILE", help="Write to this file, which must not be there yet."
)


@click.command("import")
@click.argument("file", metavar="FILE", type=PATH)
@output_option
def import_(*, file: Path, output: Path | None) -> None:
    """
    Turn a strategy from Composer into canonical text.

    FILE holds Composer's JSON, EDN, a .clj text, or JSON with such a text in a string. A field or step that could
    change the meaning and is not known is refused with its path.
    """
    _hand_out(read_symphony(file), Notation.CLJ, output)


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--format",
    "notation",
    type=click.Choice([notation.value for notation in Notation]),
    default=Notation.CLJ.value,
    show_default=True,
    help="Canonical text, or Composer's tree as JSON or EDN.",
)
@output_option
@book_option
def export(*, file: str, notation: str, output: Path | None, book: Path | None) -> None:
    """
    Write a strategy as canonical text, JSON or EDN.

    FILE is a strategy file, or the name of a strategy beside the portfolio file.
    """
    strategy = strategy_library(book or DEFAULT_BOOK).load(file)
    if not isinstance(strategy, Symphony):
        raise ConfigurationError(f"{strategy.name}: expected a strategy with a text, found one written in Python")
    strangers = [] if notation == Notation.CLJ else list(foreign(strategy))
    _hand_out(strategy, Notation(notation), output)
    if strangers:
        words = f"Composer has no words for {' and '.join(strangers)}; only alchemiser reads this text"
        stderr().print(Text.assemble(("note: ", "bold"), words), soft_wrap=True)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=PATH)
@click.option("--check", is_flag=True, help="Write nothing; end with 1 when a file would change.")
@click.option(
    "--drop-comments",
    "comments",
    flag_value=Comments.DROP,
    type=click.UNPROCESSED,
    default=Comments.REFUSE,
    help="Drop comments inside a strategy instead of refusing the file.",
)
def fmt(*, files: tuple[Path, ...], check: bool, comments: Comments) -> None:
    """
    Lay out .clj files in place, in one layout for all.

    Words, display names and numbers stay as they were written. Comments before and after the strategy stay; a file
    with comments inside it is refused and left as it is.
    """
    codes = [_laid_out(file, comments, is_checked=check) for file in files]
    if any(codes):
        raise click.exceptions.Exit(max(codes))


def _laid_out(file: Path, comments: Comments, *, is_checked: bool) -> int:
    try:
        if file.suffix != ".clj":
            raise ConfigurationError(
                f"{file}: expected a .clj file to lay out, found another; make one with `alchemiser strategies import`"
            )
        text = read_text(file)
        wanted = laid_out(text, comments, file=str(file))
        if text != wanted and not is_checked:
            write_text(file, wanted)
    except AlchemiserError as exc:
        stderr().print(Text.assemble(("error: ", "bold red"), clean(str(exc))), soft_wrap=True)
        return ExitCode.CONFIGURATION if isinstance(exc, ConfigurationError) else ExitCode.FAILED
    verdict = "unchanged" if text == wanted else "would change" if is_checked else "changed"
    stdout().print(Text(f"{clean(str(file))}: {verdict}"), soft_wrap=True)
    return ExitCode.FAILED if is_checked and text != wanted else ExitCode.DONE


def _hand_out(symphony: Symphony, notation: Notation, output: Path | None) -> None:
    text = _proven(symphony, notation)
    if output is None:
        sys.stdout.write(clean(text) if sys.stdout.isatty() else text)
        return
    if output.suffix != f".{notation}":
        raise click.BadParameter(f"expected a name ending in .{notation}, found {output}", param_hint="'--output'")
    if output.exists():
        raise click.BadParameter(f"expected a name that is free, found the file {output}", param_hint="'--output'")
    write_text(output, text)
    stdout().print(Text(f"{clean(str(output))}: {clean(symphony.name)} ({symphony.fingerprint[:12]})"), soft_wrap=True)


def _proven(symphony: Symphony, notation: Notation) -> str:
    text = _WRITERS[notation](symphony)
    try:
        again = _COMPILERS[notation](text, file=symphony.file)
    except DslError as exc:
        raise StrategyError(f"{symphony.file}: cannot be written as {notation}: {exc.problem}") from exc
    if again.fingerprint != symphony.fingerprint:
        raise StrategyError(f"{symphony.file}: expected {notation} of the same meaning, found another; report this")
    return text
