"""Whether what reading a file gave keeps the promises of `LoadedDocument`, whatever the file."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.loaded import LoadedDocument
from rag.domain import DocumentState, PageState

WITH_TEXT = frozenset({PageState.TEXT, PageState.OCR})
SENTENCE_CHARACTERS = range(10, 1000)


def is_sentence(reason: str) -> bool:
    """Whether a reason reads like one or a few plain sentences, not like an error of a library."""
    plain = reason.isprintable() and not {"Traceback", "Error:"} & set(reason.split())
    return len(reason) in SENTENCE_CHARACTERS and reason.endswith((".", "!")) and plain


def faults(document: LoadedDocument) -> list[str]:
    """What is wrong with it, in words; nothing for a sound one."""
    return [
        *_of_outcome(document),
        *_of_pages(document),
        *_of_places(document),
        *_of_attachments(document),
    ]


def _of_outcome(document: LoadedDocument) -> Iterator[str]:
    if (document.state is not DocumentState.READY or document.reason) and not is_sentence(
        document.reason
    ):
        yield f"{document.state} for no reason that is a sentence: {document.reason!r}"
    has_text = any(
        page.state in WITH_TEXT or (page.state is PageState.NEEDS_OCR and page.text.strip())
        for page in document.pages
    )
    is_read = document.state in (DocumentState.READY, DocumentState.PARTIAL)
    if is_read and not has_text and not document.attachments:
        yield f"{document.state} without a word"
    if not document.title.strip():
        yield "no title"


def _of_pages(document: LoadedDocument) -> Iterator[str]:
    offset = 0
    for number, page in enumerate(document.pages, 1):
        if (page.number, page.offset) != (number, offset):
            yield f"page {page.number} at {page.offset} stands where page {number} is expected"
        if page.state in WITH_TEXT and not page.text.strip():
            yield f"page {number} is {page.state} and has no text"
        if page.state is PageState.FAILED and not is_sentence(page.reason):
            yield f"page {number} failed for no reason that is a sentence: {page.reason!r}"
        offset += len(page.text)


def _of_places(document: LoadedDocument) -> Iterator[str]:
    lengths = {page.number: len(page.text) for page in document.pages}
    for heading in document.outline:
        length = lengths.get(heading.page, -1)
        if not -1 < (heading.start or 0) <= length:
            yield f"the heading {heading.title[:40]!r} is not on page {heading.page}"
    for table in document.tables:
        length = lengths.get(table.page, -1)
        if not all(0 <= row.start <= row.end <= length for row in table.rows):
            yield f"table {table.number} is not on page {table.page}"
    for page, words in document.words.items():
        if not all(0 <= word.start <= word.end <= lengths.get(page, -1) for word in words):
            yield f"words of page {page} are not on it"


def _of_attachments(document: LoadedDocument) -> Iterator[str]:
    for name in (attachment.name for attachment in document.attachments):
        leads_out = name.startswith("/") or "\\" in name or ".." in name.split("/")
        if leads_out or not name.isprintable() or not name.strip():
            yield f"an attachment is called {name[:40]!r}"
