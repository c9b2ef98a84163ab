"""
Questions to Alpaca through its own client, with what the client lacks: a deadline, and retries that follow the limits.

1. Every request has a deadline; the client's own retries, with their fixed waits, are off.
2. A refused key or subscription is told at once; a question that makes no sense is told at once.
3. A full limit is waited out until its reset; whatever else gives no definite answer is asked again after a growing
   wait, and is an error when it was asked often enough.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, cast

import requests
import structlog
from requests.adapters import HTTPAdapter

from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import DataError, SourceRefused, SourceUnavailable

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

Answer: TypeAlias = "bool | int | float | str | list[Answer] | dict[str, Answer] | None"

_log = structlog.get_logger(__name__)
_REFUSED = {401, 403}
_LIMITED, _BROKEN = 429, 500
_AGAIN = {408, 425, _LIMITED}
_LONGEST_WAIT = timedelta(minutes=2)
_SHOWN = 200


class AlpacaSession:
    """
    One client with deadlines and retries.

    Args:
        attempts: how often a question is asked before it is given up.
        timeout_s: the deadline of one request, in seconds.
    """

    def __init__(self, client: "RESTClient", clock: Clock, *, attempts: int = 6, timeout_s: float = 30.0) -> None:
        self._client = client
        self._clock = clock
        self._attempts = attempts
        # The client offers neither: see its `_one_request`.
        client._retry = 0  # noqa: SLF001
        session = client._session  # noqa: SLF001
        session.hooks["response"].append(self._limits)
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Deadline(timeout_s))
        self._remaining: int | None = None
        self._reset: datetime | None = None

    def get(self, path: str, params: Mapping[str, str | int], *, version: str = "v2") -> Answer:
        """
        Return the decoded answer to a question.

        Raises:
            SourceRefused: the keys or the subscription do not allow it.
            SourceUnavailable: no definite answer came.
            DataError: the question is refused.
        """
        last = ""
        for attempt in range(self._attempts):
            self._pace(attempt)
            try:
                return self._asked(path, params, version)
            except SourceUnavailable as exc:
                last = str(exc)
                _log.warning("source_asked_again", path=path, attempt=attempt + 1, problem=last)
        raise SourceUnavailable(f"alpaca: expected an answer to {path} in {self._attempts} attempts, found {last}")

    def _asked(self, path: str, params: Mapping[str, str | int], version: str) -> Answer:
        from alpaca.common.exceptions import APIError

        try:
            answer = self._client.get(path, dict(params), api_version=version)
        except APIError as exc:
            raise _translated(exc.status_code, str(exc), path) from exc
        except requests.RequestException as exc:
            # A dropped connection, a missed deadline, or a body that is no JSON.
            raise SourceUnavailable(f"{type(exc).__name__}: {exc}"[:_SHOWN]) from exc
        if answer is None:
            raise SourceUnavailable("an empty answer")
        return cast("Answer", answer)

    def _pace(self, attempt: int) -> None:
        now = self._clock.now()
        if self._remaining == 0 and self._reset is not None and self._reset > now:
            self._clock.wait_until(min(self._reset, now + _LONGEST_WAIT))
            self._remaining = None
        elif attempt:
            self._clock.wait_until(now + timedelta(seconds=2 ** (attempt - 1)))

    def _limits(self, response: requests.Response, **_: object) -> None:
        try:
            remaining = int(response.headers.get("X-RateLimit-Remaining", ""))
            reset = datetime.fromtimestamp(int(response.headers.get("X-RateLimit-Reset", "")), UTC)
        except (ValueError, OverflowError):
            return
        self._remaining = 0 if response.status_code == _LIMITED else remaining
        self._reset = reset


def table(answer: Answer, what: str) -> dict[str, Answer]:
    """
    Return an answer that is an object.

    Raises:
        DataError: it is none.
    """
    if isinstance(answer, dict):
        return answer
    raise DataError(f"alpaca: expected {what}, found {str(answer)[:_SHOWN]!r}")


class _Deadline(HTTPAdapter):
    """
    A transport that never waits longer than its deadline.
    """

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
        options["timeout"] = self._timeout_s
        return super().send(request, **options)  # type: ignore[arg-type]


def _translated(status: int | None, body: str, path: str) -> DataError:
    shown = " ".join(body.split())[:_SHOWN] or "an empty body"
    if status in _REFUSED:
        return SourceRefused(f"alpaca: expected keys and a subscription that allow {path}, found {status}: {shown}")
    if status is None or status in _AGAIN or status >= _BROKEN:
        return SourceUnavailable(f"{status}: {shown}")
    return DataError(f"alpaca: expected {path} to be answered, found {status}: {shown}")
