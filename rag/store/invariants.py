"""What must hold among the rows of the catalog, beyond what the database itself looks after."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, Select, exists, func, or_, select

from rag.domain import DocumentState
from rag.intake import Stage
from rag.store.rows import StoredChunk, chunk_query, stored_chunk
from rag.store.tables import (
    aliases,
    chunks,
    documents,
    jobs,
    kept_documents,
    libraries,
    pages,
    table_parts,
)

TextHash = Callable[[StoredChunk], bytes]  # of what is embedded for a chunk

ANEW = "Remove it for good and add it again, or restore a backup."
REBUILD = "`tramontane rebuild` mends it."


def row_faults(connection: Connection) -> Iterator[str]:
    """A sentence for each document whose rows disagree, in one moment of the catalog."""
    for row in connection.execute(_OUTSIDE):
        yield (
            f"{_called(row)} has passages that do not lie in the text of their page, the first on "
            f"page {row.page}: {row.number}. {ANEW}"
        )
    for row in connection.execute(_TABLES_OUTSIDE):
        yield f"{_called(row)} has a table on page {row.page}, which it has not. {ANEW}"
    for row in connection.execute(_PAGES):
        if row.number != row.page_count:
            yield f"{_called(row)} has {row.number} pages, and counts {row.page_count}. {ANEW}"
    for row in connection.execute(_ELSEWHERE):
        yield f"{_called(row)} has passages that are counted to another library. {ANEW}"
    for row in connection.execute(_STATES):
        yield f"{_called(row)} is in a state that is none: {row.state!r}. {ANEW}"
    for row, chunk_count, embedded in miscounted(connection):
        yield (
            f"{_called(row)} has {chunk_count} passages, {embedded} of them with vectors, and "
            f"counts {row.chunks} and {row.embedded}. {REBUILD}"
        )
    for row in connection.execute(stray_aliases()):
        yield f"{_called(row)} is another name of a document that is gone. {REBUILD}"
    for row in connection.execute(_STAGES):
        yield (
            f"The file {row.name} waits in a stage that is none: {row.stage!r}. Restore a backup."
        )


def miscounted(connection: Connection) -> Iterator[tuple[Row[Any], int, int]]:
    """The documents whose counts are wrong, and how many chunks and first vectors they have."""
    for row in connection.execute(_COUNTS):
        if row.first is None:
            embedded = 0
        else:
            embedded = row.number if row.pending is None else row.pending - row.first
        if (row.number, embedded) != (row.chunks, row.embedded):
            yield row, row.number, embedded


def stray_aliases() -> Select[Any]:
    """The other names of bytes that are neither in the library nor kept."""
    there = (
        exists().where(
            table.c.library_id == aliases.c.library_id, table.c.sha256 == aliases.c.content
        )
        for table in (documents, kept_documents)
    )
    return (
        select(aliases, libraries.c.name.label("library"))
        .join(libraries, libraries.c.id == aliases.c.library_id)
        .where(*(~each for each in there))
    )


def content_faults(reader: Engine, text_hash: TextHash) -> Iterator[str]:
    """A sentence for each document with vectors or hashes that cannot be its own.

    Every document is looked at in a moment of its own, so that nobody waits.
    """
    with reader.begin() as connection:
        named = connection.execute(_NAMED).all()
    for row in named:
        with reader.begin() as connection:
            wrong, alien = _content_of(connection, row.id, row.dimension, text_hash)
        if wrong:
            yield (
                f"{_called(row)} has vectors that are not of {row.embedding_model}: {wrong}. "
                f"`tramontane rebuild --library {shlex.quote(row.library)} "
                f"--embedding {row.embedding_model}` "
                "embeds them again."
            )
        if alien:
            yield (
                f"{_called(row)} has passages under the hash of another text: {alien}. {REBUILD}"
            )


def documents_under_alien_hashes(reader: Engine, text_hash: TextHash) -> Iterator[str]:
    """The documents with a chunk that stands under the hash of another text."""
    with reader.begin() as connection:
        ids = [row.id for row in connection.execute(_NAMED)]
    for id_ in ids:
        with reader.begin() as connection:
            alien = _content_of(connection, id_, None, text_hash)[1]
        if alien:
            yield id_


def _content_of(
    connection: Connection, document_id: str, dimension: int | None, text_hash: TextHash
) -> tuple[int, int]:
    """How many vectors are none of that length, and how many hashes are of another text."""
    query = chunk_query().add_columns(chunks.c.vector, chunks.c.text_hash)
    wrong = alien = 0
    for row in connection.execute(query.where(chunks.c.document_id == document_id)):
        if dimension is not None and row.vector:
            wrong += not _is_vector(row.vector, dimension)
        if row.text_hash:
            alien += row.text_hash != text_hash(stored_chunk(row))
    return wrong, alien


def _is_vector(packed: bytes, dimension: int) -> bool:
    if len(packed) != 2 * dimension:
        return False
    vector = np.frombuffer(packed, dtype="<f2")
    return bool(np.isfinite(vector).all() and vector.any())


def _called(row: Row[Any]) -> str:
    return f"{row.name} (library {row.library})"


def _of_documents(*columns: Any) -> Select[Any]:
    return (
        select(documents.c.id, documents.c.name, libraries.c.name.label("library"), *columns)
        .select_from(documents)
        .join(libraries, libraries.c.id == documents.c.library_id)
    )


_NAMED = (
    _of_documents(libraries.c.dimension, libraries.c.embedding_model)
    .where(documents.c.state.in_(list(DocumentState)))
    .order_by(documents.c.added_at, documents.c.name)
)
_OUTSIDE = (
    _of_documents(func.min(chunks.c.page).label("page"), func.count().label("number"))
    .join(chunks, chunks.c.document_id == documents.c.id)
    .outerjoin(pages, (pages.c.document_id == documents.c.id) & (pages.c.number == chunks.c.page))
    .where(
        or_(
            pages.c.number.is_(None),
            chunks.c.start < 0,
            chunks.c.end <= chunks.c.start,
            chunks.c.end > func.length(pages.c.text),
        )
    )
    .group_by(documents.c.id)
)
_TABLES_OUTSIDE = (
    _of_documents(func.min(table_parts.c.page).label("page"))
    .join(table_parts, table_parts.c.document_id == documents.c.id)
    .outerjoin(
        pages, (pages.c.document_id == documents.c.id) & (pages.c.number == table_parts.c.page)
    )
    .where(pages.c.number.is_(None))
    .group_by(documents.c.id)
)
_PAGES = (
    _of_documents(documents.c.page_count, func.count(pages.c.number).label("number"))
    .outerjoin(pages, pages.c.document_id == documents.c.id)
    .group_by(documents.c.id)
)
_ELSEWHERE = (
    _of_documents()
    .join(chunks, chunks.c.document_id == documents.c.id)
    .where(chunks.c.library_id != documents.c.library_id)
    .group_by(documents.c.id)
)
_STATES = _of_documents(documents.c.state).where(documents.c.state.not_in(list(DocumentState)))
_STAGES = select(jobs.c.name, jobs.c.stage).where(jobs.c.stage.not_in(list(Stage)))
_COUNTS = (
    _of_documents(
        documents.c.library_id,
        documents.c.chunks,
        documents.c.embedded,
        func.count(chunks.c.id).label("number"),
        func.min(chunks.c.id).label("first"),
        func.min(chunks.c.id).filter(func.length(chunks.c.vector) == 0).label("pending"),
    )
    .outerjoin(chunks, chunks.c.document_id == documents.c.id)
    .group_by(documents.c.id)
)
