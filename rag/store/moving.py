"""Moving a document to another library, as part of the transaction of its caller."""

from __future__ import annotations

from sqlalchemy import Connection, Row, select, update

from rag.domain import Document, Library
from rag.errors import LibraryError, NotFoundError
from rag.failpoints import failpoint
from rag.intake import Estimate, Stage
from rag.store.aliases import move_names_of
from rag.store.document_jobs import move_jobs
from rag.store.jobs import queue_embedding
from rag.store.keeping import keep, put_back
from rag.store.libraries import advance, library_with_id
from rag.store.rows import document_of
from rag.store.tables import documents, jobs, kept_documents


def move_document(
    connection: Connection, document_id: str, target: Library, asked: Estimate | None
) -> Document:
    """Put a document into a library with its earlier versions; its chunks have new ids there.

    Raises:
        LibraryError: it is in that library already, or the same file is.
        NotFoundError: it was removed.
    """
    row = connection.execute(select(documents).where(documents.c.id == document_id)).first()
    if row is None:
        raise NotFoundError("This document is no longer in the library.")
    _refuse_twin(connection, row, target)
    source = library_with_id(connection, row.library_id)
    keep(connection, document_of(row), None)
    own = kept_documents.c.id == document_id
    with_versions = own | (kept_documents.c.version_of == document_id)
    connection.execute(update(kept_documents).where(with_versions).values(library_id=target.id))
    if (source.embedding_model, source.dimension) != (target.embedding_model, target.dimension):
        connection.execute(update(kept_documents).where(own).values(embedding_model=""))
    failpoint("move.counted_elsewhere")
    document = put_back(connection, document_id)
    move_jobs(connection, row, target.id)
    move_names_of(connection, row, target.id)
    if document.embedded < document.chunks and not _is_on_its_way(connection, document_id):
        stage = Stage.EMBEDDING if asked is None else Stage.CONFIRM
        queue_embedding(connection, document, stage, asked)
    advance(connection, source.id)
    advance(connection, target.id)
    return document


def _refuse_twin(connection: Connection, row: Row[object], target: Library) -> None:
    if row.library_id == target.id:
        raise LibraryError(f"{row.name} is in the library {target.name!r} already.")
    same = (documents.c.library_id == target.id, documents.c.sha256 == row.sha256)
    twin = connection.execute(select(documents.c.name).where(*same)).first()
    if twin is not None:
        called = "" if twin.name == row.name else f" as {twin.name}"
        raise LibraryError(f"The library {target.name!r} has {row.name} already{called}.")


def _is_on_its_way(connection: Connection, document_id: str) -> bool:
    going = (Stage.OCR, Stage.CONFIRM, Stage.EMBEDDING)
    of_it = (jobs.c.document_id == document_id, jobs.c.stage.in_(going))
    return connection.execute(select(jobs.c.id).where(*of_it)).first() is not None
