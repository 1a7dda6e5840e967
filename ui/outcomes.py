"""How each file ended, for the page to tell whoever added it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ingest.taken import ADDED
from rag.domain import Document
from rag.intake import Content, Job, Stage
from ui.endings import BY_WORDS, FAILED, kind_of_end


def render_outcome(job: Job, document: Document | None) -> str:
    """How the file of a job ended."""
    tone = "bad" if job.stage is Stage.FAILED else ""
    return (
        f'<i data-job="{job.id}" data-document="{escape(job.document_id or "")}" '
        f'data-parent="{job.parent_id or ""}" data-kind="{kind_of_end(job, document)}" '
        f'data-tone="{tone}">{escape(_outcome(job, document))}</i>'
    )


def render_left_out(job: Job, left_out: Iterable[Content]) -> str:
    """How the files of an archive ended that never had a job, each numbered after its archive."""
    return "".join(
        f'<i data-job="{job.id}.{at}" data-document="" data-parent="{job.id}" '
        f'data-kind="{FAILED}" data-tone="bad">'
        f"{escape(f'{job.name}/{each.name}: {each.reason}')}</i>"
        for at, each in enumerate(left_out, 1)
    )


def _outcome(job: Job, document: Document | None) -> str:
    said = job.outcome
    if job.stage is Stage.CANCELLED and document is not None:
        by_words = document.embedded < document.chunks
        said = f"Found {BY_WORDS}." if by_words else document.reason or ADDED.format(job.name)
    return said if job.name in said else f"{job.name}: {said}"
