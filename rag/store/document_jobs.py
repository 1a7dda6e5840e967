"""What becomes of the jobs of documents that are removed, replaced or purged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, or_, select, update

from rag.intake import Stage
from rag.store.jobs import CANCEL, CANCELLED, ENDED, REMOVED
from rag.store.tables import jobs, kept_documents

DELETED = "The library was deleted."
MOVED = "The document was moved to another library meanwhile."


def end_jobs_of(connection: Connection, document_id: str) -> None:
    """End the jobs of a document that is replaced, those that nobody works on at this moment."""
    connection.execute(
        update(jobs)
        .where(jobs.c.document_id == document_id, jobs.c.stage.not_in(ENDED), jobs.c.holder == "")
        .values(stage=Stage.CANCELLED, outcome=REMOVED, wish="")
    )


def end_jobs_of_removed(connection: Connection, document: Row[Any]) -> None:
    """End every job of a document that is removed, and of its bytes: they were handed over before.

    Whoever works on one loses its hold, so that it publishes nothing any more. The bytes of the
    document's earlier versions are its own too.
    """
    versions = select(kept_documents.c.sha256).where(kept_documents.c.version_of == document.id)
    is_of_it = or_(
        jobs.c.document_id == document.id,
        jobs.c.sha256 == document.sha256,
        jobs.c.sha256.in_(versions),
    )
    connection.execute(
        update(jobs)
        .where(jobs.c.library_id == document.library_id, is_of_it, jobs.c.stage.not_in(ENDED))
        .values(
            stage=Stage.CANCELLED,
            outcome=REMOVED,
            document_id=func.coalesce(jobs.c.document_id, document.id),
            wish="",
            holder="",
        )
    )


def end_jobs_in(connection: Connection, library_id: str) -> None:
    """End every job of a library that is deleted; whoever works on one loses its hold."""
    connection.execute(
        update(jobs)
        .where(jobs.c.library_id == library_id, jobs.c.stage.not_in(ENDED))
        .values(
            stage=Stage.CANCELLED,
            outcome=case((jobs.c.wish == CANCEL, CANCELLED), else_=DELETED),
            wish="",
            holder="",
        )
    )


def queue_again(connection: Connection, library_id: str) -> set[str]:
    """Queue what was on its way into a library when that was deleted, now that it is back.

    Returns:
        The documents of which the rest is done by that.
    """
    own = (jobs.c.library_id == library_id) & (jobs.c.stage == Stage.CANCELLED)
    own &= jobs.c.outcome == DELETED
    begun = select(jobs.c.document_id).where(own, jobs.c.document_id.is_not(None))
    found = set(connection.execute(begun).scalars())
    again = {"stage": Stage.WAITING, "outcome": "", "attempts": 0, "not_before": 0.0}
    connection.execute(update(jobs).where(own).values(again))
    return found


def move_jobs(connection: Connection, document: Row[Any], library_id: str) -> None:
    """Have the jobs of a document go on in another library, to which it was moved.

    Whoever works on one loses its hold. What was handed over of its bytes once more ends.
    """
    own = jobs.c.document_id == document.id
    connection.execute(update(jobs).where(own).values(library_id=library_id, holder=""))
    connection.execute(
        update(jobs)
        .where(
            jobs.c.library_id == document.library_id,
            jobs.c.sha256 == document.sha256,
            jobs.c.stage.not_in(ENDED),
        )
        .values(stage=Stage.CANCELLED, outcome=MOVED, wish="", holder="")
    )


def wants_file(connection: Connection, sha256: str) -> bool:
    """Whether a job still needs the stored file: it goes on, or can be tried again."""
    query = (
        select(func.count())
        .select_from(jobs)
        .where(
            jobs.c.sha256 == sha256,
            or_(
                jobs.c.stage.not_in(ENDED),
                jobs.c.document_id.is_(None) & (jobs.c.stage != Stage.DONE),
            ),
        )
    )
    return bool(connection.execute(query).scalar_one())


def files_of_jobs(connection: Connection, library_ids: Collection[str]) -> list[str]:
    """The hashes of the stored files of all jobs of libraries, which go with them."""
    query = select(jobs.c.sha256).where(jobs.c.library_id.in_(library_ids)).distinct()
    return list(connection.execute(query).scalars())


def forget_jobs_of(connection: Connection, document_id: str) -> None:
    """Forget the jobs of a document and its versions, and those of their files that have ended.

    They tell its name. Whoever works on one finds it gone.
    """
    own = (kept_documents.c.id == document_id) | (kept_documents.c.version_of == document_id)
    for row in connection.execute(select(kept_documents).where(own)).all():
        same_file = (jobs.c.library_id == row.library_id) & (jobs.c.sha256 == row.sha256)
        connection.execute(
            delete(jobs).where(
                (jobs.c.document_id == row.id) | (same_file & jobs.c.stage.in_(ENDED))
            )
        )
