"""
The one codec: domain dataclasses to canonical JSON and back, by pydantic's TypeAdapter.

1. The frozen dataclass is the wire schema; there is no second set of classes.
2. Decimals and amounts are strings, instants are ISO 8601 in UTC, keys are sorted, nothing is padded.
3. Decoding is strict: what was read has to encode to the same text again, fields with defaults aside, so an
   unknown field, a float where a Decimal belongs or a misspelled number is refused.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from alchemiser.domain.errors import RecordsError
from alchemiser.domain.events import Event
from alchemiser.domain.values import Money, Price, Quantity

Kind = TypeVar("Kind")
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
_Amount: TypeAlias = Money | Quantity | Price

EVENT_TYPES: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_ADAPTERS: dict[type[object], TypeAdapter[object]] = {}


def encode(value: object) -> str:
    """
    Return the canonical JSON of a domain value.
    """
    # Through the parsed form: pydantic writes fields in class order, a canonical text has its keys sorted.
    return _canonical(_adapter(type(value)).dump_python(value, mode="json"))


def decode(kind: type[Kind], text: str) -> Kind:
    """
    Return the value of a kind that `encode` wrote.

    Raises:
        RecordsError: the text is no such value, or says more than the kind knows.
    """
    try:
        value = _adapter(kind).validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise RecordsError(
            f"expected a stored {kind.__name__}, found one that cannot be read: {place}: {first['msg']}"
        ) from exc
    given: Json = json.loads(text)
    known: Json = _adapter(kind).dump_python(value, mode="json")
    if place := _difference(given, known, place=""):
        raise RecordsError(f"expected a stored {kind.__name__}, found one with something unknown at {place}")
    assert isinstance(value, kind)
    return value


def decode_event(name: str, text: str) -> Event:
    """
    Return the event that was stored under a type name.

    Raises:
        RecordsError: there is no such event type, or the text is no such event.
    """
    kind = EVENT_TYPES.get(name)
    if kind is None:
        raise RecordsError(f"expected an event of {', '.join(sorted(EVENT_TYPES))}, found {name!r}")
    return decode(kind, text)


def _canonical(parsed: Json) -> str:
    return json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _adapter(kind: type[object]) -> TypeAdapter[object]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _difference(given: Json, known: Json, *, place: str) -> str:
    """
    Return the first place where a given text says something else or more than its decoded value, or nothing.
    """
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            inner = f"{place}.{key}".lstrip(".")
            if key not in known:
                return inner
            if found := _difference(value, known[key], place=inner):
                return found
        return ""
    if isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        for index, (one, other) in enumerate(zip(given, known, strict=True)):
            if found := _difference(one, other, place=f"{place}[{index}]"):
                return found
        return ""
    return "" if type(given) is type(known) and given == known else place or "the whole"


def _amount_from(kind: type[_Amount]) -> Callable[[str], _Amount]:
    def read(text: str) -> _Amount:
        try:
            return kind(Decimal(text))
        except InvalidOperation as exc:
            raise ValueError(f"expected a decimal, found {text!r}") from exc

    return read


def _as_text(kind: type[_Amount], _source: type[_Amount], _handler: GetCoreSchemaHandler) -> CoreSchema:
    return core_schema.no_info_after_validator_function(
        _amount_from(kind),
        core_schema.str_schema(strict=True),
        serialization=core_schema.plain_serializer_function_ser_schema(str),
    )


# Amounts travel as their bare text. The hook is hung on from here, so that the domain needs no pydantic.
for _kind in (Money, Quantity, Price):
    setattr(_kind, "__get_pydantic_core_schema__", classmethod(_as_text))  # noqa: B010 - mypy knows no such attribute
