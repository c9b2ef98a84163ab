"""
What the commands on strategies and bars take: files, a portfolio, days.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import click

from alchemiser.application.ports.market import DatedBars
from alchemiser.domain.errors import DataError, NoSession
from alchemiser.domain.market import Closes, check_session
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.files import study_library

F = TypeVar("F", bound=Callable[..., None])

DEFAULT_BOOK = Path("strategies/portfolio.toml")


def _day(ctx: click.Context, param: click.Parameter, value: datetime | None) -> date | None:  # noqa: ARG001
    return None if value is None else value.date()


PATH = click.Path(path_type=Path)

bars_option = click.option(
    "--bars",
    "bars_paths",
    type=PATH,
    required=True,
    multiple=True,
    metavar="FILE",
    help="Daily bars: Parquet or CSV with date, symbol, adj_close or close, or a lake. Several files: give it again.",
)
book_option = click.option(
    "--book",
    type=PATH,
    default=None,
    metavar="FILE",
    help=f"A portfolio file; names are looked up beside it. [default: {DEFAULT_BOOK}]",
)


def day_option(name: str, *names: str, help: str) -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """
    Return an option that takes a day and hands it over as a date.
    """
    return click.option(name, *names, type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", callback=_day, help=help)


def names_of(paths: Sequence[Path]) -> str:
    """
    Return the paths as a message names them.
    """
    return ", ".join(map(str, paths))


def load_strategies(files: Sequence[str], book: Path | None) -> tuple[Strategy, ...]:
    """
    Return the strategies of the files or names, or all of the portfolio when none is given.
    """
    library = study_library(book or DEFAULT_BOOK)
    if not files:
        return library.book().strategies
    return tuple(library.load(name) for name in files)


def sessions_asked(
    sessions: Sequence[date], *, as_of: date | None, first: date | None, last: date | None, where: str
) -> tuple[date, ...]:
    """
    Return the sessions that options ask for: one day, a range, or none when they ask for nothing.

    Raises:
        UsageError: the options contradict each other, a day is no session, or the range holds none.
    """
    if as_of is not None and (first is not None or last is not None):
        raise click.UsageError("expected either --as-of or --from and --to, found both")
    if as_of is not None:
        return (session_asked(sessions, as_of, where=where),)
    if first is None and last is None:
        return ()
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"expected --from at or before --to, found {first} after {last}")
    found = tuple(day for day in sessions if (first or day) <= day <= (last or day))
    if not found:
        raise click.UsageError(
            f"expected a session from {first or sessions[0]} to {last or sessions[-1]}, found none in {where}; "
            f"it holds {sessions[0]} to {sessions[-1]}"
        )
    return found


def last_of(bars: DatedBars) -> date:
    """
    Return the last session of bars.

    Raises:
        DataError: there is none.
    """
    sessions = bars.sessions
    if not sessions:
        raise DataError("expected bars of at least one session, found none")
    return sessions[-1]


def inside(closes: Closes, sessions: Sequence[date]) -> tuple[date, ...]:
    """
    Return the sessions on which the asked symbols can have bars: a lake may hold others that are older.

    Raises:
        UsageError: there is none.
    """
    found = tuple(day for day in sessions if closes.sessions and day >= closes.sessions[0])
    if not closes.sessions:
        raise DataError("expected bars of at least one session, found none")
    if not found:
        raise click.UsageError(f"expected a session from {closes.sessions[0]} on, the first bar, found {sessions[-1]}")
    return found


def session_asked(sessions: Sequence[date], day: date, *, where: str) -> date:
    """
    Return a day that is a session.

    Raises:
        BadParameter: it is not; names the nearest sessions.
    """
    try:
        return check_session(sessions, day, where=where)
    except NoSession as exc:
        raise click.BadParameter(str(exc), param_hint="'--as-of'") from exc
