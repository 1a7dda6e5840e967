"""Reads web pages: what a reader sees of them, with headings, list items and tables."""

from __future__ import annotations

import re
from pathlib import Path

from ingest import markup
from ingest.loaded import LoadedDocument
from ingest.loaders.blocks import document_of
from ingest.loaders.text import decode

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
    return document_of(page, name, MEDIA_TYPE, max_pages)


def decode_page(content: bytes) -> str:
    """The markup of a page, in the encoding that it declares if that fits.

    Raises:
        DocumentError: the content is no text.
    """
    declared = _DECLARED.search(content[:DECLARATION_BYTES])
    label = (declared[1] or declared[2]).decode("ascii") if declared else ""
    return decode(content, label)
