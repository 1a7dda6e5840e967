"""The file of a backup: a tar archive, a manifest first, with a seal over every byte at its end.

What follows the end of a tar archive is passed over by other programs, so `tar xf` opens a backup
in need. The manifest names each file with its size and its SHA-256, in the order they follow.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.store.blobs import READ_BYTES
from rag.store.catalog import CATALOG

FORMAT = 1
MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = 256 << 20  # a million files take 150 MB
SEAL_BYTES = 512
END = bytes(2 * tarfile.BLOCKSIZE)  # of a tar archive
_SHA256 = r"^[0-9a-f]{64}$"
_NAME = re.compile(r"catalog\.sqlite|blobs/([0-9a-f]{2})/(\1[0-9a-f]{62})|questions/[\w-]+\.jsonl")

Report = Callable[[int, int], None]  # how many bytes of how many are done


class Member(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=_SHA256)]


class Missing(BaseModel):
    """An original that could not be backed up, and why: "missing" or "damaged"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: Annotated[str, Field(pattern=_SHA256)]
    names: tuple[str, ...]
    reason: str


class Manifest(BaseModel):
    """What a backup holds; `schema_version` is its catalog's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    made_by: str
    made_at: str
    schema_version: Annotated[int, Field(ge=1)]
    counts: dict[str, int]
    files: tuple[Member, ...]
    missing: tuple[Missing, ...] = ()

    @model_validator(mode="after")
    def _names_are_ours(self) -> Self:
        names = [member.name for member in self.files]
        if len(set(names)) < len(names) or names[:1] != [CATALOG]:
            raise ValueError("a file is named twice, or the catalog is not the first")
        for member in self.files:
            match = _NAME.fullmatch(member.name)
            if match is None or (match[2] or member.sha256) != member.sha256:
                raise ValueError(f"a file is named {member.name!r}")
        return self

    @property
    def size_bytes(self) -> int:
        """How many bytes its files have."""
        return sum(member.size for member in self.files)


def write_archive(
    path: Path, manifest: Manifest, sources: Callable[[str], Path], report: Report
) -> None:
    """Write a backup and sync it; `sources` gives the file of each member, by its name.

    Raises:
        OSError: it cannot be written.
        StoreError: a source is not as the manifest has it.
    """
    digest = hashlib.sha256()
    with path.open("xb") as stream:
        path.chmod(0o600)

        def write(piece: bytes) -> None:
            digest.update(piece)
            stream.write(piece)

        content = manifest.model_dump_json(indent=1).encode()
        write(_header(MANIFEST, len(content)) + content + _padding(len(content)))
        done = 0
        for member in manifest.files:
            report(done, manifest.size_bytes)
            write(_header(member.name, member.size))
            with sources(member.name).open("rb") as source:
                if not _copy(member, source, write):
                    raise StoreError(f"{member.name} changed meanwhile. Run the command again.")
            write(_padding(member.size))
            failpoint("archive.member_written")
            done += member.size
        write(END)
        failpoint("archive.before_seal")
        stream.write(_seal(digest.hexdigest()))
        failpoint("archive.sealed")
        stream.flush()
        os.fsync(stream.fileno())
        with suppress(AttributeError, OSError):  # so that reading it back reads the disk
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def verify_archive(path: Path) -> Manifest:
    """Read a whole backup and check that every byte is as it was written.

    Raises:
        OSError: it cannot be read.
        StoreError: it is no backup, is damaged, or was made by a newer version.
    """
    with path.open("rb") as stream:
        _check_seal(path, stream)
        return _read(path, stream, None, lambda _done, _total: None)


def manifest_of(path: Path) -> Manifest:
    """What a file says that it holds, unchecked.

    Raises:
        OSError: it cannot be read.
        StoreError: it is no backup, or was made by a newer version.
    """
    with path.open("rb") as stream:
        return _manifest(path, stream)


def extract_archive(path: Path, folder: Path, report: Report) -> Manifest:
    """Write the files of a backup into an empty folder, each checked and synced.

    Raises:
        OSError: it cannot be read, or the folder cannot be written.
        StoreError: as for `verify_archive`.
    """
    with path.open("rb") as stream:
        return _read(path, stream, folder, report)


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _seal(hexdigest: str) -> bytes:
    return f"tramontane backup, sha256 of all before: {hexdigest}\n".encode().ljust(SEAL_BYTES)


def _copy(member: Member, source: IO[bytes], write: Callable[[bytes], object]) -> bool:
    """Copy the bytes of a member; whether they are what they should be."""
    digest, left = hashlib.sha256(), member.size
    while left and (piece := source.read(min(READ_BYTES, left))):
        digest.update(piece)
        write(piece)
        left -= len(piece)
    return not left and digest.hexdigest() == member.sha256


def _check_seal(path: Path, stream: IO[bytes]) -> None:
    left = os.fstat(stream.fileno()).st_size - SEAL_BYTES
    digest = hashlib.sha256()
    while left > 0 and (piece := stream.read(min(READ_BYTES, left))):
        digest.update(piece)
        left -= len(piece)
    if stream.read() != _seal(digest.hexdigest()):
        raise _unusable(path, "its seal does not fit its content")
    stream.seek(0)


def _manifest(path: Path, stream: IO[bytes]) -> Manifest:
    """The manifest at the beginning; the stream stands behind it."""
    header = stream.read(tarfile.BLOCKSIZE)
    try:
        size = tarfile.TarInfo.frombuf(header, "utf-8", "strict").size
    except (tarfile.TarError, ValueError) as error:
        raise _unusable(path, "it does not begin with a manifest") from error
    if header != _header(MANIFEST, size) or size > MOST_MANIFEST_BYTES:
        raise _unusable(path, "it does not begin with a manifest")
    content = stream.read(size)
    if len(content) < size or stream.read(len(_padding(size))) != _padding(size):
        raise _unusable(path, "its manifest is cut short")
    try:
        said: Any = json.loads(content)
        if isinstance(said, dict) and isinstance(said.get("format"), int):
            _refuse_newer(path, said["format"])
        return Manifest.model_validate(said)
    except ValidationError as error:
        raise _unusable(path, f"its manifest says: {error.errors()[0]['msg']}") from error
    except ValueError as error:
        raise _unusable(path, "its manifest is not JSON") from error


def _refuse_newer(path: Path, form: int) -> None:
    if form > FORMAT:
        raise StoreError(
            f"The backup {path} was made by a newer Tramontane (format {form}, this one knows "
            f"{FORMAT}). Install the newer version to restore it."
        )


def _read(path: Path, stream: IO[bytes], folder: Path | None, report: Report) -> Manifest:
    """Read a backup from its beginning to its end; into a folder, where there is one.

    Nothing but the members of the manifest is there: every other byte is known beforehand.
    """
    manifest = _manifest(path, stream)
    done = 0
    for member in manifest.files:
        report(done, manifest.size_bytes)
        header = _header(member.name, member.size)
        if stream.read(len(header)) != header:
            raise _unusable(path, f"{member.name} is not where the manifest has it")
        if folder is None:
            is_sound = _copy(member, stream, lambda _piece: None)
        else:
            is_sound = _extract(member, stream, folder / member.name)
        if not is_sound or stream.read(len(_padding(member.size))) != _padding(member.size):
            raise _unusable(path, f"{member.name} is not as it was")
        done += member.size
    if stream.read(len(END)) != END:
        raise _unusable(path, "it holds more than its manifest says")
    return manifest


def _extract(member: Member, stream: IO[bytes], target: Path) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as out:
        target.chmod(0o600)
        is_sound = _copy(member, stream, out.write)
        out.flush()
        os.fsync(out.fileno())
        failpoint("archive.member_extracted")
    return is_sound


def _unusable(path: Path, reason: str) -> StoreError:
    return StoreError(f"{path} is no backup of Tramontane, or is damaged ({reason}). Use another.")
