"""Reads rich text documents (RTF): headings, paragraphs, list items, tables and footnotes."""

from __future__ import annotations

from pathlib import Path

from ingest import richtext
from ingest.loaded import LoadedDocument
from ingest.loaders.blocks import document_of
from ingest.markup import Markup

MEDIA_TYPE = "application/rtf"


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a rich text document. What its pages have at their top and bottom stands at the end.

    Raises:
        DocumentError: the document holds no text, too much of it, or is damaged.
    """
    document = richtext.read(path.read_bytes())
    shown = Markup(document.title, (*document.blocks, *document.margins))
    return document_of(shown, name, MEDIA_TYPE, max_pages)
