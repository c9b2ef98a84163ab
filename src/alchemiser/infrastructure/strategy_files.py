"""
The strategies of a folder: `portfolio.toml` names files and plug-ins with their allocations.

1. The portfolio file may hold nothing but what is read: an unknown key, a file that is not there, one named
   twice, or allocations that do not sum to exactly 1 are refused, naming file and key.
2. A file holds a `.clj` text, Composer's JSON or EDN, as its suffix says. It is found by a plain name inside
   the folder; links that lead out of it are not followed.
3. A Python strategy is found by its entry point in the group `alchemiser.strategies`: a class or function
   that, called without arguments, returns a Strategy.
"""

import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeGuard

from alchemiser.application.ports.strategies import Book, CompiledBooks, Sleeve, StrategyLibrary, Written
from alchemiser.domain.errors import ConfigurationError, DslSyntaxError
from alchemiser.domain.strategy.collector import collector_paused
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.stock import Stock
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony

GROUP = "alchemiser.strategies"
PORTFOLIO = "portfolio.toml"

_NAME = re.compile(r"[a-z0-9_-]{1,64}\Z")
_ALLOCATION = re.compile(r"[01](\.[0-9]{1,12})?\Z")
_TEXT = ".clj"
_SUFFIXES = (_TEXT, ".json", ".edn")
_ENDING = "ending in .clj, .json or .edn"
_LARGEST_FILE = 16 * 1024 * 1024
_KEYS = frozenset({"file", "plugin", "allocation"})


class StrategyFiles(StrategyLibrary):
    """
    A folder of strategies, and the file in it that allocates the account to them.
    """

    def __init__(self, root: Path, *, portfolio: str = PORTFOLIO, kept: CompiledBooks | None = None) -> None:
        self._root = root
        self._portfolio = portfolio
        self._kept = kept

    def book(self) -> Book:
        """
        Return the strategies of the portfolio file with their allocations, in its order; see the port.
        """
        path = self._root / self._portfolio
        sleeves = tuple(self._sleeves(path))
        names = [sleeve.strategy.name for sleeve in sleeves]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigurationError(f"{path}: expected each name once, found two strategies named {twice!r}")
        total = sum((sleeve.allocation for sleeve in sleeves), Decimal(0))
        if total != 1:
            raise ConfigurationError(f"{path}: allocation: expected a sum of exactly 1, found {total}")
        return Book(sleeves=sleeves)

    def load(self, name: str) -> Strategy:
        """
        Return one strategy by its name in the folder, its plug-in name, or the path of its file; see the port.
        """
        if name.endswith(_SUFFIXES) or "/" in name:
            return self._compiled([_written(Path(name))])[0]
        if not _NAME.match(name):
            raise ConfigurationError(
                f"expected a strategy's name (a-z, 0-9, _ and -) or a path {_ENDING}, found {name!r}"
            )
        files = [f"{name}{suffix}" for suffix in _SUFFIXES if (self._root / f"{name}{suffix}").exists()]
        if len(files) > 1:
            raise ConfigurationError(
                f"{self._root}: expected one file of the strategy {name!r}, found {', '.join(files)}; give its path"
            )
        if files:
            return self._compiled([self._file(files[0], where=str(self._root))])[0]
        return _plugin(name, where=f"{self._root} holds no {name}.clj;")

    def _sleeves(self, path: Path) -> Iterator[Sleeve]:
        seen: set[str] = set()
        found: list[tuple[Written | Strategy, Decimal]] = []
        for number, table in enumerate(_tables(path), start=1):
            where = f"{path}: strategy {number}"
            key, name = _named(table, where)
            if f"{key} {name}" in seen:
                raise ConfigurationError(f"{where}: {key}: expected each strategy once, found {name!r} again")
            seen.add(f"{key} {name}")
            allocation = _allocation(table.get("allocation"), where)
            written = self._file(name, where=where) if key == "file" else _plugin(name, where=f"{where}: plugin:")
            found.append((written, allocation))
        compiled = iter(self._compiled([one for one, _ in found if isinstance(one, Written)]))
        for one, allocation in found:
            yield Sleeve(strategy=next(compiled) if isinstance(one, Written) else one, allocation=allocation)

    def _compiled(self, texts: Sequence[Written]) -> tuple[Symphony, ...]:
        # Kept by their texts alone: only one notation is, or a text could be taken for one of another.
        kept = self._kept if texts and all(one.file.endswith(_TEXT) for one in texts) else None
        known = kept.find(texts) if kept is not None else None
        if known is not None:
            return known
        # One stock for the book: files share most of what they say.
        stock = Stock()
        with collector_paused():
            book = tuple(_compile(one.text, one.file, stock) for one in texts)
        if kept is not None:
            kept.keep(texts, book)
        return book

    def _file(self, name: str, *, where: str) -> Written:
        stem, dot, ending = name.rpartition(".")
        if f"{dot}{ending}" not in _SUFFIXES or not _NAME.match(stem):
            raise ConfigurationError(f"{where}: file: expected a name of a-z, 0-9, _ and - {_ENDING}, found {name!r}")
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise ConfigurationError(f"{where}: file: {name} leads out of {self._root}; put the file itself there")
        if not path.is_file():
            raise ConfigurationError(f"{where}: file: expected {path}, found no such file")
        return _written(path)


def read_symphony(path: Path) -> Symphony:
    """
    Compile the strategy in a file of any suffix, whatever its notation.

    Raises:
        ConfigurationError: there is no such file.
        StrategyError: its text is wrong.
    """
    return _compile(read_text(path), str(path), Stock())


def _written(path: Path) -> Written:
    return Written(file=str(path), text=read_text(path))


def read_text(path: Path) -> str:
    """
    Return the text of a strategy file, at most 16 MB of UTF-8.

    Raises:
        ConfigurationError: there is no such file.
        DslSyntaxError: it is too large, or no text.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: expected a strategy file, found no such file")
    if path.stat().st_size > _LARGEST_FILE:
        problem = f"expected a text of at most {_LARGEST_FILE} bytes, found {path.stat().st_size}"
        raise DslSyntaxError(problem, span=None, file=str(path))
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DslSyntaxError(f"expected UTF-8 text, found {exc}", span=None, file=str(path)) from exc
    except OSError as exc:
        raise ConfigurationError(f"{path}: the file cannot be read: {exc}") from exc


def write_text(path: Path, text: str) -> None:
    """
    Write a file whole or not at all, in place of one that is there.

    Raises:
        ConfigurationError: it cannot be written; what was there before stays.
    """
    target = path.resolve()
    draft = target.with_name(f".{target.name}.draft")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        draft.replace(target)
    except OSError as exc:
        raise ConfigurationError(f"{path}: the file cannot be written: {exc}") from exc


def _compile(text: str, file: str, stock: Stock) -> Symphony:
    suffix = Path(file).suffix
    if suffix == _TEXT:
        return compile_text(text, file=file, stock=stock)
    from alchemiser.domain.strategy.composer import documents

    match suffix:
        case ".json":
            return documents.compile_json(text, file=file)
        case ".edn":
            return documents.compile_edn(text, file=file)
        case _:
            return documents.compile_any(text, file=file)


def _plugin(name: str, *, where: str) -> Strategy:
    from importlib.metadata import entry_points

    found = list(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        known = ", ".join(sorted(entry_points(group=GROUP).names)) or "none"
        raise ConfigurationError(
            f"{where} expected one plug-in {name!r} in the entry-point group {GROUP}, found {len(found)}; "
            f"known: {known}"
        )
    try:
        strategy: object = found[0].load()()
    except (ImportError, AttributeError, TypeError) as exc:
        raise ConfigurationError(f"{where} plug-in {name!r} ({found[0].value}) cannot be made: {exc}") from exc
    if not _is_strategy(strategy):
        raise ConfigurationError(
            f"{where} plug-in {name!r} ({found[0].value}): expected an object with name, fingerprint, "
            f"requirements and evaluate, found {type(strategy).__name__}"
        )
    return strategy


def _is_strategy(candidate: object) -> TypeGuard[Strategy]:
    texts = (getattr(candidate, "name", None), getattr(candidate, "fingerprint", None))
    return (
        all(isinstance(text, str) and text.strip() for text in texts)
        and isinstance(getattr(candidate, "requirements", None), Requirements)
        and callable(getattr(candidate, "evaluate", None))
    )


def _tables(path: Path) -> list[Mapping[str, object]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise ConfigurationError(
            f"{path}: expected a portfolio file, found none; run from the folder that holds it, "
            "or name another in [strategies] portfolio or with --book"
        ) from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigurationError(f"{path}: expected a TOML file of [[strategy]] tables: {exc}") from exc
    unknown = sorted(set(document) - {"strategy"})
    if unknown:
        raise ConfigurationError(f"{path}: expected only [[strategy]] tables, found the key {unknown[0]!r}")
    tables = document.get("strategy", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{path}: strategy: expected at least one [[strategy]] table, found none")
    return tables


def _named(table: Mapping[str, object], where: str) -> tuple[str, str]:
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise ConfigurationError(
            f"{where}: expected the keys file or plugin, and allocation, found the key {unknown[0]!r}"
        )
    keys = [key for key in ("file", "plugin") if key in table]
    if len(keys) != 1:
        raise ConfigurationError(f"{where}: expected one of the keys file and plugin, found {len(keys)}")
    name = table[keys[0]]
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"{where}: {keys[0]}: expected a name in quotes, found {name!r}")
    return keys[0], name


def _allocation(value: object, where: str) -> Decimal:
    if not isinstance(value, str) or not _ALLOCATION.match(value) or not 0 < Decimal(value) <= 1:
        raise ConfigurationError(
            f'{where}: allocation: expected a decimal in quotes above 0 and at most 1, such as "0.25", found {value!r}'
        )
    return Decimal(value)
