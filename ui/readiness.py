"""How many of the documents are asked, and what keeps the others from being asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from rag.domain import Document, DocumentState
from rag.intake import Job
from ui import icons
from ui.chat import ANSWERABLE
from ui.progress import is_at_work

BEING_READ = "being read"
FAILED = "failed"
# What is said of one document, and of several.
HINDRANCES = {
    BEING_READ: (BEING_READ, BEING_READ),
    DocumentState.NEEDS_OCR: ("needs OCR", "need OCR"),
    DocumentState.NEEDS_PASSWORD: ("needs a password", "need a password"),
    DocumentState.EMPTY: ("without text", "without text"),
    FAILED: (FAILED, FAILED),
}


def render_count(documents: Sequence[Document], excluded: Collection[str]) -> str:
    """How many are asked, and what chooses all or none of those that can be."""
    able = [document.id for document in documents if document.state in ANSWERABLE]
    asked = sum(id_ not in excluded for id_ in able)
    if not able:
        return ""
    words = f"{asked:,} of {len(able):,} chosen"
    if asked == len(able) < len(documents):
        words = f"{asked:,} of {len(documents):,} ready"
    elif asked == len(able):
        words = f"all {asked:,} chosen" if asked > 1 else "1 chosen"
    count = f'<span class="count">{words}</span>'
    if len(able) == 1:
        return count
    checked = "true" if asked == len(able) else "mixed" if asked else "false"
    return (
        f'{count}<button type="button" class="box" role="checkbox" aria-checked="{checked}" '
        f'data-event="every" aria-label="Ask all documents" title="All or none">{icons.CHECK}'
        "</button>"
    )


def render_others(documents: Sequence[Document], job_of: Mapping[str, Job]) -> str:
    """What hinders those that cannot be asked, in few words; a single one says so itself."""
    words = hindrances(documents, job_of) if len(documents) > 1 else []
    return f'<p class="others">{", ".join(words)}</p>' if words else ""


def hindrances(documents: Sequence[Document], job_of: Mapping[str, Job]) -> list[str]:
    """How many documents cannot be asked for what reason: “4 need OCR”, “3 failed”."""
    found = Counter(
        _hindrance(document, job_of.get(document.id))
        for document in documents
        if document.state not in ANSWERABLE
    )
    return [
        f"{found[kind]:,} {words[found[kind] > 1]}"
        for kind, words in HINDRANCES.items()
        if found[kind]
    ]


def _hindrance(document: Document, job: Job | None) -> str:
    if job is not None and is_at_work(job):
        return BEING_READ
    return document.state if document.state in HINDRANCES else FAILED
