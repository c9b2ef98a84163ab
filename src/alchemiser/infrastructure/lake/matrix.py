"""
Aligned closes of many symbols as one plain array file, so that a second start needs no Parquet.

1. The file's name is the SHA-256 of the lake, the symbols and the state of each of their files: whatever is written to
   the lake makes another name.
2. A line of JSON tells shape, symbols and quarantines; then come the days and the closes, symbol-major, as they are in
   memory, so that the file is mapped and not read.
3. The folder belongs to its owner alone; a file that is not as it should be is as good as none.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alchemiser.domain.bars.history import Days
from alchemiser.domain.market import Series
from alchemiser.domain.values import Symbol

_VERSION = 1
_ALIGNED = 64
_OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """
    Closes of symbols on the sessions of the calendar, from the first bar of any to the last of any.

    Args:
        days: the sessions, days since 1970-01-01.
        values: shape (symbols, sessions), NaN where there is no bar.
        quarantine: why symbols may not be used.
    """

    symbols: tuple[Symbol, ...]
    days: Days
    values: Series
    quarantine: Mapping[Symbol, str]


class MatrixFiles:
    """
    A folder of such files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, place: str, symbols: Sequence[Symbol], stamps: Sequence[tuple[Symbol, str]]) -> Matrix | None:
        """
        Return the matrix of symbols, None when there is none.

        Args:
            stamps: names and states of all files that it is made from.
        """
        try:
            if not _is_private(self._folder):
                return None
            with (self._folder / _name_of(place, stamps)).open("rb") as opened:
                mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            return _matrix(mapped, set(symbols))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, place: str, stamps: Sequence[tuple[Symbol, str]], matrix: Matrix) -> None:
        """
        Keep a matrix, and let go of older ones of the same symbols; a folder that cannot be written keeps none.
        """
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(self._folder):
                return
            target = self._folder / _name_of(place, stamps)
            draft = target.with_suffix(f".{os.getpid()}")
            try:
                with draft.open("wb") as opened:
                    opened.write(_head(matrix))
                    opened.write(matrix.days.astype(np.int64).tobytes())
                    opened.write(np.ascontiguousarray(matrix.values).data)
                draft.chmod(0o600)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
            for older in self._folder.glob(f"{target.name.split('-')[0]}-*"):
                if older != target:
                    older.unlink(missing_ok=True)


def _name_of(place: str, stamps: Sequence[tuple[Symbol, str]]) -> str:
    asked = hashlib.sha256("\n".join([place, *(symbol for symbol, _ in stamps)]).encode()).hexdigest()[:32]
    state = hashlib.sha256("\n".join([str(_VERSION), *(stamp for _, stamp in stamps)]).encode()).hexdigest()[:32]
    return f"{asked}-{state}.closes"


def _head(matrix: Matrix) -> bytes:
    facts = {
        "version": _VERSION,
        "sessions": len(matrix.days),
        "symbols": list(matrix.symbols),
        "quarantine": dict(matrix.quarantine),
    }
    line = json.dumps(facts).encode()
    return line + b" " * (-(len(line) + 1) % _ALIGNED) + b"\n"


def _matrix(mapped: mmap.mmap, asked: set[Symbol]) -> Matrix:
    line = mapped.readline()
    facts = json.loads(line)
    symbols, count = tuple(Symbol(one) for one in facts["symbols"]), int(facts["sessions"])
    quarantine = {Symbol(symbol): str(why) for symbol, why in facts["quarantine"].items()}
    expected = len(line) + 8 * count * (1 + len(symbols))
    if facts["version"] != _VERSION or {*symbols, *quarantine} != asked or len(mapped) != expected:
        raise ValueError(f"expected {expected} bytes of {len(asked)} symbols, found {len(mapped)}")
    days = np.frombuffer(mapped, dtype=np.int64, count=count, offset=len(line))
    values = np.frombuffer(mapped, dtype=np.float64, count=count * len(symbols), offset=len(line) + 8 * count)
    return Matrix(
        symbols=symbols,
        days=days,
        values=values.reshape(len(symbols), count),
        quarantine=quarantine,
    )


def _is_private(folder: Path) -> bool:
    state = folder.stat()
    return state.st_uid == os.getuid() and not state.st_mode & _OTHERS_MAY_WRITE
