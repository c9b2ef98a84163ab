"""
Put reports into a folder: `NAME.txt` and `NAME.html`, each whole or not there at all.
"""

import os
import re
from pathlib import Path

from alchemiser.application.ports.messaging import Notifier
from alchemiser.domain.errors import NotificationError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")


class OutboxFolder(Notifier):
    """
    A folder as the owner's letter box.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def check(self) -> str:
        """
        Return where reports go, without making it.

        Raises:
            NotificationError: nothing can be written there.
        """
        place = self._directory.absolute()
        while not place.exists():
            place = place.parent
        if not place.is_dir() or not os.access(place, os.W_OK):
            raise NotificationError(f"expected to write reports to {self._directory}, {place} cannot be written to")
        return str(self._directory)

    def deliver(self, *, name: str, subject: str, text: str, html: str) -> tuple[str, ...]:
        """
        Write both files, replacing those of an earlier delivery; return their paths.

        Raises:
            NotificationError: a file could not be written; what was there before stays.
            ValueError: the name is no file name.
        """
        if not _NAME.match(name):
            raise ValueError(f"expected a name of letters, digits, dots, - and _, found {name!r}")
        plain, rich = self._directory / f"{name}.txt", self._directory / f"{name}.html"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            _write_whole(plain, f"{subject}\n\n{text}")
            _write_whole(rich, html)
        except OSError as exc:
            raise NotificationError(f"expected to write the report {name} to {self._directory}: {exc}") from exc
        return str(plain), str(rich)


def _write_whole(file: Path, content: str) -> None:
    # One name for every try: what a killed process left behind is overwritten, never piled up.
    draft = file.with_name(f".{file.name}.draft")
    with draft.open("w", encoding="utf-8", newline="\n") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
