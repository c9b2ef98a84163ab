"""
Named pieces of bytes, each put whole or not at all: in a local folder, or in a bucket through pyarrow.

A name is words of letters, digits, `%`, `.`, `_` and `-`, joined by `/`; none begins with a dot, so no name leads out
of the place or to a draft.
"""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alchemiser.domain.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from pyarrow import fs

_NAME = re.compile(r"[A-Za-z0-9%_-][A-Za-z0-9%._-]*(/[A-Za-z0-9%_-][A-Za-z0-9%._-]*)*\Z")
_LOCKS = ".locks"


class Blobs(Protocol):
    """
    What the lake is kept in.
    """

    def get(self, name: str) -> bytes | None:
        """
        Return a blob, None when there is none.
        """
        ...

    def put(self, name: str, body: bytes) -> None:
        """
        Keep a blob in place of the one before; readers see the old one or the new one, never a part.
        """
        ...

    def stamps(self, folder: str) -> Mapping[str, str]:
        """
        Return the names in a folder, ascending, each with a text that changes when the blob does.
        """
        ...

    def alone(self, name: str) -> contextlib.AbstractContextManager[None]:
        """
        Wait until nobody else on this machine holds the name, and hold it.
        """
        ...

    @property
    def place(self) -> str:
        """
        Return where it is, for messages.
        """
        ...


def checked_name(name: str) -> str:
    """
    Return a name that leads nowhere else.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.match(name) or ".." in name:
        raise ValueError(f"expected a name of letters, digits, %, ., _ and -, found {name[:60]!r}")
    return name


class LocalBlobs(Blobs):
    """
    A folder; a blob is a file, a draft is renamed over it once it is on the disk.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def place(self) -> str:
        """
        Return the folder.
        """
        return str(self._root)

    def get(self, name: str) -> bytes | None:
        """
        Return a blob, None when there is none.
        """
        try:
            return (self._root / checked_name(name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise DataError(f"{self._root}/{name}: expected a readable file, found: {exc}") from exc

    def put(self, name: str, body: bytes) -> None:
        """
        Keep a blob; it is on the disk when this returns.
        """
        target = self._root / checked_name(name)
        draft: Path | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, drafted = tempfile.mkstemp(prefix=".draft-", dir=target.parent)
            draft = Path(drafted)
            with os.fdopen(handle, "wb") as opened:
                opened.write(body)
                opened.flush()
                os.fsync(opened.fileno())
            draft.chmod(0o644)
            draft.replace(target)
            _sync_folder(target.parent)
        except OSError as exc:
            raise DataError(f"{target}: the file cannot be written, what was there before still is: {exc}") from exc
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)

    def stamps(self, folder: str) -> Mapping[str, str]:
        """
        Return the files of a folder with size, inode and time of the last change.
        """
        try:
            with os.scandir(self._root / checked_name(folder)) as entries:
                found = {one.name: one.stat() for one in entries if not one.name.startswith(".") and one.is_file()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as exc:
            raise DataError(f"{self._root}/{folder}: expected a readable folder, found: {exc}") from exc
        return {name: f"{one.st_size}-{one.st_ino}-{one.st_mtime_ns}" for name, one in sorted(found.items())}

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """
        Hold a lock file of the folder; the system lets go of it when the process ends, however it ends.
        """
        with _locked(self._root / _LOCKS / checked_name(name)):
            yield


class S3Blobs(Blobs):
    """
    A bucket, or a folder of one; a blob is an object, which the store itself replaces at once.

    Args:
        system: how the bucket is reached.
        prefix: bucket and folder.
        locks: a folder of this machine: two machines that write the same symbol leave the later whole history.
    """

    def __init__(self, system: "fs.S3FileSystem", prefix: str, *, locks: Path) -> None:
        self._system = system
        self._prefix = prefix.rstrip("/")
        self._locks = locks

    @property
    def place(self) -> str:
        """
        Return the bucket and folder.
        """
        return f"s3://{self._prefix}"

    def get(self, name: str) -> bytes | None:
        """
        Return a blob, None when there is none.
        """
        from pyarrow import ArrowException

        try:
            with self._system.open_input_file(f"{self._prefix}/{checked_name(name)}") as opened:
                body: bytes = opened.read()
                return body
        except FileNotFoundError:
            return None
        except (OSError, ArrowException) as exc:
            raise DataError(f"{self.place}/{name}: expected a readable object, found: {exc}") from exc

    def put(self, name: str, body: bytes) -> None:
        """
        Keep a blob; the store shows it only when all of it has arrived.
        """
        from pyarrow import ArrowException

        try:
            stream = self._system.open_output_stream(f"{self._prefix}/{checked_name(name)}")
            stream.write(body)
            # Not `with`: a stream that is closed after an error would put what has arrived so far.
            stream.close()
        except (OSError, ArrowException) as exc:
            raise DataError(f"{self.place}/{name}: the object cannot be written: {exc}") from exc

    def stamps(self, folder: str) -> Mapping[str, str]:
        """
        Return the objects of a folder with size and time of the last change.
        """
        from pyarrow import ArrowException, fs

        selector = fs.FileSelector(f"{self._prefix}/{checked_name(folder)}", allow_not_found=True)
        try:
            found = self._system.get_file_info(selector)
        except (OSError, ArrowException) as exc:
            raise DataError(f"{self.place}/{folder}: expected a readable bucket, found: {exc}") from exc
        files = {one.base_name: one for one in found if one.type is fs.FileType.File}
        return {name: f"{one.size}-{one.mtime_ns}" for name, one in sorted(files.items())}

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """
        Hold a lock file of this machine.
        """
        with _locked(self._locks / checked_name(name)):
            yield


def blobs_at(url: str, *, locks: Path) -> Blobs:
    """
    Return the blobs of a folder, or of `s3://BUCKET/FOLDER?region=…&endpoint_override=…&scheme=…`.

    Raises:
        ConfigurationError: the address is none, or the file system refuses it.
    """
    if not url.startswith("s3://"):
        return LocalBlobs(Path(url))
    import pyarrow as pa
    from pyarrow import fs

    try:
        system, prefix = fs.FileSystem.from_uri(url)
    except (OSError, ValueError, pa.ArrowException) as exc:
        raise ConfigurationError(f"{url}: expected s3://BUCKET/FOLDER, found: {exc}") from exc
    return S3Blobs(system, prefix, locks=locks)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("ab")
    except OSError as exc:
        raise DataError(f"{path}: expected a lock file that can be written, found: {exc}") from exc
    with opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
