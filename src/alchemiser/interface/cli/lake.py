"""
What the commands on the lake share: its options, the sources by name, and progress.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alchemiser.application.ports.data import BarSource
from alchemiser.container.data import DataHouse, named_source
from alchemiser.domain.values import Symbol, as_symbol
from alchemiser.files import file_source
from alchemiser.interface.cli.output import stderr

T = TypeVar("T")

_SOURCES = ("market", "alpaca", "twelvedata")

lake_option = click.option(
    "--lake", metavar="URL", help="A lake's folder, or s3://BUCKET/FOLDER?…. [default: the profile's]"
)


def _symbols(ctx: click.Context, param: click.Parameter, value: Iterable[str]) -> tuple[Symbol, ...]:  # noqa: ARG001
    try:
        return tuple(dict.fromkeys(as_symbol(one) for one in value))
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


symbols_argument = click.argument("symbols", nargs=-1, metavar="[SYMBOL]...", callback=_symbols)


def source_of(house: DataHouse, name: str) -> BarSource:
    """
    Return a source by its name, or the bars in a file.
    """
    return named_source(house, name) if name in _SOURCES else file_source(Path(name))


def shown(work: Iterable[T], what: str, *, total: int) -> Iterable[T]:
    """
    Yield what work yields, with a bar of progress where a person looks at stderr.
    """
    console = stderr()
    if not console.is_terminal:
        yield from work
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        for one in work:
            progress.advance(task)
            yield one
