"""
Settings: a profile file, then the environment over it; read once, whole or refused.

1. A profile is one of the shipped ones by name (`demo`, `test`) or a TOML file by path.
2. `ALCHEMISER__SECTION__KEY` in the environment replaces that key.
3. Every key is known and of its type; amounts and fractions are decimals in quotes, never floats.
4. What the domain refuses, and combinations that make no sense, are refused here, before anything runs.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, TypeAlias, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from alchemiser.application.ports.suite import Rules
from alchemiser.domain.errors import ConfigurationError
from alchemiser.infrastructure.settings.rules import refuse_nonsense, rules_of
from alchemiser.infrastructure.settings.tables import Section, Tables

_PROFILES = Path(__file__).parents[2] / "profiles"
_PREFIX = "ALCHEMISER__"
_SECRET = re.compile(r"(^|_)key(_|$)|secret|token|password", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^:/@]*):[^@]*@|((?<=[?&])password)=[^&]*")

Value: TypeAlias = object
Raw: TypeAlias = dict[str, dict[str, Value]]
Place: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    A profile's name, where it was read, its tables and the rules the workflow takes from them.

    Args:
        replaced: the keys that the environment replaced, with the variable of each.
    """

    profile: str
    file: Path
    tables: Tables
    rules: Rules
    replaced: Mapping[Place, str]

    def redacted(self) -> dict[str, dict[str, Value]]:
        """
        Return every setting as JSON, without anything secret.
        """
        shown: Raw = self.tables.model_dump(mode="json")
        return {
            section: {key: _redacted(key, value) for key, value in table.items()} for section, table in shown.items()
        }


def load_settings(profile: str, *, environment: Mapping[str, str]) -> Settings:
    """
    Return the settings of a profile.

    Args:
        profile: the name of a shipped profile, or the path of a TOML file.
        environment: the process's environment.

    Raises:
        ConfigurationError: there is no such profile, or a key is unknown, missing, of a wrong type or value.
    """
    file = _file_of(profile)
    raw = _read(file)
    replaced = _replace(raw, environment)
    try:
        tables = Tables.model_validate(raw)
    except ValidationError as exc:
        problems = [_told(error, file=file, replaced=replaced) for error in exc.errors(include_url=False)]
        raise ConfigurationError("\n".join(problems)) from exc
    name = file.stem
    try:
        refuse_nonsense(tables, profile=name)
        return Settings(profile=name, file=file, tables=tables, rules=rules_of(tables, profile=name), replaced=replaced)
    except ValueError as exc:
        raise ConfigurationError(f"{file}: {exc}") from exc


def _file_of(profile: str) -> Path:
    shipped = sorted(path.stem for path in _PROFILES.glob("*.toml"))
    if profile in shipped:
        return _PROFILES / f"{profile}.toml"
    file = Path(profile)
    if file.suffix == ".toml" and file.is_file():
        return file
    raise ConfigurationError(
        f"expected a profile, one of {', '.join(shipped)} or the path of a TOML file, found {profile!r}"
    )


def _read(file: Path) -> Raw:
    try:
        found: dict[str, Value] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{file}: expected a readable file, found: {exc}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{file}: expected TOML, found: {exc}") from exc
    for key, value in found.items():
        if not isinstance(value, dict):
            raise ConfigurationError(f"{file}: expected sections only, found the key {key} outside of any")
    return {section: dict(table) for section, table in found.items() if isinstance(table, dict)}


def _replace(raw: Raw, environment: Mapping[str, str]) -> Mapping[Place, str]:
    """
    Put the environment's values into the tables; return the variable of each replaced key.
    """
    replaced: dict[Place, str] = {}
    for variable in sorted(name for name in environment if name.startswith(_PREFIX)):
        place = tuple(variable.removeprefix(_PREFIX).lower().split("__"))
        if len(place) != 2 or not all(place):
            raise ConfigurationError(f"expected {_PREFIX}SECTION__KEY, found the variable {variable}")
        section, key = place
        raw.setdefault(section, {})[key] = _typed(section, key, environment[variable])
        replaced[place] = variable
    return replaced


def _typed(section: str, key: str, text: str) -> Value:
    """
    Read a variable's text as TOML where the key takes a number, a date, a truth or a list, else as it stands.
    """
    table = Tables.model_fields.get(section)
    kind = table.annotation if table else None
    field = kind.model_fields.get(key) if isinstance(kind, type) and issubclass(kind, Section) else None
    if field is None or not _is_bare(field.annotation):
        return text
    try:
        value: Value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value


def _is_bare(annotation: Value) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_bare(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return any(_is_bare(part) for part in get_args(annotation))
    return origin is tuple or annotation in {int, bool, date}


def _told(error: ErrorDetails, *, file: Path, replaced: Mapping[Place, str]) -> str:
    """
    Say which key of which file or variable is wrong, what it should be and what it is.
    """
    place = tuple(str(part) for part in error["loc"])
    variables = [variable for key, variable in replaced.items() if key[: len(place)] == place[:2]]
    where = variables[0] if variables else f"{file}: " + f"[{place[0]}] {'.'.join(place[1:])}".strip()
    match error["type"]:
        case "missing":
            return f"{where}: expected this {'key' if len(place) > 1 else 'section'}, found none"
        case "extra_forbidden":
            return f"{where}: {_unknown(place)}"
        case _:
            problem = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
            return f"{where}: {problem}, found {_redacted(place[-1], error['input'])!r}"


def _unknown(place: Place) -> str:
    table = Tables.model_fields.get(place[0])
    kind = Tables if len(place) == 1 else table.annotation if table else None
    known = sorted(kind.model_fields) if isinstance(kind, type) and issubclass(kind, Section) else []
    near = get_close_matches(place[-1], known, n=1)
    hint = f"; perhaps {near[0]} was meant" if near else ""
    return f"unknown {'section' if len(place) == 1 else 'key'}{hint}; known are {', '.join(known)}"


def _redacted(key: str, value: Value) -> Value:
    if _SECRET.search(key):
        return "***"
    return _PASSWORD_IN_URL.sub(_hidden, value) if isinstance(value, str) else value


def _hidden(found: re.Match[str]) -> str:
    return f"{found[2]}=***" if found[2] else f"{found[1]}:***@"
