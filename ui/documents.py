"""The documents on the left: their states, what is being read, and which are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

from ingest.pipeline import ADDED, Stage
from ingest.queue import Job
from rag.domain import Document, DocumentState, Library
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
DROP_ZONE = (
    '<label class="drop" id="drop"><input type="file" id="files" multiple '
    'data-max-mb="{}" aria-label="Add documents"><b>Add documents</b> or drop them anywhere</label>'
)
NOTHING = '<p class="nothing">PDF, Markdown and text files become pages that can be asked.</p>'


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the list shows: documents, oldest first; files on their way in; what is left out.

    `state` differs whenever the list does, for whoever asks whether to look again.
    """

    documents: Sequence[Document]
    jobs: Sequence[Job]
    excluded: frozenset[str] = frozenset()
    state: str = ""
    max_file_mb: int = 50


def state_of(library: Library, jobs: Sequence[Job]) -> str:
    """A word that changes with every change of the library's documents and of what is read."""
    newest = max((job.id for job in jobs), default=0)
    ended = sum(job.has_ended for job in jobs)
    return f"{library.id}-{library.generation}-{newest}-{len(jobs)}-{ended}"


def render_documents(shelf: Shelf) -> str:
    """The HTML of the list, newest first, with the files that are being read above it.

    The page itself adds what was not sent to `#unsent`, and tells the outcome of its own files.
    """
    # A file that could not be read is listed with its reason; only one that left no document
    # behind is reported here.
    rows = [_render_job(job) for job in shelf.jobs if not job.has_ended or job.is_lost]
    rows += [
        _render_document(document, document.id not in shelf.excluded)
        for document in reversed(shelf.documents)
    ]
    return (
        f"{DROP_ZONE.format(shelf.max_file_mb)}"
        f'<div class="h"><h2>Documents</h2>{_render_count(shelf)}</div>'
        f'<ul class="docs" id="unsent"></ul><ul class="docs">{"".join(rows)}</ul>'
        f"{'' if rows else NOTHING}{_render_outcomes(shelf)}"
    )


def are_running(jobs: Sequence[Job]) -> bool:
    """Whether a file is waiting or being read."""
    return any(not job.has_ended for job in jobs)


def _render_count(shelf: Shelf) -> str:
    able = [document.id for document in shelf.documents if document.state in ANSWERABLE]
    asked = sum(id_ not in shelf.excluded for id_ in able)
    if not able:
        return ""
    words = f"{asked} of {len(able)} chosen"
    if asked == len(able) < len(shelf.documents):
        words = f"{asked} of {len(shelf.documents)} ready"
    elif asked == len(able):
        words = f"all {asked} chosen" if asked > 1 else "1 chosen"
    count = f'<span class="count">{words}</span>'
    if len(able) == 1:
        return count
    checked = "true" if asked == len(able) else "mixed" if asked else "false"
    return (
        f'{count}<button type="button" class="box" role="checkbox" aria-checked="{checked}" '
        f'data-event="every" aria-label="Ask all documents" title="All or none">{icons.CHECK}'
        "</button>"
    )


def _render_outcomes(shelf: Shelf) -> str:
    """How each file ended, for the page to tell whoever added it."""
    outcomes = "".join(
        f'<i data-job="{job.id}" data-document="{escape(job.document_id or "")}" '
        f'data-tone="{"bad" if job.stage is Stage.FAILED else ""}"'
        f"{' data-added' * (job.outcome == ADDED.format(job.name))}>{escape(_outcome(job))}</i>"
        for job in shelf.jobs
        if job.has_ended
    )
    return f'<div id="outcomes" data-state="{escape(shelf.state)}" hidden>{outcomes}</div>'


def _outcome(job: Job) -> str:
    return job.outcome if job.name in job.outcome else f"{job.name}: {job.outcome}"


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
    state, reason = _render_bar(job), ""
    name = escape(job.name)
    if job.is_lost:
        state = '<span class="st b">failed</span>'
        reason = (
            f'<p class="why">{escape(job.outcome)}</p>'
            f'<button type="button" class="redo" data-event="retry" data-id="{job.id}" '
            f'aria-label="Try {name} again">{icons.AGAIN}Try again</button>'
            f'<button type="button" class="x" data-event="dismiss" data-id="{job.id}" '
            f'aria-label="Dismiss {name}">{icons.CROSS}</button>'
        )
    return (
        f'<li class="doc job{" unread" * job.is_lost}">'
        f'<span class="ico" aria-hidden="true">{_kind(job.name)}</span>'
        f'<span class="t" title="{name}">{name}</span>'
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
