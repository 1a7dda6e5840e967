"""Documents that no question sees: those in the trash, and earlier versions of others.

They lie in tables of their own, whole and with their vectors, so that what reads documents, pages
or chunks leaves them out without having to think of it. Each function here is part of the one
transaction of its caller.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from rag.domain import Document, Library
from rag.errors import NotFoundError
from rag.failpoints import failpoint
from rag.store.embedding import known_vectors
from rag.store.libraries import library_with_id
from rag.store.rows import document_of
from rag.store.tables import (
    chunks,
    documents,
    kept_chunks,
    kept_documents,
    kept_pages,
    kept_table_parts,
    pages,
    table_parts,
)

_LEAVES = ((pages, kept_pages), (table_parts, kept_table_parts), (chunks, kept_chunks))


def keep(
    connection: Connection, document: Document, version_of: str | None, since: float | None = None
) -> None:
    """Take a document out of its library: into the trash, or as a version of another.

    What it had as earlier versions become versions of that other one too. It is kept `since` now,
    unless that is told.
    """
    model = library_with_id(connection, document.library_id).embedding_model
    also = {
        "version_of": null() if version_of is None else literal(version_of),
        "kept_at": literal(time.time() if since is None else since),
        "embedding_model": literal(model),
    }
    _copy(connection, documents, kept_documents, documents.c.id == document.id, also)
    for live, kept in _LEAVES:
        _copy(connection, live, kept, live.c.document_id == document.id)
    failpoint("keep.copied")
    connection.execute(delete(documents).where(documents.c.id == document.id))
    failpoint("keep.deleted")
    if version_of is not None:
        connection.execute(
            update(kept_documents)
            .where(kept_documents.c.version_of == document.id)
            .values(version_of=version_of)
        )


def put_back(connection: Connection, document_id: str) -> Document:
    """Put a document that is kept into its library again, as the one it was; a version beside it.

    Its chunks have new ids, as if it were published now. Where the library has been embedded with
    another model meanwhile, they have those vectors only that are known of it.

    Raises:
        NotFoundError: it is not kept.
    """
    row = _kept(connection, kept_documents.c.id == document_id)
    library = library_with_id(connection, row.library_id)
    _copy(connection, kept_documents, documents, kept_documents.c.id == document_id)
    for live, kept in _LEAVES:
        also = {"library_id": literal(row.library_id)} if live is chunks else {}
        _copy(connection, kept, live, kept.c.document_id == document_id, also)
    failpoint("put_back.copied")
    connection.execute(delete(kept_documents).where(kept_documents.c.id == document_id))
    failpoint("put_back.deleted")
    if row.embedding_model != library.embedding_model:
        _take_known_vectors(connection, document_id, library)
    return document_of(connection.execute(_DOCUMENT, {"id": document_id}).one())


def forget(connection: Connection, document_id: str) -> list[str]:
    """Delete a document that is kept, and all its earlier versions.

    Returns:
        The hashes of their files, and their names.

    Raises:
        NotFoundError: it is not kept.
    """
    in_trash = kept_documents.c.version_of.is_(None)
    _kept(connection, (kept_documents.c.id == document_id) & in_trash)
    own = (kept_documents.c.id == document_id) | (kept_documents.c.version_of == document_id)
    hashes = connection.execute(select(kept_documents.c.sha256).where(own)).scalars().all()
    connection.execute(delete(kept_documents).where(own))
    failpoint("forget.deleted")
    return list(dict.fromkeys(hashes))


def _kept(connection: Connection, which: ColumnElement[bool]) -> Row[Any]:
    row = connection.execute(select(kept_documents).where(which)).first()
    if row is None:
        raise NotFoundError("This document is not in the trash (any more).")
    return row


def _copy(
    connection: Connection,
    source: Table,
    target: Table,
    which: Any,
    also: dict[str, Any] | None = None,
) -> None:
    """Copy rows between two tables, in order, by the columns that both have."""
    also = also or {}
    is_back = target is chunks  # whose ids are never given twice
    names = [
        column.name
        for column in source.columns
        if column.name in target.columns
        and column.name not in also
        and not (is_back and column.name == "id")
    ]
    rows = select(*(source.c[name] for name in names), *also.values()).where(which)
    if "id" in source.columns:
        rows = rows.order_by(source.c.id)
    connection.execute(insert(target).from_select([*names, *also], rows))


def _take_known_vectors(connection: Connection, document_id: str, library: Library) -> None:
    """Give the chunks of a document the vectors that are known of its library's model alone."""
    own = chunks.c.document_id == document_id
    connection.execute(update(chunks).where(own).values(vector=b""))  # which are of another model
    rows = connection.execute(select(chunks.c.id, chunks.c.text_hash).where(own)).all()
    hashes = [row.text_hash for row in rows]
    known = known_vectors(connection, library.embedding_model, library.dimension, hashes)
    packed = [{"chunk_id": row.id, "packed": known.get(row.text_hash, b"")} for row in rows]
    if packed:
        connection.execute(
            update(chunks)
            .where(chunks.c.id == bindparam("chunk_id"))
            .values(vector=bindparam("packed")),
            packed,
        )
    found = [bool(each["packed"]) for each in packed]
    embedded = found.index(False) if False in found else len(found)
    connection.execute(
        update(documents).where(documents.c.id == document_id).values(embedded=embedded)
    )


_DOCUMENT: Select[Any] = select(documents).where(documents.c.id == bindparam("id"))


def has_file(connection: Connection, sha256: str) -> bool:
    """Whether a document that is kept has a stored file."""
    query = select(func.count()).select_from(kept_documents)
    found = connection.execute(query.where(kept_documents.c.sha256 == sha256)).scalar_one()
    return bool(found)
