"""
The strategies of a folder: `portfolio.toml` names files and plug-ins with their allocations.

1. The portfolio file may hold nothing but what is read: an unknown key, a file that is not there, one named
   twice, or allocations that do not sum to exactly 1 are refused, naming file and key.
2. A file is found by a plain name inside the folder; links that lead out of it are not followed.
3. A Python strategy is found by its entry point in the group `alchemiser.strategies`: a class or function
   that, called without arguments, returns a Strategy.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeGuard

from alchemiser.application.ports.strategies import Book, CompiledBooks, Sleeve, StrategyLibrary, Written
from alchemiser.domain.errors import ConfigurationError, DslSyntaxError
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.stock import Stock
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony

GROUP = "alchemiser.strategies"
PORTFOLIO = "portfolio.toml"

_NAME = re.compile(r"[a-z0-9_-]{1,64}\Z")
_ALLOCATION = re.compile(r"[01](\.[0-9]{1,12})?\Z")
_SUFFIX = ".clj"
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
        if name.endswith(_SUFFIX) or "/" in name:
            return self._compiled([_written(Path(name))])[0]
        if not _NAME.match(name):
            raise ConfigurationError(
                f"expected a strategy's name (a-z, 0-9, _ and -) or a path ending in {_SUFFIX}, found {name!r}"
            )
        if (self._root / f"{name}{_SUFFIX}").exists():
            return self._compiled([self._file(f"{name}{_SUFFIX}", where=str(self._root))])[0]
        return _plugin(name, where=f"{self._root} holds no {name}{_SUFFIX};")

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
        known = self._kept.find(texts) if self._kept is not None and texts else None
        if known is not None:
            return known
        # One stock for the book: files share most of what they say.
        stock = Stock()
        book = tuple(compile_text(one.text, file=one.file, stock=stock) for one in texts)
        if self._kept is not None and texts:
            self._kept.keep(texts, book)
        return book

    def _file(self, name: str, *, where: str) -> Written:
        if not name.endswith(_SUFFIX) or not _NAME.match(name.removesuffix(_SUFFIX)):
            raise ConfigurationError(
                f"{where}: file: expected a name of a-z, 0-9, _ and - ending in {_SUFFIX}, found {name!r}"
            )
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise ConfigurationError(f"{where}: file: {name} leads out of {self._root}; put the file itself there")
        if not path.is_file():
            raise ConfigurationError(f"{where}: file: expected {path}, found no such file")
        return _written(path)


def _written(path: Path) -> Written:
    if not path.is_file():
        raise ConfigurationError(f"{path}: expected a strategy file, found no such file")
    if path.stat().st_size > _LARGEST_FILE:
        problem = f"expected a text of at most {_LARGEST_FILE} bytes, found {path.stat().st_size}"
        raise DslSyntaxError(problem, span=None, file=str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DslSyntaxError(f"expected UTF-8 text, found {exc}", span=None, file=str(path)) from exc
    except OSError as exc:
        raise ConfigurationError(f"{path}: the file cannot be read: {exc}") from exc
    return Written(file=str(path), text=text)


def _plugin(name: str, *, where: str) -> Strategy:
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
