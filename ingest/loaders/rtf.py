"""Reads rich text documents (RTF): headings, paragraphs, list items, tables and footnotes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingest import richtext
from ingest.loaded import LoadedDocument
from ingest.loaders.blocks import document_of
from ingest.markup import Markup
from rag.domain import DocumentState

DAMAGED = (
    "The document is damaged: a picture or an object in it is cut off, and text behind it may be "
    "missing. Save it again from where it came from."
)
MEDIA_TYPE = "application/rtf"


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a rich text document. What its pages have at their top and bottom stands at the end.

    Raises:
        DocumentError: the document holds no text, too much of it, or is damaged.
    """
    document = richtext.read(path.read_bytes())
    shown = Markup(document.title, (*document.blocks, *document.margins))
    loaded = document_of(shown, name, MEDIA_TYPE, max_pages)
    if document.is_damaged:
        return replace(loaded, state=DocumentState.PARTIAL, reason=DAMAGED)
    return loaded
