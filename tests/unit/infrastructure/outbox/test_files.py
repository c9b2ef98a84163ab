"""
Reports in a folder: whole, and once.
"""

from pathlib import Path

import pytest

from alchemiser.domain.errors import NotificationError
from alchemiser.infrastructure.outbox.files import OutboxFolder


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def test_report_lies_in_two_files(tmp_path: Path) -> None:
    """
    A delivery writes text and HTML, makes the folder, and says where they lie.
    """
    folder = tmp_path / "var" / "outbox"

    places = OutboxFolder(folder).deliver(name="run-1", subject="Rebalanced", text="Fine.\n", html="<p>Fine.</p>")

    assert (str(folder / "run-1.txt"), str(folder / "run-1.html")) == places
    assert {"run-1.txt": "Rebalanced\n\nFine.\n", "run-1.html": "<p>Fine.</p>"} == contents(folder)


def test_second_delivery_replaces_the_first(tmp_path: Path) -> None:
    """
    The same name gives the same files, and no draft is left.
    """
    outbox = OutboxFolder(tmp_path)

    outbox.deliver(name="run-1", subject="a", text="long text", html="long html")
    outbox.deliver(name="run-1", subject="b", text="c", html="d")

    assert {"run-1.txt": "b\n\nc", "run-1.html": "d"} == contents(tmp_path)


def test_draft_of_a_killed_process_does_no_harm(tmp_path: Path) -> None:
    """
    What a process left half written is replaced by the next delivery.
    """
    (tmp_path / ".run-1.txt.draft").write_text("half of a lo", encoding="utf-8")

    OutboxFolder(tmp_path).deliver(name="run-1", subject="a", text="b", html="c")

    assert {"run-1.txt": "a\n\nb", "run-1.html": "c"} == contents(tmp_path)


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """
    A file in the folder's place is a NotificationError, which fails no trade.
    """
    (tmp_path / "outbox").write_text("a file", encoding="utf-8")

    with pytest.raises(NotificationError, match="expected to write the report run-1"):
        OutboxFolder(tmp_path / "outbox").deliver(name="run-1", subject="a", text="b", html="c")


@pytest.mark.parametrize("name", ["../run-1", "a/b", "", ".hidden", "a\nb"])
def test_name_stays_inside_the_folder(tmp_path: Path, name: str) -> None:
    """
    A name that could leave the folder is refused.
    """
    with pytest.raises(ValueError, match="expected a name"):
        OutboxFolder(tmp_path).deliver(name=name, subject="a", text="b", html="c")
