"""
Logs as JSON lines: an event name in the past tense, its fields, the run's correlation id, no secrets.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from structlog.typing import Processor

_SECRET = re.compile(r"(^|_)key(_|$)|secret|token|password", re.IGNORECASE)


@contextmanager
def logging_to(path: Path | None, *, level: str, clock: Clock) -> Iterator[None]:
    """
    Write logs to the end of a file, or to standard error, until the block ends; then log as before it.

    Args:
        path: the file, None for standard error.
        level: the least that is written: debug, info, warning or error.
        clock: stamps each line; a simulated day has simulated stamps.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    with _kept_settings(), _opened(path) as stream:
        configure(stream, level=level, clock=clock)
        yield


def configure(stream: TextIO, *, level: str, clock: Clock) -> None:
    """
    Write logs to a stream, a JSON object a line.
    """
    import structlog

    def stamp(_logger: object, _method: str, line: MutableMapping[str, object]) -> MutableMapping[str, object]:
        return {"at": clock.now().isoformat(), **line}

    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        stamp,
        redact,
        structlog.processors.JSONRenderer(default=str),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )


@contextmanager
def _kept_settings() -> Iterator[None]:
    """
    Log after the block as before it: the block's stream may be closed by then.
    """
    import structlog

    before = structlog.get_config() if structlog.is_configured() else None
    try:
        yield
    finally:
        if before is None:
            structlog.reset_defaults()
        else:
            structlog.configure(**before)


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stderr
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a", encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"expected to write logs to {path}, the system refused: {exc}") from exc
    with opened:
        yield opened


def redact(_logger: object, _method: str, line: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """
    Hide every field whose name speaks of a key, a secret, a token or a password, at any depth.
    """
    return {name: _shown(name, value) for name, value in line.items()}


def _shown(name: str, value: object) -> object:
    if _SECRET.search(name):
        return "***"
    if isinstance(value, dict):
        return {str(inner): _shown(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_shown("", part) for part in value]
    return value
