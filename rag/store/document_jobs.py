"""What becomes of the jobs of documents that are removed, replaced or purged."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, or_, select, update

from rag.intake import Stage
from rag.store.jobs import ENDED, REMOVED
from rag.store.tables import jobs, kept_documents


def end_jobs_of(connection: Connection, document_id: str) -> None:
    """End the jobs of a document that is removed, those that nobody works on at this moment."""
    connection.execute(
        update(jobs)
        .where(jobs.c.document_id == document_id, jobs.c.stage.not_in(ENDED), jobs.c.holder == "")
        .values(stage=Stage.CANCELLED, outcome=REMOVED, wish="")
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
