"""
What becomes of one text: accepted, refused in its place, or a failure.

A text is accepted when it compiles and its canonical text compiles to the same meaning, as do the trees it is exported
as; it is refused when an error of the language points into it, or names a path, in a message of bounded length that can
be printed. Anything else is a failure, as is taking longer than the limit.
"""

import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Literal, TypeAlias

from alchemiser.domain.errors import DslError
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.composer.documents import compile_any, compile_edn, compile_json
from alchemiser.domain.strategy.composer.edn import edn_text
from alchemiser.domain.strategy.composer.jsons import json_text
from alchemiser.domain.strategy.composer.trees import tree_of
from alchemiser.domain.strategy.reader import SIZE_LIMIT
from alchemiser.domain.strategy.symphony import Symphony

Notation: TypeAlias = Literal["clj", "json", "edn"]

LONGEST_MESSAGE = 1_000

_FILE = "fuzzed"
_HANGS_AFTER_S = 5.0
_RETRIES = 3
_COMPILED: Mapping[Notation, Callable[..., Symphony]] = {
    "clj": compile_text,
    "json": compile_json,
    "edn": compile_edn,
}


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


def judged(text: str, *, limit_s: float, notation: Notation = "clj", hangs_after_s: float = _HANGS_AFTER_S) -> Verdict:
    """
    Compile a text and judge what happens; a slow one is timed again, so that only what is always slow fails.
    """
    verdict = _once(text, notation, hangs_after_s)
    retries = _RETRIES if verdict.outcome != "failed" else 0
    while verdict.seconds > limit_s and retries:
        again = _once(text, notation, hangs_after_s)
        verdict = min(verdict, again, key=lambda one: one.seconds)
        retries -= 1
    if verdict.seconds > limit_s and verdict.outcome != "failed":
        why = f"took {verdict.seconds * 1e3:.0f} ms, allowed are {limit_s * 1e3:.0f}"
        return Verdict(outcome="failed", why=why, seconds=verdict.seconds)
    return verdict


def _once(text: str, notation: Notation, hangs_after_s: float) -> Verdict:
    began = time.process_time()
    try:
        with _interrupted_after(hangs_after_s):
            symphony = _COMPILED[notation](text, file=_FILE)
    except DslError as error:
        seconds = time.process_time() - began
        why = _wrong_with(error, text)
        return Verdict(outcome="failed" if why else "refused", why=why or error.problem, seconds=seconds)
    except Exception:  # noqa: BLE001 - whatever else is raised is what this is looking for
        return Verdict(outcome="failed", why=traceback.format_exc(limit=-3), seconds=time.process_time() - began)
    seconds = time.process_time() - began
    why = _changed_by_printing(symphony) or (
        _changed_by_notation(symphony, text, notation) if notation != "clj" else ""
    )
    return Verdict(outcome="failed" if why else "accepted", why=why, seconds=seconds)


def _wrong_with(error: DslError, text: str) -> str:
    message, span = str(error), error.span
    # A path is as long as the tree is deep, and so is the name of a text inside it.
    length = len(message) - len(error.path) - len(error.file)
    if length > LONGEST_MESSAGE:
        return f"a message of {length:,} characters: {message[:80]}"
    if "expected " not in error.problem or "found " not in error.problem:
        return f"a message without what was expected and found: {error.problem}"
    if not message.replace("\n", "").isprintable():
        return f"a message that cannot be printed: {message!a}"
    if span is None and not error.path and "found an empty text" not in error.problem and len(text) <= SIZE_LIMIT:
        return f"a message without a place: {error.problem}"
    # A text inside a tree has places of its own, and says so in its name.
    if (
        span is not None
        and error.file == _FILE
        and not (
            0 <= span.start <= span.end <= len(text)
            and span.line == text.count("\n", 0, span.start) + 1
            and span.column == span.start - text.rfind("\n", 0, span.start)
        )
    ):
        return f"{span} does not lie in the text"
    return ""


def _changed_by_printing(symphony: Symphony) -> str:
    try:
        again = compile_text(symphony.text, file="again.clj")
    except DslError as error:
        return f"its canonical text is refused: {error.problem}"
    return "" if again.fingerprint == symphony.fingerprint else "its canonical text means something else"


def _changed_by_notation(symphony: Symphony, text: str, notation: Notation) -> str:
    tree = tree_of(symphony)
    try:
        others = {"JSON": compile_json(json_text(tree)), "EDN": compile_edn(edn_text(tree))}
        if notation == "json":
            others["told by its beginning"] = compile_any(text)
    except DslError as error:
        return f"what it is exported as is refused: {error}"
    changed = [name for name, other in others.items() if other.fingerprint != symphony.fingerprint]
    return f"as {', '.join(changed)} it means something else" if changed else ""


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
