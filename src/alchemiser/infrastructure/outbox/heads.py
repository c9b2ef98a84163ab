"""
Keep heads of the audit chain beside the reports: `audit-heads.jsonl`, a line a run, in the order they were kept.
"""

import json
import os
from pathlib import Path

from alchemiser.application.ports.audit import Head, Witness, Witnessed
from alchemiser.domain.errors import NotificationError

_NAME = "audit-heads.jsonl"


class HeadsFile(Witness):
    """
    A file of heads, each line whole or not there at all.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / _NAME

    def keep(self, witnessed: Witnessed) -> None:
        """
        Add a line, in place of an earlier one of the same run.
        """
        others = [one for one in self.kept() if one.run_id != witnessed.run_id]
        lines = [
            json.dumps({"run": one.run_id, "seq": one.head.seq, "hash": one.head.hash}) for one in [*others, witnessed]
        ]
        draft = self._file.with_name(f".{_NAME}.draft")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8", newline="\n") as opened:
                opened.write("\n".join([*lines, ""]))
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(self._file)
        except OSError as exc:
            raise NotificationError(f"expected to keep the head of the audit chain in {self._file}: {exc}") from exc

    def kept(self) -> tuple[Witnessed, ...]:
        """
        Return every head that was kept; none when there is no file.
        """
        try:
            text = self._file.read_text(encoding="utf-8")
            rows = [json.loads(line) for line in text.splitlines()]
            return tuple(
                Witnessed(run_id=str(row["run"]), head=Head(seq=int(row["seq"]), hash=str(row["hash"]))) for row in rows
            )
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise NotificationError(f"expected heads of the audit chain in {self._file}, found: {exc}") from exc
