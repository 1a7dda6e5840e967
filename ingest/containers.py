"""What stands inside files that hold other things: archives (ZIP) and compound files (OLE)."""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from ingest import compound
from ingest.archive import Archive, opened
from ingest.filetypes import FileType, unsupported
from rag.domain import DocumentState
from rag.errors import DocumentError

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
OLE_MARK = compound.MARK
MAX_MIMETYPE_BYTES = 200
_OFFICE_PARTS = (
    ("word/", FileType.DOCX),
    ("xl/", FileType.XLSX),
    ("ppt/", FileType.PPTX),
)
_MAIN_PARTS = {
    "word/document.xml": FileType.DOCX,
    "xl/workbook.xml": FileType.XLSX,
    "ppt/presentation.xml": FileType.PPTX,
}
_IWORK = frozenset({"index/document.iwa", "index.apxl", "index.numbers"})
_OLD_WORD = "Open it in Word or LibreOffice and save it as .docx or PDF."
_OLD_SLIDES = "Open it in PowerPoint or LibreOffice and save it as .pptx or PDF."


def zip_type(path: Path) -> FileType:
    """The kind of a file that begins like an archive.

    Raises:
        DocumentError: it is damaged, or an archive of a kind that cannot be read.
    """
    with opened(path) as archive:
        names = {_plain(entry.filename) for entry in archive.entries}
        return _type_of_members(names, _mimetype(archive))


def ole_type(path: Path) -> FileType:
    """The kind of a compound file, as Office wrote them before 2007 and Outlook does.

    Raises:
        DocumentError: it is damaged, encrypted, or of a kind that cannot be read.
    """
    with compound.opened(path) as file:
        names = {name.lower() for name in file.names}
    if "encryptedpackage" in names:
        raise DocumentError(
            DocumentState.NEEDS_PASSWORD,
            "The file is encrypted. Open it in Office with its password, remove the password and "
            "add the file again.",
        )
    if names & {"workbook", "book"}:
        return FileType.XLS
    if "__properties_version1.0" in names:
        return FileType.MSG
    if "worddocument" in names:
        raise unsupported("an old Word document (.doc)", _OLD_WORD)
    if "powerpoint document" in names:
        raise unsupported("an old PowerPoint presentation (.ppt)", _OLD_SLIDES)
    raise unsupported("an old Office document of an unknown kind", "Save it as PDF.")


def _mimetype(archive: Archive) -> str:
    """What an e-book or an OpenDocument file says of itself."""
    for entry in archive.entries:
        if entry.filename == "mimetype":
            with suppress(DocumentError):
                return next(archive.pieces(entry), b"")[:MAX_MIMETYPE_BYTES].decode("latin-1")
    return ""


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _type_of_members(names: Set[str], mimetype: str) -> FileType:
    if mimetype.lstrip().startswith("application/epub") or "meta-inf/container.xml" in names:
        return FileType.EPUB
    if foreign := _foreign_kind(names, mimetype):
        raise unsupported(*foreign)
    for part, kind in _MAIN_PARTS.items():
        if part in names:
            return kind
    if "[content_types].xml" in names:
        for start, kind in _OFFICE_PARTS:
            if any(name.startswith(start) for name in names):
                return kind
    return FileType.ZIP


def _foreign_kind(names: Set[str], mimetype: str) -> tuple[str, str] | None:
    """What cannot be read, and what to do about it."""
    if mimetype.lstrip().startswith("application/vnd.oasis.opendocument"):
        return "an OpenDocument file (LibreOffice)", "Save it as .docx, .xlsx, .pptx or PDF."
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb)", "Save it as .xlsx."
    if "visio/document.xml" in names:
        return "a Visio drawing", "Save it as PDF."
    if names & _IWORK:
        return "a Pages, Numbers or Keynote document", "Export it as PDF."
    return None
