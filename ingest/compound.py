"""Opens compound files (OLE), as Office wrote them before 2007 and Outlook still does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from rag.domain import DocumentState
from rag.errors import DocumentError

MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_STREAMS = 20_000
MAX_TOTAL_BYTES = 200_000_000  # of all streams read: the sectors of one may be those of another
_UNREADABLE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError),
    *(struct.error, RecursionError, MemoryError),
)


class CompoundFile:
    """An open compound file. `names` are the paths of its streams and storages, parts by `/`."""

    def __init__(self, file: Any) -> None:
        """Look at the list of streams.

        Raises:
            DocumentError: it is damaged.
        """
        self._file = file
        self._read_bytes = 0
        try:
            self._paths = {"/".join(path): path for path in file.listdir(storages=True)}
        except _UNREADABLE as error:
            raise _damaged() from error
        if len(self._paths) > MAX_STREAMS:
            raise _damaged()
        self.names = frozenset(self._paths)

    def read(self, name: str) -> bytes:
        """The content of a stream, empty where it is not there or damaged.

        Raises:
            DocumentError: more has been read than any sound file holds.
        """
        path = self._paths.get(name)
        if path is None:
            return b""
        try:
            content = bytes(self._file.openstream(path).read())
        except _UNREADABLE:
            return b""
        self._read_bytes += len(content)
        if self._read_bytes > MAX_TOTAL_BYTES:
            raise _damaged()
        return content


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[CompoundFile]:
    """Open a compound file, by its path or as it is open.

    Raises:
        DocumentError: it is damaged.
    """
    import olefile

    with source.open("rb") if isinstance(source, Path) else source as content:
        try:
            file = olefile.OleFileIO(content)
        except _UNREADABLE as error:
            raise _damaged() from error
        with file:
            yield CompoundFile(file)


def _damaged() -> DocumentError:
    return DocumentError(
        DocumentState.DAMAGED,
        "The file begins like an old Office document or an Outlook mail, but is damaged and cannot "
        "be opened. Save it again.",
    )
