"""The original files, kept under the hash of their bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from rag.errors import StoreError

READ_BYTES = 1 << 20


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()


class Blobs:
    """A folder of files named by their content: written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file with this hash is, or would be."""
        return self._folder / sha256[:2] / sha256

    def put(self, source: Path) -> str:
        """Copy a file in and return its hash; it is synced to disk before it gets its name.

        A file that is there already is hashed again, not trusted by its name.

        Raises:
            StoreError: it cannot be copied.
        """
        try:
            return self._copy(source)
        except OSError as error:
            raise StoreError(
                f"{source.name} cannot be copied into {self._folder} ({error.strerror}). Check "
                "that the folder can be written and has room."
            ) from error

    def remove(self, sha256: str) -> None:
        """Delete a file; one that is not there is no error.

        Raises:
            StoreError: it cannot be deleted.
        """
        try:
            self.path(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"The file {self.path(sha256)} cannot be deleted ({error.strerror}). Delete it "
                "by hand: no document has it any more."
            ) from error

    def _copy(self, source: Path) -> str:
        sha256 = hash_file(source)
        target = self.path(sha256)
        if target.is_file() and hash_file(target) == sha256:
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            digest = hashlib.sha256()
            with os.fdopen(descriptor, "wb") as out, source.open("rb") as stream:
                while piece := stream.read(READ_BYTES):
                    digest.update(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            sha256 = digest.hexdigest()  # of what was written, had the source changed meanwhile
            target = self.path(sha256)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return sha256


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
