"""What the search by meaning reads of the catalog: where chunks lie, and their vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select

from rag.domain import Library
from rag.store.embedding import check_lengths
from rag.store.tables import chunks, documents

ROWS_AT_ONCE = 2_000


class ChunkSpan(NamedTuple):
    """The chunks of one document: a document's are published together, so nothing lies between."""

    document_id: str
    first: int
    last: int
    size: int


class EmbeddedSpans(NamedTuple):
    """Documents of which every chunk has its vector, and the first chunks of those of which some.

    The chunks of a document get their vectors in order.
    """

    complete: tuple[ChunkSpan, ...]
    partial: tuple[ChunkSpan, ...] = ()


def fingerprint(spans: Iterable[ChunkSpan]) -> str:
    """What tells these chunks from any others.

    A generation alone does not: a catalog restored from a backup reaches the same number again.
    """
    ordered = sorted(spans, key=lambda span: span.first)
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()


def chunk_spans(connection: Connection, library_id: str) -> list[ChunkSpan]:
    """The span of every document that has chunks, by id; read from an index, not the rows."""
    asked = {"library": library_id}
    return [ChunkSpan(*row) for row in connection.execute(_SPANS, asked)]


def embedded_spans(connection: Connection, library_id: str) -> EmbeddedSpans:
    """The chunks of each document that have their vectors."""
    begun = connection.execute(_EMBEDDED, {"library": library_id})
    counts = {row.id: int(row.embedded) for row in begun}
    complete: list[ChunkSpan] = []
    partial: list[ChunkSpan] = []
    for span in chunk_spans(connection, library_id):
        count = min(counts.get(span.document_id, 0), span.size)
        if count == span.size:
            complete.append(span)
        elif count:
            partial.append(span._replace(last=span.first + count - 1, size=count))
    return EmbeddedSpans(tuple(complete), tuple(partial))


def document_digests(connection: Connection, library_id: str) -> dict[str, str]:
    """What tells the words of each document that has chunks, by id.

    Chunks are never changed and their ids never given again, so these and the names are enough.
    """
    spans = {span.document_id: span for span in chunk_spans(connection, library_id)}
    rows = connection.execute(_NAMES, {"library": library_id})
    named = {row.id: (row.title, row.name) for row in rows}
    return {
        id_: hashlib.sha256(repr((*span, *named[id_])).encode("utf-8", "replace")).hexdigest()
        for id_, span in spans.items()
    }


def packed_vectors(
    connection: Connection, library: Library, after: int
) -> Iterator[tuple[int, bytes]]:
    """The id and the stored vector of every chunk after an id that has one, by id.

    Raises:
        EmbeddingMismatchError: some have not the length that they should have.
    """
    for row in connection.execute(_VECTORS, {"library": library.id, "after": after}):
        if not row.vector:
            continue
        if len(row.vector) != 2 * library.dimension:
            check_lengths(connection, library)
        yield row.id, row.vector


def vectors_of(connection: Connection, library_id: str, ids: Sequence[int]) -> dict[int, bytes]:
    """The stored vectors of a few chunks of a library, by id; those that are there."""
    query = select(chunks.c.id, chunks.c.library_id, chunks.c.vector).where(chunks.c.id.in_(ids))
    rows = connection.execute(query)
    return {row.id: row.vector for row in rows if row.library_id == library_id}


# Built once: each is asked for whenever a library has changed, while somebody waits for an answer.
_FIRST = func.min(chunks.c.id).label("first")
_OF_LIBRARY = documents.c.library_id == bindparam("library")
_SPANS: Select[Any] = (
    select(chunks.c.document_id, _FIRST, func.max(chunks.c.id), func.count())
    .join_from(documents, chunks, documents.c.id == chunks.c.document_id)
    .where(_OF_LIBRARY)
    .group_by(chunks.c.document_id)
    .order_by(_FIRST)
)
_EMBEDDED: Select[Any] = select(documents.c.id, documents.c.embedded).where(
    _OF_LIBRARY, documents.c.embedded > 0
)
_NAMES: Select[Any] = select(documents.c.id, documents.c.title, documents.c.name).where(_OF_LIBRARY)
_VECTORS: Select[Any] = (
    select(chunks.c.id, chunks.c.vector)
    .where(chunks.c.library_id == bindparam("library"), chunks.c.id > bindparam("after"))
    .order_by(chunks.c.id)
    .execution_options(yield_per=ROWS_AT_ONCE)
)
