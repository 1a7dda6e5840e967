"""Reads rich text documents (RTF): headings, paragraphs, list items, tables and footnotes."""

from __future__ import annotations

from pathlib import Path

from ingest import markup, richtext, titles
from ingest.composer import Composer
from ingest.loaded import LoadedDocument
from rag.domain import DocumentState

MEDIA_TYPE = "application/rtf"


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a rich text document. What its pages have at their top and bottom stands at the end.

    Raises:
        DocumentError: the document holds no text, too much of it, or is damaged.
    """
    document = richtext.read(path.read_bytes())
    composer = Composer()
    markup.write((*document.blocks, *document.margins), composer)
    composed = composer.finish(max_pages)
    own = titles.tidy(document.title)
    first = next((heading.title for heading in composed.outline if heading.level == 1), "")
    return LoadedDocument(
        title=own if titles.is_meaningful(own) else titles.tidy(first) or titles.from_name(name),
        media_type=MEDIA_TYPE,
        paginated=False,
        pages=composed.pages,
        outline=composed.outline,
        state=DocumentState.READY,
        reason="",
        tables=composed.tables,
    )
