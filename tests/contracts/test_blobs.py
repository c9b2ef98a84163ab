"""
What every place for blobs owes.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alchemiser.domain.errors import ConfigurationError, DataError
from alchemiser.infrastructure.lake.blobs import Blobs, LocalBlobs, blobs_at
from support.buckets import fresh_bucket, serving_buckets


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving_buckets() as place:
        yield place


class BlobsContract:
    def test_what_was_put_is_got(self, blobs: Blobs) -> None:
        """
        A blob comes back byte for byte, an empty one, too.
        """
        blobs.put("bars/SPY.parquet", b"one\x00two")
        blobs.put("bars/EMPTY.parquet", b"")

        assert [b"one\x00two", b""] == [blobs.get("bars/SPY.parquet"), blobs.get("bars/EMPTY.parquet")]

    def test_what_was_never_put_is_none(self, blobs: Blobs) -> None:
        """
        A name without a blob has none, whether its folder is there or not.
        """
        blobs.put("bars/SPY.parquet", b"one")

        assert [None, None] == [blobs.get("bars/QQQ.parquet"), blobs.get("nowhere/QQQ.parquet")]

    def test_a_later_blob_replaces_an_earlier_one(self, blobs: Blobs) -> None:
        """
        The last put counts.
        """
        for body in (b"a longer one", b"short"):
            blobs.put("bars/SPY.parquet", body)

        assert b"short" == blobs.get("bars/SPY.parquet")

    def test_stamps_name_the_blobs_of_a_folder_ascending(self, blobs: Blobs) -> None:
        """
        A folder lists its own blobs, not those of others.
        """
        for name in ("bars/SPY.parquet", "bars/BIL.parquet", "log/one.json"):
            blobs.put(name, b"x")

        assert ["BIL.parquet", "SPY.parquet"] == list(blobs.stamps("bars"))

    def test_a_folder_without_blobs_has_no_stamps(self, blobs: Blobs) -> None:
        """
        What is not there is empty, no error.
        """
        assert {} == blobs.stamps("bars")

    def test_a_stamp_changes_with_its_blob_alone(self, blobs: Blobs) -> None:
        """
        Another size is another stamp, and the stamps of others stay.
        """
        blobs.put("bars/SPY.parquet", b"one")
        blobs.put("bars/BIL.parquet", b"one")
        before = blobs.stamps("bars")

        blobs.put("bars/SPY.parquet", b"another")

        after = blobs.stamps("bars")
        assert [True, False] == [before[name] == after[name] for name in ("BIL.parquet", "SPY.parquet")]

    @pytest.mark.parametrize(
        "name",
        ["../SPY", "/etc/passwd", "bars/../../SPY", "bars/.draft", "", "bars//SPY", "bars/", "a b", "..", "bars/x..y"],
    )
    def test_a_name_leads_nowhere_else(self, blobs: Blobs, name: str) -> None:
        """
        A name that could leave the place is refused before anything is touched.
        """
        with pytest.raises(ValueError, match="expected a name"):
            blobs.put(name, b"x")
        with pytest.raises(ValueError, match="expected a name"):
            blobs.get(name)

    def test_one_at_a_time_holds_a_name(self, blobs: Blobs) -> None:
        """
        Whoever comes second waits until the first lets go.
        """
        order: list[str] = []
        inside = threading.Event()

        def second() -> None:
            inside.wait()
            with blobs.alone("bars/SPY.parquet"):
                order.append("second")

        waiting = threading.Thread(target=second)
        with blobs.alone("bars/SPY.parquet"):
            waiting.start()
            inside.set()
            waiting.join(timeout=0.05)
            order.append("first")
        waiting.join()

        assert ["first", "second"] == order


class TestLocalBlobs(BlobsContract):
    """
    A folder.
    """

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return LocalBlobs(tmp_path / "lake")

    def test_drafts_are_no_blobs(self, blobs: Blobs, tmp_path: Path) -> None:
        """
        What a killed process left half written is not listed.
        """
        blobs.put("bars/SPY.parquet", b"one")
        (tmp_path / "lake" / "bars" / ".draft-x").write_bytes(b"ha")

        assert ["SPY.parquet"] == list(blobs.stamps("bars"))

    def test_a_place_that_cannot_be_written_leaves_what_was_there(self, tmp_path: Path) -> None:
        """
        A put that fails is an error with the file's name, and no draft stays.
        """
        blobs = LocalBlobs(tmp_path / "lake")
        (tmp_path / "lake").write_text("a file where the folder should be")

        with pytest.raises(DataError, match="cannot be written"):
            blobs.put("bars/SPY.parquet", b"one")

        assert "a file where the folder should be" == (tmp_path / "lake").read_text()


class TestS3Blobs(BlobsContract):
    """
    A bucket on a loopback server.
    """

    @pytest.fixture
    def blobs(self, server: str, tmp_path: Path) -> Blobs:
        return blobs_at(fresh_bucket(server), locks=tmp_path)

    def test_a_large_blob_comes_back_whole(self, blobs: Blobs) -> None:
        """
        What is sent in several parts is one blob.
        """
        body = bytes(range(256)) * 50_000

        blobs.put("bars/SPY.parquet", body)

        assert body == blobs.get("bars/SPY.parquet")

    def test_a_bucket_that_is_not_there_is_an_error(self, server: str, tmp_path: Path) -> None:
        """
        A wrong address is told when it is written to.
        """
        wrong = blobs_at(fresh_bucket(server).replace("bucket-", "nowhere-"), locks=tmp_path)

        with pytest.raises(DataError, match="s3://nowhere"):
            wrong.put("bars/SPY.parquet", b"x")

    def test_no_message_shows_the_keys(self, blobs: Blobs) -> None:
        """
        A place is told without what opens it.
        """
        assert "secret" not in blobs.place


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    """
    What the file system cannot make a bucket of is a mistake of the settings.
    """
    with pytest.raises(ConfigurationError, match="expected s3://BUCKET/FOLDER"):
        blobs_at("s3://bucket/lake?nonsense=1", locks=tmp_path)
