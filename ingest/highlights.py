"""Where a span of a page's text stands on the page as displayed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest import pdfium
from ingest.boxes import Rectangle
from ingest.rendering import PDF
from rag.domain import Document, Page, PageState
from rag.intake import WordBox


def highlights(
    path: Path, document: Document, page: Page, words: Sequence[WordBox], start: int, end: int
) -> list[Rectangle]:
    """The rectangles that cover `page.text[start:end]`; `words` are those that OCR has read.

    Raises:
        DocumentError: the file or the page cannot be read.
    """
    if page.state is PageState.OCR:
        return word_rectangles(page.text, words, start, end)
    if document.media_type == PDF:
        said = page.text[start:end]
        return pdfium.span_rectangles(path, page.number, start, end, said)
    return []


def word_rectangles(text: str, words: Sequence[WordBox], start: int, end: int) -> list[Rectangle]:
    """The rectangles that cover the words of `text[start:end]`, one for each of its lines."""
    lines: list[list[WordBox]] = []
    for word in words:
        if word.end <= start or word.start >= end:
            continue
        if not lines or "\n" in text[lines[-1][-1].end : word.start]:
            lines.append([])
        lines[-1].append(word)
    return [
        Rectangle(
            min(word.left for word in line),
            min(word.top for word in line),
            max(word.right for word in line),
            max(word.bottom for word in line),
        )
        for line in lines
    ]
