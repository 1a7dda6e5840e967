"""Writing a document as it was read into the catalog, within one transaction."""

from __future__ import annotations

import time
from dataclasses import asdict, replace

from sqlalchemy import Connection, delete, insert, select

from rag.domain import Document
from rag.errors import NotFoundError
from rag.intake import Origin
from rag.store.document_jobs import end_jobs_of
from rag.store.embedding import known_vectors
from rag.store.keeping import keep
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
from rag.store.tables import chunks, documents, libraries, pages, table_parts


def insert_reading(connection: Connection, reading: Reading) -> tuple[Document, bool]:
    """Insert a document, unless its library has one with the same bytes and something to ask.

    One with the same bytes that could not be read keeps its identity and its name; where this
    reading gives nothing new either, as for a scan that waits for OCR, it stays as it is.

    Returns:
        The document that is in the library now, and whether the library changed.
    """
    document = reading.document
    same = (
        documents.c.library_id == document.library_id,
        documents.c.sha256 == document.sha256,
    )
    row = connection.execute(select(documents).where(*same)).first()
    if row is None:
        _supersede(connection, reading)
        return _insert(connection, reading, time.time()), True
    known = document_of(row)
    if known.chunks or (not reading.chunks and known.state is document.state):
        return known, False
    connection.execute(delete(documents).where(*same))
    now = replace(document, id=known.id, name=known.name)
    return _insert(connection, replace(reading, document=now), row.added_at), True


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
        _supersede(connection, reading)
    hashes = _known(connection, reading)
    connection.execute(delete(documents).where(own))
    return _insert(connection, reading, known.added_at, hashes)


def _supersede(connection: Connection, reading: Reading) -> None:
    """Make the document that this is a new version of an earlier version of it, if there is one.

    It is of the same name, and came from the same place; or both were handed over by themselves,
    and no other of the name was. What cannot be asked takes nobody's place.
    """
    new, origin = reading.document, reading.origin
    query = select(documents).where(
        documents.c.library_id == new.library_id,
        documents.c.name == storable(new.name),
        documents.c.id != new.id,
    )
    named = connection.execute(query).all() if reading.chunks else []
    same_place = [row for row in named if origin.place and row.origin == storable(origin.place)]
    alone = [row for row in named if row.alone or not row.origin] if origin.alone else []
    found = same_place or alone
    if len(found) == 1:
        keep(connection, document_of(found[0]), new.id)
        end_jobs_of(connection, found[0].id)


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
    for table, rows in (
        (pages, page_rows(reading)),
        (chunks, chunk_rows(reading, packed)),
        (table_parts, table_rows(reading)),
    ):
        if rows:
            connection.execute(insert(table), rows)
    return document
