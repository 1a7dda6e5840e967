"""The documents that a fault has left unread or without vectors, told of together."""

from __future__ import annotations

from collections.abc import Sequence

from rag.domain import Document, DocumentState
from rag.intake import Job
from ui import icons
from ui.progress import EVERY, counted

BY_OCR = "Read by OCR"
WAITING_FOR_OCR = (DocumentState.NEEDS_OCR, DocumentState.PARTIAL)
MANY = 2


def render_stalled(documents: Sequence[Document], able: Sequence[Job]) -> str:
    """What holds several documents back, and what takes up, all at once, those that can go on.

    `able` are the jobs that can; where there are fewer than two, each has a button of its own.
    """
    if len(documents) < MANY:
        return ""
    by_words = [each for each in documents if each.embedded < each.chunks]
    unread = [each for each in documents if each.embedded >= each.chunks]
    scans = all(each.state is DocumentState.NEEDS_OCR for each in unread)
    told = []
    if by_words:
        is_found = "is found by its" if len(by_words) == 1 else "are found by their"
        told.append(f"{counted(len(by_words), 'document')} {is_found} words only.")
    if unread:
        hold = "holds" if len(unread) == 1 else "hold"
        pages = "pictures of pages" if scans else "pages"
        told.append(f"{counted(len(unread), 'document')} {hold} {pages} that nobody has read.")
    words = "Go on with all" if by_words else f"{BY_OCR}: all"
    button = (
        f'<button type="button" class="redo" data-event="retry" data-id="{EVERY}">'
        f"{icons.AGAIN}{words}</button>"
    )
    return f'<div class="stalled"><p>{" ".join(told)}</p>{button * (len(able) >= MANY)}</div>'
