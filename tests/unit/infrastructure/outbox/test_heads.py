"""
Heads of the audit chain in a file.
"""

from pathlib import Path

import pytest

from alchemiser.application.ports.audit import AuditChain, Flaw, Head, Witnessed
from alchemiser.application.witnessing import WitnessingNotifier
from alchemiser.domain.errors import NotificationError
from alchemiser.infrastructure.outbox.files import OutboxFolder
from alchemiser.infrastructure.outbox.heads import HeadsFile


def a_head(number: int, run: str = "R-1") -> Witnessed:
    return Witnessed(run_id=run, head=Head(seq=number, hash="a" * 64))


def test_nothing_is_kept_at_first(tmp_path: Path) -> None:
    """
    No file is no head.
    """
    assert () == HeadsFile(tmp_path / "outbox").kept()


def test_one_head_a_run_is_kept_in_order(tmp_path: Path) -> None:
    """
    A head that is kept again for a run takes the earlier one's place.
    """
    file = HeadsFile(tmp_path / "outbox")
    for head in (a_head(1), a_head(5, "R-2"), a_head(7)):
        file.keep(head)

    assert (a_head(5, "R-2"), a_head(7)) == HeadsFile(tmp_path / "outbox").kept()


@pytest.mark.parametrize("content", ["nonsense\n", '{"run": "x"}\n', "[1]\n"])
def test_a_file_that_is_none_is_told_of(tmp_path: Path, content: str) -> None:
    """
    What was kept is not taken for nothing.
    """
    (tmp_path / "audit-heads.jsonl").write_text(content, encoding="utf-8")

    with pytest.raises(NotificationError, match="audit-heads"):
        HeadsFile(tmp_path).kept()


class _Chain(AuditChain):
    def head(self) -> Head:
        return Head(seq=7, hash="b" * 64)

    def flaws(self, *, limit: int = 100) -> tuple[Flaw, ...]:  # noqa: ARG002
        return ()

    def disagreeing(self, witnessed: object) -> tuple[Flaw, ...]:  # noqa: ARG002
        return ()


def test_every_report_carries_the_head(tmp_path: Path) -> None:
    """
    At the end of the text and inside the page, and beside them in the file.
    """
    heads = HeadsFile(tmp_path)
    notifier = WitnessingNotifier(OutboxFolder(tmp_path), chain=_Chain(), witness=heads)

    text, html = notifier.deliver(name="R-1", subject="Success", text="All is well.\n", html="<body><p>x</p></body>")

    told = f"Audit chain before this report: 7:{'b' * 64}"
    assert told == Path(text).read_text(encoding="utf-8").splitlines()[-1]
    assert f"{told}</small></p>\n</body>" in Path(html).read_text(encoding="utf-8")
    assert (Witnessed(run_id="R-1", head=_Chain().head()),) == heads.kept()


def test_a_head_that_cannot_be_kept_does_not_hold_the_report_back(tmp_path: Path) -> None:
    """
    The report still carries it.
    """
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    notifier = WitnessingNotifier(OutboxFolder(tmp_path), chain=_Chain(), witness=HeadsFile(tmp_path / "file"))

    text, _ = notifier.deliver(name="R-1", subject="Success", text="All is well.", html="<p>x</p>")

    assert "7:bbb" in Path(text).read_text(encoding="utf-8")
