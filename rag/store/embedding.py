"""The vectors of a library: those of its own embedding model and no others, given at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    func,
    select,
    update,
)

from rag.domain import Document, Library
from rag.errors import EmbeddingMismatchError, LibraryChangedError
from rag.failpoints import failpoint
from rag.intake import Stage
from rag.store.jobs import queue_embedding
from rag.store.reembeddings import end_with_switch
from rag.store.rows import document_of
from rag.store.tables import chunks, documents, jobs, kept_chunks, kept_documents, libraries

BATCH_ROWS = 500  # SQLite takes at most 32,766 variables in a statement


def check_embedding(library: Library, model: str, dimension: int) -> None:
    """Refuse vectors that cannot stand beside those of a library.

    Raises:
        EmbeddingMismatchError: they are of another model than the library's.
    """
    if (model, dimension) != (library.embedding_model, library.dimension):
        raise EmbeddingMismatchError(
            f"The library {library.name!r} is now embedded with {library.embedding_model} "
            f"({library.dimension} dimensions), and {model} is in use here. Restart Tramontane so "
            "that it uses the library's model."
        )


def check_lengths(connection: Connection, library: Library) -> None:
    """Check that every stored vector of a library has the length that it should have.

    Raises:
        EmbeddingMismatchError: some have not, so that no search is possible.
    """
    wrong = connection.execute(
        select(func.count())
        .select_from(chunks)
        .where(
            chunks.c.library_id == library.id,
            func.length(chunks.c.vector).not_in([0, 2 * library.dimension]),  # 0: it is to come
        )
    ).scalar_one()
    if wrong:
        raise EmbeddingMismatchError(
            f"Vectors of the library {library.name!r} are not of {library.embedding_model}: "
            f"{wrong} have another length. Run `tramontane rebuild --embedding "
            f"{library.embedding_model}` to embed it again."
        )


def known_vectors(
    connection: Connection, model: str, dimension: int, hashes: Iterable[bytes]
) -> dict[bytes, bytes]:
    """The vectors of a length that a model gave to texts with these hashes, in the trash too.

    Servers may give one name to models whose vectors are not of one length.
    """
    wanted = sorted({text_hash for text_hash in hashes if text_hash})
    found: dict[bytes, bytes] = {}
    for start in range(0, len(wanted), BATCH_ROWS):
        some = wanted[start : start + BATCH_ROWS]
        asked = {"model": model, "hashes": some, "bytes": 2 * dimension}
        for query in (_KEPT, _LIVE):
            found |= {row.text_hash: row.vector for row in connection.execute(query, asked)}
    return found


_WANTED: BindParameter[Any] = bindparam("hashes", expanding=True)
_LIVE: Select[Any] = (
    select(chunks.c.text_hash, chunks.c.vector)
    .join(libraries, libraries.c.id == chunks.c.library_id)
    .where(
        chunks.c.text_hash.in_(_WANTED),
        libraries.c.embedding_model == bindparam("model"),
        func.length(chunks.c.vector) == bindparam("bytes"),
    )
)
_KEPT: Select[Any] = (
    select(kept_chunks.c.text_hash, kept_chunks.c.vector)
    .join(kept_documents, kept_documents.c.id == kept_chunks.c.document_id)
    .where(
        kept_chunks.c.text_hash.in_(_WANTED),
        kept_documents.c.embedding_model == bindparam("model"),
        func.length(kept_chunks.c.vector) == bindparam("bytes"),
    )
)


_IS_OWN = chunks.c.document_id == bindparam("of_document")
_PUT = (
    update(chunks)
    .where(chunks.c.id == bindparam("chunk_id"), _IS_OWN)
    .values(vector=bindparam("packed"))
)
_FIRST: Select[Any] = select(func.min(chunks.c.id)).where(_IS_OWN)
_PENDING: Select[Any] = (
    select(chunks.c.id)
    .where(_IS_OWN, chunks.c.id >= bindparam("from"), func.length(chunks.c.vector) == 0)
    .order_by(chunks.c.id)
    .limit(1)
)


def put_vectors(connection: Connection, document: Document, packed: Mapping[int, bytes]) -> int:
    """Give chunks of a document their vectors; how many of its first chunks have theirs now."""
    asked = {"of_document": document.id}
    connection.execute(
        _PUT, [asked | {"chunk_id": id_, "packed": vector} for id_, vector in packed.items()]
    )
    failpoint("vectors.put")
    first = connection.execute(_FIRST, asked).scalar_one()
    if first is None:
        return 0
    pending = connection.execute(
        _PENDING, asked | {"from": first + document.embedded}
    ).scalar_one_or_none()
    embedded = document.chunks if pending is None else int(pending - first)
    connection.execute(
        update(documents).where(documents.c.id == document.id).values(embedded=embedded)
    )
    connection.execute(
        update(libraries)
        .where(libraries.c.id == document.library_id)
        .values(vectors=libraries.c.vectors + 1)
    )
    failpoint("vectors.before_commit")
    return embedded


class Rest(StrEnum):
    """What becomes of chunks that another model's vectors were not made for, as they are newer."""

    REFUSED = "refused"
    QUEUED = "queued"  # their documents are found by words until they are embedded, like new ones


def replace_vectors(
    connection: Connection,
    library: Library,
    to: tuple[str, int],
    packed: dict[int, bytes],
    rest: Rest = Rest.REFUSED,
) -> None:
    """Give every chunk of a library a vector of another model, or none where it has none yet.

    That is `to` the model of a name, with vectors of so many numbers.
    The library's generation is to be raised by one in the same transaction. What is noted of
    embedding the library anew has ended.

    Raises:
        LibraryChangedError: documents were added or removed since the vectors were made.
    """
    model, dimension = to
    query = select(chunks.c.id).where(chunks.c.library_id == library.id)
    if not packed:
        query = query.where(func.length(chunks.c.vector) > 0)
    there = set(connection.execute(query).scalars())
    if rest is Rest.REFUSED and there != packed.keys():
        raise LibraryChangedError("Documents were added or removed meanwhile. Try again.")
    some = [{"chunk_id": id_, "packed": packed[id_]} for id_ in packed if id_ in there]
    some += [{"chunk_id": id_, "packed": b""} for id_ in there.difference(packed)]
    if some:
        connection.execute(
            update(chunks)
            .where(chunks.c.id == bindparam("chunk_id"))
            .values(vector=bindparam("packed")),
            some,
        )
    connection.execute(
        update(documents)
        .where(documents.c.library_id == library.id)
        .values(embedded=documents.c.chunks if packed else 0)
    )
    connection.execute(
        update(libraries)
        .where(libraries.c.id == library.id)
        .values(
            embedding_model=model,
            dimension=dimension,
            rebuilt=libraries.c.generation + libraries.c.vectors + 1,  # once this is committed
        )
    )
    if there.difference(packed):
        _queue_pending(connection, library.id)
    end_with_switch(connection, library.id, model)


def _queue_pending(connection: Connection, library_id: str) -> None:
    """Count what documents have vectors for, and queue what is left to embed of each."""
    first, pending = (
        select(func.min(chunks.c.id)).where(chunks.c.document_id == documents.c.id),
        select(func.min(chunks.c.id)).where(
            chunks.c.document_id == documents.c.id, func.length(chunks.c.vector) == 0
        ),
    )
    query = select(documents, (pending.scalar_subquery() - first.scalar_subquery()).label("begun"))
    for row in connection.execute(query.where(documents.c.library_id == library_id)).all():
        if row.begun is None:
            continue
        own = update(documents).where(documents.c.id == row.id)
        connection.execute(own.values(embedded=row.begun))
        at_work = select(jobs.c.id).where(
            jobs.c.document_id == row.id, jobs.c.stage == Stage.EMBEDDING
        )
        if connection.execute(at_work).first() is None:
            queue_embedding(connection, document_of(row))
