"""
What commands take from files and lakes without a profile: bars, strategies, and what was kept of them.

Nothing here needs the container, and importing it costs next to nothing: commands that only look start with this alone.
"""

import os
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from alchemiser.application.ports.market import DatedBars
from alchemiser.application.ports.strategies import StrategyLibrary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alchemiser.domain.bars.history import Bars
    from alchemiser.domain.strategy.symphony import Symphony
    from alchemiser.infrastructure.lake.blobs import Blobs
    from alchemiser.infrastructure.sources.files import FileSource

# What a path makes of the beginning of an address.
_BUCKET = "s3:/"


def bars_file(*paths: Path) -> DatedBars:
    """
    Read bars from one file, from several, which together hold each bar once, or from a lake.

    Raises:
        DataError: it cannot be read or believed.
    """
    if len(paths) == 1 and (paths[0].is_dir() or str(paths[0]).startswith(_BUCKET)):
        from alchemiser.infrastructure.compiled.files import cache_folder
        from alchemiser.infrastructure.lake.matrix import MatrixFiles
        from alchemiser.infrastructure.lake.store import LakeBars

        if not paths[0].is_dir():
            # A bucket tells when an object changed to the second only: too coarse to name what was kept.
            return LakeBars(blobs_of(str(paths[0]).replace(_BUCKET, "s3://", 1)))
        folder = cache_folder(os.environ)
        return LakeBars(blobs_of(str(paths[0])), kept=MatrixFiles(folder / "closes") if folder is not None else None)
    from alchemiser.infrastructure.bars.files import read_bars

    return read_bars(*paths)


def refuse_stale(bars: DatedBars, session: date) -> None:
    """
    Refuse to decide on a lake's last session when the exchange has traded since.

    Raises:
        StaleBars: it has; tells how many sessions are missing.
    """
    from alchemiser.infrastructure.lake.store import LakeBars

    if isinstance(bars, LakeBars):
        from alchemiser.infrastructure.clock import SystemClock

        bars.refuse_stale(session, now=SystemClock().now())


def strategy_library(portfolio: Path) -> StrategyLibrary:
    """
    Return the library around a portfolio file.
    """
    from alchemiser.infrastructure.strategy_files import StrategyFiles

    return StrategyFiles(portfolio.parent, portfolio=portfolio.name)


def study_library(portfolio: Path) -> StrategyLibrary:
    """
    Return the library around a portfolio file for commands that only look; it keeps compiled strategies for next time.

    Runs that trade take `strategy_library`: they compile what they trade from its text.
    """
    from alchemiser.infrastructure.compiled.files import CompiledFiles, cache_folder
    from alchemiser.infrastructure.strategy_files import StrategyFiles

    folder = cache_folder(os.environ)
    kept = CompiledFiles(folder) if folder is not None else None
    return StrategyFiles(portfolio.parent, portfolio=portfolio.name, kept=kept)


def read_symphony(path: Path) -> "Symphony":
    """
    Compile the strategy in a file: `.clj`, Composer's JSON, EDN, or JSON around such a text.

    Raises:
        ConfigurationError: there is no such file.
        StrategyError: its text is wrong.
    """
    from alchemiser.infrastructure.strategy_files import read_symphony as read

    return read(path)


def read_text(path: Path) -> str:
    """
    Return the text of a strategy file.

    Raises:
        ConfigurationError: there is no such file.
        StrategyError: it is too large, or no text.
    """
    from alchemiser.infrastructure.strategy_files import read_text as read

    return read(path)


def write_text(path: Path, text: str) -> None:
    """
    Write a strategy file whole or not at all.

    Raises:
        ConfigurationError: it cannot be written.
    """
    from alchemiser.infrastructure.strategy_files import write_text as write

    write(path, text)


def file_source(path: Path, *, actions: Path | None = None, label: str = "") -> "FileSource":
    """
    Return the bars in a file as a source.

    Raises:
        DataError: the file of actions cannot be read.
    """
    from alchemiser.infrastructure.sources.files import FileSource

    return FileSource(path, actions=actions, label=label)


def write_bars(path: Path, bars: "Sequence[Bars]") -> None:
    """
    Write bars as one long file.

    Raises:
        ConfigurationError: it cannot be written.
    """
    from alchemiser.infrastructure.sources.export import write_bars as write

    write(path, bars)


def blobs_of(url: str) -> "Blobs":
    """
    Return the blobs of a folder or bucket; what locks a bucket for this machine lies in the user's cache.

    Raises:
        ConfigurationError: the address is none.
    """
    from alchemiser.infrastructure.compiled.files import cache_folder
    from alchemiser.infrastructure.lake.blobs import blobs_at

    folder = cache_folder(os.environ)
    locks = Path(tempfile.gettempdir()) / "alchemiser" if folder is None else folder
    return blobs_at(url, locks=locks / "locks")
