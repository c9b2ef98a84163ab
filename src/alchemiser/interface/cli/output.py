"""
How commands speak: rich on a terminal, plain and wide into a pipe, JSON one object a line.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from rich import box
from rich.console import Console
from rich.table import Table

Json: TypeAlias = "bool | int | str | list[Json] | Mapping[str, Json] | None"

_WIDTH_OF_PIPES = 120
_WIDEST = 400
_WIDE = 110


class _Console(Console):
    """
    A console that lets the command line see a closed pipe.
    """

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def stdout() -> Console:
    """
    Return the console for results.
    """
    return _console(sys.stdout)


def stderr() -> Console:
    """
    Return the console for errors and progress.
    """
    return _console(sys.stderr)


def is_wide(width: int) -> bool:
    """
    Tell whether a table may show what can be left out.
    """
    return width >= _WIDE


def print_json(value: Mapping[str, Json]) -> None:
    """
    Print one JSON object on one line.
    """
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")


@contextmanager
def working(what: str) -> Iterator[None]:
    """
    Show that something is going on while it does; nothing is shown unless a person looks at stderr.
    """
    console = stderr()
    if not console.is_terminal:
        yield
        return
    with console.status(clean(what)):
        yield


def a_table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """
    Return an empty table in the house's look; the columns named in `right` hold numbers.
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        pad_edge=False,
    )
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def clean(text: str) -> str:
    """
    Return text without characters that could steer a terminal; line ends stay.
    """
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


def _console(file: TextIO) -> Console:
    # Into a pipe there is no width: 80 would fold tables that nobody sees on a terminal.
    told = os.environ.get("COLUMNS", "")
    if told.isdigit() and int(told) > 0:
        width: int | None = min(int(told), _WIDEST)
    else:
        width = None if file.isatty() else _WIDTH_OF_PIPES
    return _Console(file=file, width=width, highlight=False, markup=False, emoji=False)
