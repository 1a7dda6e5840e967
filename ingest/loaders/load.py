"""Reads a file of any kind that can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ingest.detection import FileType, detect, mismatch
from ingest.filetypes import called_otherwise
from ingest.loaded import LoadedDocument
from ingest.loaders import (
    archives,
    code,
    delimited,
    epub,
    html,
    mail,
    mailbox,
    markdown,
    outlook,
    pdf,
    picture,
    records,
    rtf,
    sheets,
    slides,
    text,
    word,
)
from rag.domain import DocumentState
from rag.errors import DocumentError


class _Reader(Protocol):
    """Reads files of one kind."""

    def __call__(self, path: Path, name: str, *, max_pages: int) -> LoadedDocument: ...


_READERS: dict[FileType, _Reader] = {
    FileType.DOCX: word.load,
    FileType.PPTX: slides.load,
    FileType.XLSX: sheets.load,
    FileType.XLS: sheets.load,
    FileType.CSV: delimited.load,
    FileType.TSV: delimited.load,
    FileType.HTML: html.load,
    FileType.RTF: rtf.load,
    FileType.EPUB: epub.load,
    FileType.EML: mail.load,
    FileType.MBOX: mailbox.load,
    FileType.MSG: outlook.load,
    FileType.JSON: records.load,
    FileType.MARKDOWN: markdown.load,
    FileType.CODE: code.load,
    FileType.TEXT: text.load,
    FileType.PNG: picture.load,
    FileType.JPEG: picture.load,
    FileType.TIFF: picture.load,
    FileType.ZIP: archives.load,
}


_TEXTS = (
    *(FileType.CSV, FileType.TSV, FileType.JSON, FileType.MARKDOWN, FileType.CODE),
    *(FileType.TEXT, FileType.HTML),
)
_UNDECLARED = (FileType.CSV, FileType.TSV, FileType.MARKDOWN, FileType.TEXT)
_READ = (DocumentState.READY, DocumentState.PARTIAL, DocumentState.NEEDS_OCR)


def load(
    path: Path,
    name: str,
    *,
    max_pages: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LoadedDocument:
    """Read a file; `name` is what its owner calls it.

    `progress` is called with the number of pages read and of pages in all, after each page. The
    `reason` of a file that was read although its name promises another kind, that holds zeros, or
    whose character set is a guess, says so.

    Raises:
        DocumentError: the file gives nothing; its state says why.
    """
    kind = detect(path, name)
    try:
        return _read(path, name, kind, max_pages, progress)
    except DocumentError as error:
        if said := called_otherwise(kind, name):
            raise DocumentError(error.state, f"{said} {error.reason}") from error
        raise


def _read(
    path: Path, name: str, kind: FileType, max_pages: int, progress: Callable[[int, int], None]
) -> LoadedDocument:
    content = path.read_bytes() if kind in _TEXTS else b""
    zeros = text.note_on_zeros(content)
    guessed = text.note_on_encoding(content) if kind in _UNDECLARED else ""
    if kind is FileType.PDF:
        loaded = pdf.load(path, name, max_pages=max_pages, progress=progress)
    else:
        loaded = _READERS[kind](path, name, max_pages=max_pages)
        progress(len(loaded.pages), len(loaded.pages))
    for note in (zeros, guessed, mismatch(kind, name)):
        loaded = _with_note(loaded, note)
    return loaded


def _with_note(loaded: LoadedDocument, note: str) -> LoadedDocument:
    if not note or loaded.state not in _READ:
        return loaded
    return replace(loaded, reason=f"{note} {loaded.reason}".strip())
