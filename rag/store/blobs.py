"""The original files, kept under the hash of their bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.store.workplaces import own_file, remove_abandoned

READ_BYTES = 1 << 20
UNFINISHED = ".new-"
SHA256 = re.compile(r"[0-9a-f]{64}")


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()


class Blobs:
    """A folder of files named by their content: written whole or not at all."""

    def __init__(self, folder: Path, check: Callable[[], None] = lambda: None) -> None:
        """Take a folder; `check` raises where nothing must be stored there (any more)."""
        self.folder = folder
        self._check = check

    def path(self, sha256: str) -> Path:
        """Where the file with this hash is, or would be."""
        return self.folder / sha256[:2] / sha256

    def hashes(self) -> list[str]:
        """The hash of every file here; what a crash left half written is deleted on the way."""
        found: list[str] = []
        for path in self.folder.glob("??/*"):
            if SHA256.fullmatch(path.name):
                found.append(path.name)
            elif path.name.startswith(UNFINISHED):
                remove_abandoned(path)
        return found

    def put(self, source: Path) -> str:
        """Copy a file in and return its hash; it is synced to disk before it gets its name.

        A file that is there already is hashed again, not trusted by its name.

        Raises:
            StoreError: it cannot be copied.
        """
        self._check()
        try:
            return self._copy(source)
        except OSError as error:
            raise self._refused(source, "copied", error) from error

    def adopt(self, source: Path) -> str:
        """Move a file in and return its hash; a file elsewhere than on this disk is copied.

        Raises:
            StoreError: it cannot be moved.
        """
        self._check()
        try:
            sha256 = hash_file(source)
            target = self.path(sha256)
            if not (target.is_file() and hash_file(target) == sha256):
                with source.open("rb") as stream:
                    os.fsync(stream.fileno())
                    failpoint("blob.adopt.synced")
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
                failpoint("blob.adopt.renamed")
                sync_folder(target.parent)
                sync_folder(self.folder)
                failpoint("blob.adopt.lasting")
        except OSError as error:
            if error.errno == errno.EXDEV:
                sha256 = self.put(source)
            else:
                raise self._refused(source, "moved", error) from error
        with suppress(OSError):  # it is stored; what is left of an upload is swept
            source.unlink(missing_ok=True)
        return sha256

    def remove(self, sha256: str) -> None:
        """Delete a file; one that is not there is no error.

        Raises:
            StoreError: it cannot be deleted.
        """
        try:
            failpoint("blob.before_unlink")
            self.path(sha256).unlink(missing_ok=True)
            failpoint("blob.unlinked")
        except OSError as error:
            raise StoreError(
                f"The file {self.path(sha256)} cannot be deleted ({error.strerror}). Delete it "
                "by hand: no document has it any more."
            ) from error

    def obstacle(self, sha256: str) -> Path | None:
        """What lies where this file, or a folder of it, should be, and is none."""
        path = self.path(sha256)
        for folder in (self.folder, path.parent):
            if folder.exists() and not folder.is_dir():
                return folder
        return path if path.exists() and not path.is_file() else None

    def _refused(self, source: Path, verb: str, error: OSError) -> StoreError:
        """What is said where a file cannot be stored."""
        with suppress(OSError):
            if (obstacle := self.obstacle(hash_file(source))) is not None:
                return StoreError(
                    f"{source.name} cannot be stored: {obstacle} lies in its place. Move that "
                    "away, and add the file again."
                )
        return StoreError(
            f"{source.name} cannot be {verb} into {self.folder} ({error.strerror}). Check that "
            "the folder can be written and has room."
        )

    def _copy(self, source: Path) -> str:
        sha256 = hash_file(source)
        target = self.path(sha256)
        if target.is_file() and hash_file(target) == sha256:
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        with own_file(target.parent, UNFINISHED) as temporary:
            failpoint("blob.created")
            digest = hashlib.sha256()
            with temporary.open("wb") as out, source.open("rb") as stream:
                while piece := stream.read(READ_BYTES):
                    digest.update(piece)
                    out.write(piece)
                failpoint("blob.written")
                out.flush()
                os.fsync(out.fileno())
                failpoint("blob.synced")
            sha256 = digest.hexdigest()  # of what was written, had the source changed meanwhile
            target = self.path(sha256)
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
            failpoint("blob.renamed")
        sync_folder(target.parent)
        sync_folder(self.folder)  # which the folder of the file may be new in
        return sha256


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder last over a loss of power."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
