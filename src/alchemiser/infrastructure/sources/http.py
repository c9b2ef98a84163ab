"""
A question over HTTP that is answered with JSON: deadlines, a limit on size, and retries with growing waits.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import timedelta
from http.client import HTTPException
from typing import TypeAlias
from urllib.parse import urlencode

import structlog

from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import DataError, SourceRefused, SourceUnavailable

Answer: TypeAlias = "bool | int | float | str | list[Answer] | dict[str, Answer] | None"

_log = structlog.get_logger(__name__)
_LARGEST = 64 * 1024 * 1024
_SHOWN = 200


class HttpQuestions:
    """
    Questions to one address.

    Args:
        name: whose it is, for messages.
        limited_wait: how long to wait when the limit is full, for the limit is by the minute.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        name: str,
        attempts: int = 6,
        timeout_s: float = 30.0,
        limited_wait: timedelta = timedelta(seconds=61),
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._name = name
        self._attempts = attempts
        self._timeout_s = timeout_s
        self._limited_wait = limited_wait

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        secret: Mapping[str, str],
        problem: Callable[[dict[str, Answer]], DataError | None],
    ) -> dict[str, Answer]:
        """
        Return the object that a question is answered with.

        Args:
            secret: headers that no message may show.
            problem: the error that an answer stands for, None for an answer.

        Raises:
            SourceRefused: the keys do not allow it.
            SourceUnavailable: no definite answer came.
            DataError: the question is refused.
        """
        last = ""
        for attempt in range(self._attempts):
            if attempt:
                wait = self._limited_wait if last.startswith("429") else timedelta(seconds=2 ** (attempt - 1))
                self._clock.wait_until(self._clock.now() + wait)
            try:
                answer = self._asked(f"{self._url}{path}?{urlencode(params)}", secret)
                error = problem(answer)
                if error is not None:
                    raise error
            except SourceUnavailable as exc:
                last = str(exc)
                _log.warning("source_asked_again", source=self._name, attempt=attempt + 1, problem=last)
            else:
                return answer
        raise SourceUnavailable(f"{self._name}: expected an answer in {self._attempts} attempts, found {last}")

    def _asked(self, url: str, secret: Mapping[str, str]) -> dict[str, Answer]:
        request = urllib.request.Request(url, headers=dict(secret))  # noqa: S310 - the settings allow https alone
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as opened:  # noqa: S310
                body: bytes = opened.read(_LARGEST + 1)
        except urllib.error.HTTPError as exc:
            with exc:
                raise self.refusal(exc.code, exc.read(_SHOWN).decode("utf-8", "replace")) from exc
        except (OSError, HTTPException) as exc:
            raise SourceUnavailable(f"{type(exc).__name__}: {exc}"[:_SHOWN]) from exc
        if len(body) > _LARGEST:
            raise DataError(f"{self._name}: expected an answer of at most {_LARGEST} bytes, found more")
        try:
            answer = json.loads(body)
        except ValueError as exc:
            raise SourceUnavailable(f"no JSON: {body[:_SHOWN].decode('utf-8', 'replace')!r}") from exc
        if not isinstance(answer, dict):
            raise SourceUnavailable(f"no object: {body[:_SHOWN].decode('utf-8', 'replace')!r}")
        return answer

    def refusal(self, status: int, body: str) -> DataError:
        """
        Return the error that a status stands for.
        """
        shown = " ".join(body.split())[:_SHOWN] or "an empty body"
        if status in {401, 403}:
            return SourceRefused(f"{self._name}: expected a key and a plan that allow it, found {status}: {shown}")
        if status in {408, 425, 429} or status >= 500:
            return SourceUnavailable(f"{status}: {shown}")
        return DataError(f"{self._name}: expected an answer, found {status}: {shown}")
