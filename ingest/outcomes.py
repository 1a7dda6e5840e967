"""How reading a document ended, in one state and one sentence, from how its pages ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.domain import DocumentState, Page, PageState
from rag.errors import InvalidReplyError, RateLimitError, RefusedRequestError, UnavailableError

PASSING = (RateLimitError, UnavailableError, InvalidReplyError)  # faults that may pass
REFUSED = (RefusedRequestError,)  # of those, faults that the same request would meet again
READABLE = frozenset({DocumentState.READY, DocumentState.PARTIAL})
WITH_TEXT = frozenset({PageState.TEXT, PageState.OCR})
NOT_READ = "did not read the page"  # in the reason of a page that OCR has refused
_UNREAD = (
    (PageState.NEEDS_OCR, "needing OCR"),
    (PageState.FAILED, "that could not be read"),
)


def outcome_of(pages: Sequence[Page]) -> tuple[DocumentState, str]:
    """The state of a document with these pages, and why it is not `ready`, if it is not."""
    count = Counter(page.state for page in pages)
    unread = [f"{_pages(count[state])} {how}" for state, how in _UNREAD if count[state]]
    typed_on = any(page.state is PageState.NEEDS_OCR and page.text.strip() for page in pages)
    if typed_on or any(count[state] for state in WITH_TEXT):
        if not unread:
            return DocumentState.READY, ""
        return DocumentState.PARTIAL, f"Read, except {' and '.join(unread)}."
    if count[PageState.NEEDS_OCR]:
        return (
            DocumentState.NEEDS_OCR,
            "The document holds pictures of pages, which only OCR can read.",
        )
    failed = [page for page in pages if page.state is PageState.FAILED]
    if failed and all(NOT_READ in page.reason for page in failed):
        return DocumentState.FAILED, "OCR read none of the pages. Each page says why."
    if failed:
        return DocumentState.DAMAGED, "None of the pages can be read: the file is damaged."
    return DocumentState.EMPTY, "The document holds no words that can be read."


def page_counts(pages: Sequence[Page]) -> str:
    """The pages by how they ended: "12 pages: 10 with text, 1 by OCR, 1 failed"."""
    count = Counter(page.state for page in pages)
    words = (
        (PageState.TEXT, "with text"),
        (PageState.OCR, "by OCR"),
        (PageState.NEEDS_OCR, "needing OCR"),
        (PageState.EMPTY, "empty"),
        (PageState.FAILED, "failed"),
    )
    parts = [f"{count[state]} {how}" for state, how in words if count[state]]
    return f"{_pages(len(pages))}: {', '.join(parts)}" if parts else "no pages"


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"
