"""Repairs PDF files that cannot be opened, in memory: nothing is written to disk.

First the bytes before the header go, then qpdf (through pikepdf) finds the objects that are left
and writes them anew. Streams are copied as they are, so a small file cannot grow into a large one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from rag.domain import DocumentState
from rag.errors import DocumentError

PROTECTED = "The file is protected by a password. Save it without one and add it again."
MAX_DAMAGED_BYTES = 64 * 1024 * 1024  # a larger file is not repaired: it is held three times
MAX_MENDED_BYTES = 2 * MAX_DAMAGED_BYTES
MAX_INFLATED_BYTES = 256 * 1024 * 1024  # of one stream of objects, the only ones that are unpacked
_HEADER = b"%PDF-"

# qpdf's own, and what pikepdf turns oddities of damaged objects into.
_BEYOND_REPAIR = (
    pikepdf.PikepdfError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)

pikepdf.settings.set_qpdf_limits(flate_max_memory=MAX_INFLATED_BYTES)


@dataclass(frozen=True, slots=True)
class Mended:
    """A repaired file. `lost` of the pages that the damaged one says it has are not in it."""

    content: bytes
    lost: int = 0


def attempts(path: Path, password: str) -> Iterator[Mended]:
    """What a damaged file may be read as, the least changed first; each is worth a try.

    Raises:
        DocumentError: the file needs a password, or is gone.
    """
    try:
        if path.stat().st_size > MAX_DAMAGED_BYTES:
            return
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(
            DocumentState.FAILED, f"The file {path.name} is gone. Add it again."
        ) from error
    start = content.find(_HEADER)
    if start > 0:
        content = content[start:]
        yield Mended(content)
    mended = _resaved(content, password)
    if mended is not None:
        yield mended


class _BoundedBytes(io.BytesIO):
    """Bytes in memory that refuse to become too many."""

    def write(self, content: bytes, /) -> int:  # type: ignore[override]
        """Write, or refuse with an `OSError`."""
        if self.tell() + len(content) > MAX_MENDED_BYTES:
            raise OSError("The repaired file would be too large.")
        return super().write(content)


def _resaved(content: bytes, password: str) -> Mended | None:
    """The file as qpdf writes it anew, None where it finds no pages."""
    out = _BoundedBytes()
    try:
        with pikepdf.open(io.BytesIO(content), password=password) as document:
            promised = _promised_pages(document)
            pages = len(document.pages)
            document.save(
                out,
                compress_streams=False,
                stream_decode_level=pikepdf.StreamDecodeLevel.none,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )
    except pikepdf.PasswordError as error:
        raise DocumentError(DocumentState.NEEDS_PASSWORD, PROTECTED) from error
    except _BEYOND_REPAIR:
        return None
    return Mended(out.getvalue(), max(promised - pages, 0)) if pages else None


def _promised_pages(document: pikepdf.Pdf) -> int:
    """How many pages the file says it has; 0 where it does not, or what cannot be."""
    try:
        count = int(document.Root.Pages.Count)
    except _BEYOND_REPAIR:
        return 0
    return count if count <= len(document.objects) else 0
