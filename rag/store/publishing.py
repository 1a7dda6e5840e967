"""Writing a document as it was read into the catalog, within one transaction."""

from __future__ import annotations

import time
from dataclasses import asdict, replace

from sqlalchemy import Connection, delete, insert, select

from rag.domain import Document
from rag.errors import NotFoundError
from rag.store.embedding import known_vectors
from rag.store.rows import (
    Reading,
    chunk_rows,
    document_of,
    pack,
    page_rows,
    storable_reading,
    table_rows,
)
from rag.store.tables import chunks, documents, pages, table_parts


def insert_reading(connection: Connection, reading: Reading) -> Document:
    """Insert a document, unless its library has one with the same bytes and something to ask.

    Returns:
        The document that is in the library now.
    """
    document = reading.document
    same = (
        documents.c.library_id == document.library_id,
        documents.c.sha256 == document.sha256,
    )
    has_chunks = select(chunks.c.id).where(chunks.c.document_id == documents.c.id).exists()
    known = connection.execute(select(documents).where(*same, has_chunks)).first()
    if known is not None:
        return document_of(known)
    connection.execute(delete(documents).where(*same))
    return _insert(connection, reading, time.time())


def replace_reading(connection: Connection, reading: Reading) -> Document:
    """Put a document that is there in another reading's place, as the document it was.

    Raises:
        NotFoundError: it was removed.
    """
    own = documents.c.id == reading.document.id
    known = connection.execute(select(documents.c.added_at).where(own)).first()
    if known is None:
        raise NotFoundError("This document is no longer in the library.")
    hashes = known_vectors(connection, reading.embedding_model, reading.text_hashes)
    connection.execute(delete(documents).where(own))
    return _insert(connection, reading, known.added_at, hashes)


def _insert(
    connection: Connection,
    reading: Reading,
    added_at: float,
    known: dict[bytes, bytes] | None = None,
) -> Document:
    reading = storable_reading(reading)
    if known is None:
        known = known_vectors(connection, reading.embedding_model, reading.text_hashes)
    if reading.vectors is not None:
        packed = pack(reading.vectors)
    else:
        hashes = reading.text_hashes or [b""] * len(reading.chunks)
        packed = [known.get(text_hash, b"") for text_hash in hashes]
    embedded = next((place for place, vector in enumerate(packed) if not vector), len(packed))
    document = replace(reading.document, chunks=len(packed), embedded=embedded)
    connection.execute(insert(documents).values(**asdict(document), added_at=added_at))
    for table, rows in (
        (pages, page_rows(reading)),
        (chunks, chunk_rows(reading, packed)),
        (table_parts, table_rows(reading)),
    ):
        if rows:
            connection.execute(insert(table), rows)
    return document
