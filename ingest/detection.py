"""What kind of file it is, by its content; the name only tells kinds of text apart."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from pathlib import Path, PurePath

from rag.domain import DocumentState
from rag.errors import DocumentError

HEAD_BYTES = 8192
MAX_CONTROL_SHARE = 0.01  # of the first bytes; text files hold next to none
TEXT_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd"})
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x08\x1b\x85")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"BM", "a picture (BMP)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc, .xls, .ppt or .msg)"),
    (b"{\\rtf", "a rich text document (RTF)"),
    (b"%!PS", "a PostScript file"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x1f\x8b", "a compressed archive (gzip)"),
    (b"BZh", "a compressed archive (bzip2)"),
    (b"\xfd7zXZ\x00", "a compressed archive (xz)"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed archive (7-Zip)"),
    (b"Rar!\x1a\x07", "a compressed archive (RAR)"),
    (b"SQLite format 3\x00", "a database (SQLite)"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"\x1a\x45\xdf\xa3", "a film"),
)
_ZIP_MEMBERS = (
    ("word/", "a Word document"),
    ("xl/", "an Excel workbook"),
    ("ppt/", "a PowerPoint presentation"),
    ("META-INF/container.xml", "an e-book (EPUB)"),
    ("content.xml", "an OpenDocument file"),
)


class FileType(StrEnum):
    """The kinds of files that can be read."""

    PDF = "pdf"
    MARKDOWN = "markdown"
    TEXT = "text"


def detect(path: Path, name: str) -> FileType:
    """The kind of a file; `name` is what its owner calls it.

    Raises:
        DocumentError: the file is empty or of a kind that cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise DocumentError(DocumentState.EMPTY, "The file is empty.")
    suffix = PurePath(name).suffix.lower()
    if _is_pdf(head, suffix):
        return FileType.PDF
    kind = _foreign_kind(path, head)
    if kind:
        raise unsupported(kind)
    if suffix == ".pdf":
        raise DocumentError(
            DocumentState.DAMAGED, "The file is called a PDF, but its content is none."
        )
    return FileType.MARKDOWN if suffix in MARKDOWN_SUFFIXES else FileType.TEXT


def unsupported(kind: str) -> DocumentError:
    """The error for a file of a kind that cannot be read."""
    return DocumentError(
        DocumentState.UNSUPPORTED,
        f"This is {kind}, which cannot be read. Save it as PDF, Markdown or plain text.",
    )


def _is_pdf(head: bytes, suffix: str) -> bool:
    """Readers accept the mark anywhere in the first 1024 bytes; a text may quote it there."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return True
    return b"%PDF-" in head[:1024] and (suffix == ".pdf" or _has_binary_bytes(head))


def _foreign_kind(path: Path, head: bytes) -> str:
    """The kind of a file that is no text in plain words; empty for what looks like text."""
    if head.startswith(TEXT_BOMS) and not head.startswith(b"\xff\xfe\x00\x00"):
        return ""
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    if head[:4] == b"RIFF":
        return "a picture (WebP)" if head[8:12] == b"WEBP" else "a sound file or a film"
    if head[4:8] == b"ftyp":
        return "a film or a picture"
    looks_like_text = not _has_binary_bytes(head)
    for signature, kind in _SIGNATURES:
        is_printable = signature.isascii() and signature.isalnum()
        if head.startswith(signature) and not (is_printable and looks_like_text):
            return kind
    start = head.lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)"
    return "" if looks_like_text else "a file of an unknown binary format"


def _has_binary_bytes(head: bytes) -> bool:
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    return 0 in head or controls > MAX_CONTROL_SHARE * len(head)


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged archive (ZIP)"
    for start, kind in _ZIP_MEMBERS:
        if any(member.startswith(start) for member in members):
            return kind
    return "an archive (ZIP)"
