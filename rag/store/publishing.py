"""Writing a document as it was read into the catalog, within one transaction."""

from __future__ import annotations

import time
from dataclasses import asdict, replace

from sqlalchemy import Connection, delete, insert, select

from rag.domain import Document
from rag.errors import NotFoundError
from rag.failpoints import failpoint
from rag.intake import Origin
from rag.store.embedding import check_embedding, known_vectors
from rag.store.holds import Held
from rag.store.jobs import note_document
from rag.store.libraries import library_with_id
from rag.store.rows import (
    Reading,
    chunk_rows,
    document_of,
    pack,
    page_rows,
    storable,
    storable_reading,
    table_rows,
)
from rag.store.superseding import supersede
from rag.store.tables import chunks, documents, libraries, pages, table_parts


def check_reading(connection: Connection, reading: Reading) -> None:
    """Refuse a reading whose vectors cannot stand beside those of its library.

    Raises:
        EmbeddingMismatchError: they are of another model.
        NotFoundError: the library was deleted.
    """
    library = library_with_id(connection, reading.document.library_id)
    if reading.vectors is None:
        check_embedding(library, reading.embedding_model, library.dimension)
        return
    if len(reading.vectors) != len(reading.chunks):
        raise ValueError(f"{len(reading.chunks)} chunks with {len(reading.vectors)} vectors")
    check_embedding(library, reading.embedding_model, reading.vectors.shape[1])


def insert_reading(
    connection: Connection, reading: Reading, held: Held | None = None
) -> tuple[Document, bool]:
    """Insert a document, unless its library has one with the same bytes and something to ask.

    The job `held`, in whose course it is done, bears the document's id from then on: who takes it
    up after a crash knows by that that the document was not there before.

    One with the same bytes that could not be read keeps its identity and its name; where this
    reading gives nothing new either, as for a scan that waits for OCR, it stays as it is.

    Returns:
        The document that is in the library now, and whether the library changed.
    """
    document, is_new = _inserted(connection, reading)
    if is_new and held is not None:
        note_document(connection, held, document.id)
    return document, is_new


def _inserted(connection: Connection, reading: Reading) -> tuple[Document, bool]:
    document = reading.document
    same = (
        documents.c.library_id == document.library_id,
        documents.c.sha256 == document.sha256,
    )
    row = connection.execute(select(documents).where(*same)).first()
    if row is None:
        supersede(connection, reading)
        failpoint("publish.superseded")
        return _insert(connection, reading, time.time()), True
    known = document_of(row)
    if known.chunks or (not reading.chunks and known.state is document.state):
        return known, False
    connection.execute(delete(documents).where(*same))
    now = replace(document, id=known.id, name=known.name)
    reading = replace(reading, document=now)
    supersede(connection, reading)
    return _insert(connection, reading, row.added_at), True


def replace_reading(connection: Connection, reading: Reading) -> Document:
    """Put a document that is there in another reading's place, as the document it was.

    Raises:
        NotFoundError: it was removed.
    """
    own = documents.c.id == reading.document.id
    known = connection.execute(select(documents).where(own)).first()
    if known is None:
        raise NotFoundError("This document is no longer in the library.")
    reading = replace(reading, origin=Origin(known.origin, known.alone))
    if not known.chunks:  # a scan, which can be asked from now on
        supersede(connection, reading)
    hashes = _known(connection, reading)
    connection.execute(delete(documents).where(own))
    return _insert(connection, reading, known.added_at, hashes)


def _known(connection: Connection, reading: Reading) -> dict[bytes, bytes]:
    """The vectors that are known for a reading, as its library has them."""
    own = libraries.c.id == reading.document.library_id
    dimension = connection.execute(select(libraries.c.dimension).where(own)).scalar_one()
    return known_vectors(connection, reading.embedding_model, dimension, reading.text_hashes)


def _insert(
    connection: Connection,
    reading: Reading,
    added_at: float,
    known: dict[bytes, bytes] | None = None,
) -> Document:
    reading = storable_reading(reading)
    if known is None:
        known = _known(connection, reading)
    if reading.vectors is not None:
        packed = pack(reading.vectors)
    else:
        hashes = reading.text_hashes or [b""] * len(reading.chunks)
        packed = [known.get(text_hash, b"") for text_hash in hashes]
    embedded = next((place for place, vector in enumerate(packed) if not vector), len(packed))
    document = replace(reading.document, chunks=len(packed), embedded=embedded)
    origin = {"origin": storable(reading.origin.place), "alone": reading.origin.alone}
    values = asdict(document) | {"added_at": added_at} | origin
    connection.execute(insert(documents).values(values))
    failpoint("publish.document_inserted")
    for table, rows in (
        (pages, page_rows(reading)),
        (chunks, chunk_rows(reading, packed)),
        (table_parts, table_rows(reading)),
    ):
        if rows:
            connection.execute(insert(table), rows)
            failpoint("publish.rows_inserted")
    return document
