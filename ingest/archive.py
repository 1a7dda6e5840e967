"""Opens ZIP archives, which Word, Excel, PowerPoint and EPUB files are too, within limits.

What an archive says of its own sizes is not believed: bytes are counted while they are inflated.
Names in an archive are text, never paths.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from rag.domain import DocumentState
from rag.errors import DocumentError

MAX_ENTRIES = 5_000
MAX_TOTAL_BYTES = 200_000_000  # of all entries, inflated
MAX_RATIO = 200  # inflated to compressed bytes
RATIO_FROM_BYTES = 10_000_000  # a picture of one colour in a slide show shrinks 600-fold
MAX_DIRECTORY_BYTES = 5_000_000  # of the list of entries
PIECE_BYTES = 65_536

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # the others inflate unbounded
_ENCRYPTED = 0x1
_END, _END_BYTES, _COMMENT_BYTES = b"PK\x05\x06", 22, 65_535
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, LookupError, OverflowError, OSError),
)


class Archive:
    """An open archive; what is read of it counts, so that no reader is given more than is allowed.

    `entries` are its files in order, folders left out; two may have the same name.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Look at the list of entries.

        Raises:
            DocumentError: there are too many of them.
        """
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"The archive holds more than {MAX_ENTRIES:,} files. Split it.",
            )
        self.entries = tuple(entry for entry in entries if entry.filename and not entry.is_dir())
        self._archive = archive
        self._inflated = 0

    def pieces(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """The content of an entry, piece by piece.

        Raises:
            DocumentError: it is damaged, encrypted, or larger than is allowed.
        """
        _check_readable(entry)
        size = 0
        with self._opened(entry) as member:
            while piece := _next_piece(member):
                size += len(piece)
                self._inflated += len(piece)
                if self._inflated > MAX_TOTAL_BYTES or _is_bomb(size, entry.compress_size):
                    raise _too_large()
                yield piece

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """The whole content of an entry.

        Raises:
            DocumentError: it is damaged, encrypted, or larger than is allowed.
        """
        return b"".join(self.pieces(entry))

    def _opened(self, entry: zipfile.ZipInfo) -> IO[bytes]:
        try:
            return self._archive.open(entry)
        except _UNREADABLE as error:  # it may claim to begin before the file does
            raise _damaged() from error


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive.

    Raises:
        DocumentError: it is damaged, or its list of entries is too long.
    """
    with path.open("rb") as file:
        _check_directory(file)
        try:
            archive = zipfile.ZipFile(file)
        except _UNREADABLE as error:
            raise _damaged() from error
        with archive:
            yield Archive(archive)


def check_archive(path: Path) -> None:
    """Inflate all of an archive once and keep nothing: afterwards any reader may open it.

    Raises:
        DocumentError: it is damaged, encrypted, or larger than is allowed.
    """
    with opened(path) as archive:
        for entry in archive.entries:
            for _piece in archive.pieces(entry):
                pass


def _check_readable(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise DocumentError(
            DocumentState.NEEDS_PASSWORD,
            "The file is protected by a password. Save it without one and add it again.",
        )
    if entry.compress_type not in _METHODS:
        raise DocumentError(
            DocumentState.UNSUPPORTED,
            "The archive is compressed in an unusual way. Pack it again as a plain ZIP file.",
        )


def _next_piece(member: IO[bytes]) -> bytes:
    try:
        return member.read(PIECE_BYTES)
    except _UNREADABLE as error:
        raise _damaged() from error


def _is_bomb(size: int, compressed: int) -> bool:
    return size > RATIO_FROM_BYTES and size > MAX_RATIO * max(compressed, 1)


def _check_directory(file: BinaryIO) -> None:
    """Look at how long the list of entries is before it is read whole."""
    size = file.seek(0, 2)
    start = max(size - _END_BYTES - _COMMENT_BYTES - _LOCATOR_BYTES - _END64_BYTES, 0)
    file.seek(start)
    tail = file.read()
    file.seek(0)
    end = tail.rfind(_END)
    if end < 0 or end + _END_BYTES > len(tail):
        raise _damaged()
    (length,) = struct.unpack_from("<L", tail, end + 12)
    if tail.startswith(_LOCATOR, max(end - _LOCATOR_BYTES, 0)):
        record = max(end - _LOCATOR_BYTES - _END64_BYTES, 0)
        if tail.startswith(_END64, record):
            (length,) = struct.unpack_from("<Q", tail, record + 40)
    if length > MAX_DIRECTORY_BYTES:
        raise _too_large()


def _too_large() -> DocumentError:
    return DocumentError(
        DocumentState.TOO_LARGE,
        f"The file grows beyond {MAX_TOTAL_BYTES // 1_000_000} MB, or beyond {MAX_RATIO} times "
        "its size, when it is unpacked. It was not read.",
    )


def _damaged() -> DocumentError:
    return DocumentError(
        DocumentState.DAMAGED, "The file is damaged: it cannot be unpacked. Save it again."
    )
