"""
What becomes of one text: accepted, refused in its place, or a failure.

A text is accepted when it compiles and its canonical text compiles to the same meaning; it is refused when an error of
the language points into it, in a message of bounded length that can be printed. Anything else is a failure, as is
taking longer than the limit.
"""

import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Literal

from alchemiser.domain.errors import DslError
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.symphony import Symphony

LONGEST_MESSAGE = 1_000

_HANGS_AFTER_S = 5.0
_RETRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What became of a text.

    Args:
        outcome: accepted, refused or failed.
        why: what failed, or the refusal.
        seconds: processor time of compiling it once.
    """

    outcome: Literal["accepted", "refused", "failed"]
    why: str
    seconds: float


def judged(text: str, *, limit_s: float, hangs_after_s: float = _HANGS_AFTER_S) -> Verdict:
    """
    Compile a text and judge what happens; a slow one is timed again, so that only what is always slow fails.
    """
    verdict = _once(text, hangs_after_s)
    retries = _RETRIES if verdict.outcome != "failed" else 0
    while verdict.seconds > limit_s and retries:
        again = _once(text, hangs_after_s)
        verdict = min(verdict, again, key=lambda one: one.seconds)
        retries -= 1
    if verdict.seconds > limit_s and verdict.outcome != "failed":
        why = f"took {verdict.seconds * 1e3:.0f} ms, allowed are {limit_s * 1e3:.0f}"
        return Verdict(outcome="failed", why=why, seconds=verdict.seconds)
    return verdict


def _once(text: str, hangs_after_s: float) -> Verdict:
    began = time.process_time()
    try:
        with _interrupted_after(hangs_after_s):
            symphony = compile_text(text, file="fuzz.clj")
    except DslError as error:
        seconds = time.process_time() - began
        why = _wrong_with(error, text)
        return Verdict(outcome="failed" if why else "refused", why=why or error.problem, seconds=seconds)
    except Exception:  # noqa: BLE001 - whatever else is raised is what this is looking for
        return Verdict(outcome="failed", why=traceback.format_exc(limit=-3), seconds=time.process_time() - began)
    seconds = time.process_time() - began
    why = _changed_by_printing(symphony)
    return Verdict(outcome="failed" if why else "accepted", why=why, seconds=seconds)


def _wrong_with(error: DslError, text: str) -> str:
    message, span = str(error), error.span
    if len(message) > LONGEST_MESSAGE:
        return f"a message of {len(message):,} characters: {message[:80]}"
    if "expected " not in error.problem or "found " not in error.problem:
        return f"a message without what was expected and found: {error.problem}"
    if not message.replace("\n", "").isprintable():
        return f"a message that cannot be printed: {message!a}"
    if span is not None and not (
        0 <= span.start <= span.end <= len(text)
        and span.line == text.count("\n", 0, span.start) + 1
        and span.column == span.start - text.rfind("\n", 0, span.start)
    ):
        return f"{span} does not lie in the text"
    return ""


def _changed_by_printing(symphony: Symphony) -> str:
    try:
        again = compile_text(symphony.text, file="again.clj")
    except DslError as error:
        return f"its canonical text is refused: {error.problem}"
    return "" if again.fingerprint == symphony.fingerprint else "its canonical text means something else"


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, _interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise TimeoutError("compiling does not end")
