"""Reads web pages: what a reader sees of them, with headings, list items and tables."""

from __future__ import annotations

import re
from pathlib import Path

from ingest import markup, titles
from ingest.composer import Composer
from ingest.loaded import LoadedDocument
from ingest.loaders.text import decode
from rag.domain import DocumentState

MEDIA_TYPE = "text/html"
DECLARATION_BYTES = 8_192  # browsers look at the first 1,024

_DECLARED = re.compile(
    rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})"
    rb"|^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a web page; its title is the page's own, else its first heading.

    Raises:
        DocumentError: the page holds no text, or too much of it.
    """
    page = markup.read(decode_page(path.read_bytes()))
    composer = Composer()
    markup.write(page.blocks, composer)
    composed = composer.finish(max_pages)
    own = titles.tidy(page.title)
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


def decode_page(content: bytes) -> str:
    """The markup of a page, in the encoding that it declares if that fits.

    Raises:
        DocumentError: the content is no text.
    """
    declared = _DECLARED.search(content[:DECLARATION_BYTES])
    label = (declared[1] or declared[2]).decode("ascii") if declared else ""
    return decode(content, label)
