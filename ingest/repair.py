"""Repairs PDF files that cannot be opened, in memory: nothing is written to disk.

First the bytes before the header go; then qpdf (through pikepdf) finds the objects that are left
and writes them anew; at last a file that ends too early gets a new end, with a new list of its
pages if its own is gone. Streams are copied as they are: a small file does not grow into a large
one.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pikepdf

from rag.domain import DocumentState
from rag.errors import DocumentError

PROTECTED = "The file is protected by a password. Save it without one and add it again."
MAX_DAMAGED_BYTES = 64 * 1024 * 1024  # a larger file is not repaired: it is held three times
MAX_MENDED_BYTES = 2 * MAX_DAMAGED_BYTES
MAX_INFLATED_BYTES = 256 * 1024 * 1024  # of one stream of objects, the only ones that are unpacked
MOST_PAGES = 20_000  # of a new list
PASSED_OVER_BYTES = 1024 + 5  # pdfium looks for the header within the first 1024
_HEADER = b"%PDF-"
_BLANK = b"\xef\xbb\xbf \t\r\n\f\0"
_OBJECT = re.compile(rb"(\d{1,8})\s+\d{1,5}\s+obj\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_CATALOG = re.compile(rb"/Type\s*/Catalog(?![A-Za-z])")
_LIST_OF_PAGES = (
    b"\nendstream\nendobj\n%d 0 obj\n<< /Type /Pages /Kids [%s] /Count %d >>\nendobj\n"
    b"%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj"
)
_TRAILER = b"\ntrailer\n<< /Root %d 0 R /Size %d >>\nstartxref\n0\n%%%%EOF\n"

# qpdf's own, and what pikepdf turns oddities of damaged objects into.
ODD_FILE_ERRORS = (
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
    """A repaired file.

    `lost` of the pages that the damaged one says it has are not in it; `ends_early` is whether
    what came after the damage is lost, which may be any number.
    """

    content: bytes
    lost: int = 0
    ends_early: bool = False


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
    for candidate in (Mended(content), _ended(content)):
        mended = _resaved(candidate.content, password)
        if mended is not None:
            yield replace(mended, ends_early=candidate.ends_early)
            return


def begins_late(path: Path) -> bool:
    """Whether bytes stand before the header that are no white space, which pdfium passes over."""
    with path.open("rb") as file:
        head = file.read(PASSED_OVER_BYTES)
    return not head.lstrip(_BLANK).startswith(_HEADER) and _HEADER in head


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
    except ODD_FILE_ERRORS:
        return None
    return Mended(out.getvalue(), max(promised - pages, 0)) if pages else None


def _ended(content: bytes) -> Mended:
    """The file with a new end: with its own list of pages if that is left, else with a new one."""
    pages: dict[int, None] = {}
    catalog, most = 0, 0
    for part in content.split(b"endobj")[:-1]:
        entries, _, _ = part.partition(b"stream")
        for found in deque(_OBJECT.finditer(entries), maxlen=1):  # what is cut off may be before it
            number = int(found[1])
            most = max(most, number)
            if _PAGE.search(entries, found.end()):
                pages[number] = None
            elif _CATALOG.search(entries, found.end()):
                catalog = number
    if catalog:
        return Mended(content + _TRAILER % (catalog, most + 1))
    kids = [b"%d 0 R" % number for number in islice(pages, MOST_PAGES)]
    end = _LIST_OF_PAGES % (most + 1, b" ".join(kids), len(kids), most + 2, most + 1)
    return Mended(content + end + _TRAILER % (most + 2, most + 3), ends_early=True)


def _promised_pages(document: pikepdf.Pdf) -> int:
    """How many pages the file says it has; 0 where it does not, or what cannot be."""
    try:
        count = int(document.Root.Pages.Count)
    except ODD_FILE_ERRORS:
        return 0
    return count if count <= len(document.objects) else 0
