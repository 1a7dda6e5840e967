"""Reads a file of any kind that can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.detection import FileType, detect
from ingest.loaded import LoadedDocument
from ingest.loaders import markdown, pdf, text


def load(
    path: Path,
    name: str,
    *,
    max_pages: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LoadedDocument:
    """Read a file; `name` is what its owner calls it.

    `progress` is called with the number of pages read and of pages in all, after each page.

    Raises:
        DocumentError: the file gives nothing; its state says why.
    """
    kind = detect(path, name)
    if kind is FileType.PDF:
        return pdf.load(path, name, max_pages=max_pages, progress=progress)
    if kind is FileType.MARKDOWN:
        loaded = markdown.load(path, name, max_pages=max_pages)
    else:
        loaded = text.load(path, name, max_pages=max_pages)
    progress(len(loaded.pages), len(loaded.pages))
    return loaded
