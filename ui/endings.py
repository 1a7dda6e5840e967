"""What files on their way in came to, in the words that files which ended alike are counted by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ingest.taken import ALREADY, VERSION
from rag.domain import Document, DocumentState
from rag.intake import Job, Stage

READ, AS_VERSION, PARTLY = "read", "as a new version", "partly"
BY_WORDS, KNOWN, NEEDS_OCR = "by words only", "already there", "needing OCR"
NEEDS_PASSWORD, EMPTY = "needing a password", "without text"
FAILED, CANCELLED = "failed", "cancelled"
# In the order in which they are told.
KINDS = (
    READ,
    AS_VERSION,
    PARTLY,
    BY_WORDS,
    KNOWN,
    NEEDS_OCR,
    NEEDS_PASSWORD,
    EMPTY,
    FAILED,
    CANCELLED,
)
UNREAD = (NEEDS_PASSWORD, EMPTY, FAILED)  # as it is, and nothing that the program does changes that
BEING_READ = (Stage.WAITING, Stage.READING, Stage.OCR)

_READ_BY_STATE = {
    DocumentState.READY: READ,
    DocumentState.PARTIAL: PARTLY,
    DocumentState.NEEDS_OCR: NEEDS_OCR,
    DocumentState.NEEDS_PASSWORD: NEEDS_PASSWORD,
    DocumentState.EMPTY: EMPTY,
}


def kind_of_end(job: Job, document: Document | None) -> str:
    """How a file ended; empty for an archive that was opened: the files in it are counted."""
    if job.document_id is None:
        return {Stage.CANCELLED: CANCELLED, Stage.FAILED: FAILED}.get(job.stage, "")
    if document is not None and document.embedded < document.chunks and not _is_known(job):
        return BY_WORDS
    return _kind_read(job, document)


def being_read(jobs: Iterable[Job]) -> list[Job]:
    """Those whose files no question searches yet, or not whole."""
    return [job for job in jobs if job.stage in BEING_READ]


def count_ends(jobs: Iterable[Job], documents: Mapping[str, Document]) -> dict[str, int]:
    """How many of the files that are read, or never will be, came to what, in the order told.

    What is read waits for nothing but its vectors; of a file that waits for a person's word that
    is known only if it can be found by now.
    """
    ends = Counter(_kind(job, documents.get(job.document_id or "")) for job in jobs)
    return {kind: ends[kind] for kind in KINDS if ends[kind]}


def is_opened(job: Job) -> bool:
    """Whether it was an archive, which is no file of its own once the files in it are known."""
    return job.stage is Stage.DONE and job.document_id is None


def _kind(job: Job, document: Document | None) -> str:
    if job.has_ended:
        return kind_of_end(job, document)
    if job.stage in BEING_READ or (job.stage is Stage.CONFIRM and not _is_found(document)):
        return ""
    return _kind_read(job, document)


def _kind_read(job: Job, document: Document | None) -> str:
    """What reading a file came to, which stays so while it gets its vectors."""
    if _is_known(job):
        return KNOWN
    state = DocumentState.READY if document is None else document.state
    if state is DocumentState.READY and job.outcome.startswith(VERSION.format(job.name)):
        return AS_VERSION
    return _READ_BY_STATE.get(state, FAILED)


def _is_known(job: Job) -> bool:
    return job.outcome.startswith(ALREADY.format(job.name))


def _is_found(document: Document | None) -> bool:
    return document is not None and document.chunks > 0
