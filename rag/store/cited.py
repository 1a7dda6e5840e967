"""What a citation opens: a document that is there, or the earlier version that it cites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from rag.domain import Document, Page
from rag.errors import NotFoundError
from rag.intake import WordBox
from rag.store.blobs import Blobs
from rag.store.leaves import one_page, word_boxes
from rag.store.rows import document_of
from rag.store.tables import documents, kept_documents, kept_pages, pages
from rag.store.trash import Kept

GONE = "This document is no longer in the library."
PURGED = "This document was deleted for good: nothing of it is left."


class Cited:
    """Documents with their earlier versions, by id. Safe from many threads and processes.

    Nothing else reads earlier versions. Those of a document that was removed are kept with it.
    Each method raises NotFoundError for a document that is not there.
    """

    def __init__(self, reader: Engine, blobs: Blobs) -> None:
        self._reader, self._blobs = reader, blobs

    def document(self, document_id: str) -> Document:
        """A document, or an earlier version."""
        with self._reader.begin() as connection:
            row, _ = _found(connection, document_id)
        return document_of(row)

    def replaced(self, document_id: str) -> Kept | None:
        """The document that is there in place of an earlier version, and since when.

        None for one that is there itself.
        """
        with self._reader.begin() as connection:
            row, is_kept = _found(connection, document_id)
            if not is_kept:
                return None
            now, _ = _found(connection, row.version_of)
        return Kept(document_of(now), row.kept_at)

    def removed(self, document_id: str) -> Kept:
        """The document of the trash that this is, or that it is an earlier version of.

        Raises:
            NotFoundError: nothing of it is kept: it was purged, or never was there.
        """
        kept = kept_documents.c
        with self._reader.begin() as connection:
            row = connection.execute(select(kept_documents).where(kept.id == document_id)).first()
            if row is not None and row.version_of is not None:
                own = (kept.id == row.version_of) & kept.version_of.is_(None)
                row = connection.execute(select(kept_documents).where(own)).first()
        if row is None:
            raise NotFoundError(PURGED)
        return Kept(document_of(row), row.kept_at)

    def page(self, document_id: str, number: int) -> Page:
        """One page, with its text; NotFoundError too where there is no such page."""
        with self._reader.begin() as connection:
            _, is_kept = _found(connection, document_id)
            return one_page(connection, document_id, number, kept_pages if is_kept else pages)

    def words(self, document_id: str, number: int) -> tuple[WordBox, ...]:
        """Where the words of a scanned page stand; none for a page that is no scan."""
        with self._reader.begin() as connection:
            _, is_kept = _found(connection, document_id)
            return word_boxes(connection, document_id, number, kept_pages if is_kept else pages)

    def original(self, document_id: str) -> Path:
        """The stored file."""
        return self._blobs.path(self.document(document_id).sha256)


def _found(connection: Connection, document_id: str) -> tuple[Row[Any], bool]:
    """The row of a document, and whether it is an earlier version."""
    row = connection.execute(select(documents).where(documents.c.id == document_id)).first()
    if row is not None:
        return row, False
    version = (
        select(kept_documents)
        .join(documents, documents.c.id == kept_documents.c.version_of)
        .where(kept_documents.c.id == document_id)
    )
    row = connection.execute(version).first()
    if row is None:
        raise NotFoundError(GONE)
    return row, True
