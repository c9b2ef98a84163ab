"""
Compiled books kept in a folder, one JSON file for each set of texts; a cache that may be deleted at any time.

1. A book's name is the SHA-256 of its texts, of the compiler's own sources and of the Python version: whatever could
   change what a text means makes another name.
2. The first line of a file is the SHA-256 of the rest; a file that does not match it is as good as none.
3. The folder and its files belong to their owner alone; a folder others may write to is not used.
4. Whatever goes wrong here is no failure: the texts are compiled again.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import alchemiser.domain
from alchemiser.application.ports.strategies import CompiledBooks, Written
from alchemiser.domain.strategy.collector import collector_paused
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.infrastructure.compiled.trees import book_of, plain_book

VARIABLE = "ALCHEMISER_CACHE"
OFF = "off"
_OTHERS_MAY_WRITE = 0o022


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """
    Return where compiled books are kept, or None when they are not to be.

    `ALCHEMISER_CACHE` names the folder or is `off`; without it, `alchemiser` in the user's cache folder.
    """
    named = environment.get(VARIABLE, "")
    if named == OFF:
        return None
    if named:
        return Path(named)
    home = environment.get("XDG_CACHE_HOME", "")
    if home and Path(home).is_absolute():
        return Path(home) / "alchemiser"
    user = environment.get("HOME", "")
    return Path(user) / ".cache" / "alchemiser" if user else None


class CompiledFiles(CompiledBooks):
    """
    A folder of compiled books.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, texts: Sequence[Written]) -> tuple[Symphony, ...] | None:
        """
        Return what the texts were compiled to, or None; see the port.
        """
        try:
            if not _is_private(self._folder):
                return None
            told, _, body = (self._folder / _name_of(texts)).read_bytes().partition(b"\n")
            if told != _sha256(body):
                return None
            with collector_paused():
                return book_of(json.loads(body), [one.file for one in texts])
        except (OSError, ValueError, RecursionError):
            return None

    def keep(self, texts: Sequence[Written], book: Sequence[Symphony]) -> None:
        """
        Keep what the texts were compiled to; see the port.
        """
        body = json.dumps(plain_book(book), separators=(",", ":")).encode()
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(self._folder):
                return
            place = self._folder / _name_of(texts)
            partial = place.with_suffix(f".{os.getpid()}")
            try:
                partial.write_bytes(_sha256(body) + b"\n" + body)
                partial.chmod(0o600)
                partial.replace(place)
            finally:
                partial.unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    state = folder.stat()
    return state.st_uid == os.getuid() and not state.st_mode & _OTHERS_MAY_WRITE


def _name_of(texts: Sequence[Written]) -> str:
    whole = hashlib.sha256(_compiler())
    for one in texts:
        text = one.text.encode("utf-8", "surrogatepass")
        whole.update(f"{len(text)}\n".encode())
        whole.update(text)
    return f"{whole.hexdigest()}.json"


@cache
def _compiler() -> bytes:
    domain = Path(alchemiser.domain.__path__[0])
    sources = [*domain.glob("*.py"), *domain.glob("strategy/*.py"), *domain.glob("indicators/*.py")]
    whole = hashlib.sha256(sys.version.encode())
    for path in sorted([*sources, *Path(__file__).parent.glob("*.py")]):
        whole.update(path.read_bytes())
    return whole.digest()


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
