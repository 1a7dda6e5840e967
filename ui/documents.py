"""The documents on the left: their states, what is being read, and which are asked."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import PurePath

from ingest.pipeline import Stage
from ingest.queue import Job
from rag.domain import Document, DocumentState
from ui import icons
from ui.chat import ANSWERABLE

WARNING, FAILURE = "w", "b"
STATE_WORDS = {
    DocumentState.PARTIAL: ("partly read", WARNING),
    DocumentState.NEEDS_OCR: ("needs OCR", WARNING),
    DocumentState.EMPTY: ("no text", WARNING),
    DocumentState.NEEDS_PASSWORD: ("needs a password", WARNING),
    DocumentState.DAMAGED: ("damaged", FAILURE),
    DocumentState.UNSUPPORTED: ("not supported", FAILURE),
    DocumentState.TOO_LARGE: ("too large", FAILURE),
    DocumentState.FAILED: ("failed", FAILURE),
}
ENDED = frozenset({Stage.DONE, Stage.FAILED})
DROP_ZONE = (
    '<label class="drop" id="drop"><input type="file" id="files" multiple '
    'aria-label="Add documents"><b>Add documents</b> or drop them anywhere</label>'
)
NOTHING = '<p class="nothing">PDF, Markdown and text files become pages that can be asked.</p>'


def render_documents(
    documents: Sequence[Document], jobs: Sequence[Job], excluded: frozenset[str]
) -> str:
    """The HTML of the list, with the files that are being read above it."""
    answerable = [document for document in documents if document.state in ANSWERABLE]
    asked = sum(document.id not in excluded for document in answerable)
    running = [job for job in jobs if job.stage not in ENDED]
    # A file that could not be read is listed with its reason; only one that left no document
    # behind is reported here.
    lost = [job for job in jobs if job.stage is Stage.FAILED and job.document_id is None]
    rows = [_render_job(job) for job in (*running, *lost)]
    rows += [_render_document(document, document.id not in excluded) for document in documents]
    ended = [job for job in jobs if job.stage in ENDED and job.outcome]
    status = escape(ended[-1].outcome) if ended and not running else ""
    count = f"{asked} of {len(answerable)} asked" if answerable else ""
    return (
        f'{DROP_ZONE}<div class="h"><h2>Documents</h2><span>{count}</span></div>'
        f'<p class="sr" role="status">{status}</p>'
        f'<ul class="docs">{"".join(rows)}</ul>{"" if rows else NOTHING}'
    )


def are_running(jobs: Sequence[Job]) -> bool:
    """Whether a file is waiting or being read."""
    return any(job.stage not in ENDED for job in jobs)


def progress_words(job: Job) -> str:
    """How far a file is, in words."""
    match job.stage:
        case Stage.WAITING:
            return "waiting"
        case Stage.READING:
            return f"reading page {job.done} of {job.total}" if job.total else "reading"
        case Stage.EMBEDDING:
            return f"embedding {_percent(job)} %"
        case _:
            return job.outcome


def _percent(job: Job) -> int:
    return round(100 * job.done / job.total) if job.total else 0


def _render_job(job: Job) -> str:
    failed = job.stage is Stage.FAILED
    state = '<span class="st b">failed</span>' if failed else _render_bar(job)
    reason = ""
    if failed:
        reason = (
            f'<p class="why">{escape(job.outcome)}</p>'
            f'<button type="button" class="x" data-event="dismiss" data-id="{job.id}" '
            f'aria-label="Dismiss {escape(job.name)}">{icons.CROSS}</button>'
        )
    return (
        f'<li class="doc job{" unread" * failed}">'
        f'<span class="ico" aria-hidden="true">{_kind(job.name)}</span>'
        f'<span class="t" title="{escape(job.name)}">{escape(job.name)}</span>'
        f'<span class="s">{state}</span>{reason}</li>'
    )


def _render_bar(job: Job) -> str:
    # Reading is the quick part: a tenth of the bar, so that it never runs backwards.
    share = {Stage.READING: 10.0, Stage.EMBEDDING: 90.0}.get(job.stage, 0.0)
    start = 10.0 if job.stage is Stage.EMBEDDING else 0.0
    width = start + share * (job.done / job.total if job.total else 0.0)
    return (
        f'<span class="bar"><i style="width:{width:.0f}%"></i></span>'
        f"<span>{escape(progress_words(job))}</span>"
    )


def _render_document(document: Document, is_asked: bool) -> str:
    title = document.title or document.name
    key = escape(document.id)
    can_answer = document.state in ANSWERABLE
    box = (
        f'<button type="button" class="box" role="checkbox" aria-checked="{str(is_asked).lower()}" '
        f'data-event="choose" data-id="{key}" aria-label="Ask {escape(title)}">'
        f"{icons.CHECK}</button>"
        if can_answer
        else ""
    )
    reason = "" if not document.reason else f'<p class="why">{escape(document.reason)}</p>'
    hint = escape(f"{document.name}. {document.reason}" if document.reason else document.name)
    kind = "unread" if not can_answer else "" if is_asked else "out"
    return (
        f'<li class="doc {kind}" data-id="{key}">'
        f'<span class="ico" aria-hidden="true">{_kind(document.name)}</span>'
        f'<button type="button" class="t" data-event="show" data-id="{key}" title="{hint}">'
        f"{escape(title)}</button>"
        f'<span class="s">{_render_state(document)}</span>{reason}'
        f'<button type="button" class="x" data-confirm="remove" data-id="{key}" '
        f'data-name="{escape(title)}" aria-label="Remove {escape(title)}">{icons.CROSS}</button>'
        f"{box}</li>"
    )


def _render_state(document: Document) -> str:
    length = f"<span>{_length(document)}</span>" if document.page_count else ""
    if document.state not in STATE_WORDS:
        return length
    words, tone = STATE_WORDS[document.state]
    return f'{length}<span class="st {tone}">{words}</span>'


def _length(document: Document) -> str:
    if not document.paginated and document.page_count == 1:
        return f"{max(1, round(document.size_bytes / 1000)):,} kB of text"
    noun = "page" if document.paginated else "part"
    return f"{document.page_count:,} {noun}{'s' * (document.page_count != 1)}"


def _kind(name: str) -> str:
    return escape(PurePath(name).suffix.lstrip(".").upper()[:4] or "TXT")
