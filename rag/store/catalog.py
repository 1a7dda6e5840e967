"""The catalog: libraries, documents, pages, chunks and vectors, in one database."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, bindparam, delete, func, insert, select

from rag.domain import Document, Library, Page, Scope
from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.intake import Table, WordBox
from rag.store import embedding
from rag.store.aliases import Aliases
from rag.store.blobs import Blobs
from rag.store.cited import Cited
from rag.store.containers import Containers
from rag.store.database import check_standing, open_database, verify
from rag.store.embedding import Rest
from rag.store.holdings import OWNER, Holdings, NewLibrary
from rag.store.holds import Held
from rag.store.isolation import GONE, Upkeep, acting, for_whole_store
from rag.store.jobs import Jobs, own_row
from rag.store.leaves import all_pages, all_tables, one_page, word_boxes
from rag.store.libraries import advance, library_with_id, own_changes
from rag.store.places import ChunkedPage, Place, chunked_pages, found_chunks
from rag.store.publishing import check_reading, insert_reading, replace_reading
from rag.store.reembeddings import Reembeddings
from rag.store.rows import (
    IndexedChunk,
    Reading,
    StoredChunk,
    chunk_query,
    document_of,
    indexed_chunk,
    indexed_query,
    stored_chunk,
)
from rag.store.spans import (
    ChunkSpan,
    EmbeddedSpans,
    chunk_spans,
    document_digests,
    embedded_spans,
    packed_vectors,
    vectors_of,
)
from rag.store.spending import Spending
from rag.store.standing import BLOBS
from rag.store.tables import chunks, documents, marks
from rag.store.trash import Trash

CATALOG = "catalog.sqlite"


class Catalog:
    """Reads and writes the one truth about documents. Safe from many threads and processes.

    It does so for one principal: what belongs to another is to it as if it had never been.
    """

    def __init__(self, data_dir: Path, principal: str = OWNER) -> None:
        """Open the catalog in a folder, made if it does not exist, for a principal.

        Raises:
            StoreError: the folder cannot be used.
        """
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(
                f"The data directory {data_dir} cannot be made ({error.strerror}). "
                "Choose another with --data-dir or TRAMONTANE_DATA_DIR."
            ) from error
        self.data_dir = data_dir
        self._path = data_dir / CATALOG
        self._engines = open_database(self._path)
        self.blobs = Blobs(data_dir / BLOBS, partial(check_standing, self._engines[0]))
        self._speak_for(principal, partial(acting, principal=principal))

    def acting(self, principal: str) -> Catalog:
        """The same catalog for another principal; who closes one closes the other."""
        return copy.copy(self)._speak_for(principal, partial(acting, principal=principal))

    def scope(self, library_id: str, document_ids: frozenset[str] | None = None) -> Scope:
        """A library, or some of its documents, as the principal may see them."""
        return Scope(library_id, document_ids, self.principal or OWNER)

    def for_upkeep(self, upkeep: Upkeep) -> Catalog:
        """The same catalog with what belongs to all principals, for what rightly spans them."""
        return copy.copy(self)._speak_for(None, partial(for_whole_store, upkeep=upkeep))

    def _speak_for(self, principal: str | None, hold: Callable[[Engine], Engine]) -> Catalog:
        self.principal = principal
        self._reader, self._writer = reader, writer = [*map(hold, self._engines)]
        self.jobs = Jobs(reader, writer)
        self.containers = Containers(reader, writer)
        self.aliases = Aliases(reader, writer)
        self.reembeddings = Reembeddings(reader, writer)
        self.spending = Spending(reader, writer, principal)
        self.cited = Cited(reader, self.blobs)
        self.libraries = Holdings(reader, writer, principal)
        self.trash = Trash(reader, writer, self.data_dir, self.blobs)
        return self

    def close(self) -> None:
        """Close every connection."""
        self._reader.dispose()

    def verify(self) -> None:
        """Check that the database is sound, in the time it takes to read it.

        Raises:
            StoreError: it is damaged.
        """
        with self._reader.begin() as connection:
            verify(connection, self._path)

    def library(self, name: str) -> Library:
        """The library of that name.

        Raises:
            NotFoundError: there is none.
        """
        return self.libraries.named(name)

    def create_library(self, name: str, embedding_model: str, dimension: int) -> Library:
        """The library of that name, made if it does not exist."""
        return self.libraries.provide(NewLibrary(name, embedding_model, dimension))

    def library_with_id(self, library_id: str) -> Library:
        """The library as it is now; its generation tells whether what is derived is stale.

        Raises:
            NotFoundError: it was deleted.
        """
        with self._reader.begin() as connection:
            return library_with_id(connection, library_id)

    def own_changes(self, library_id: str) -> int:
        """How often this process began to change a library; others' changes do not count."""
        return own_changes(self._reader, library_id)

    def documents(self, library_id: str) -> list[Document]:
        """Every document of a library, in the order in which they were added."""
        with self._reader.begin() as connection:
            return [document_of(row) for row in connection.execute(_DOCUMENTS, {"id": library_id})]

    def document(self, document_id: str) -> Document:
        """One document.

        Raises:
            NotFoundError: it was removed, or never existed.
        """
        with self._reader.begin() as connection:
            row = connection.execute(_DOCUMENT, {"id": document_id}).first()
        if row is None:
            raise NotFoundError(GONE)
        return document_of(row)

    def find(self, library_id: str, sha256: str) -> Document | None:
        """The document with these bytes, if the library has it."""
        own = documents.c.library_id == library_id
        query = select(documents).where(own, documents.c.sha256 == sha256)
        with self._reader.begin() as connection:
            row = connection.execute(query).first()
        return None if row is None else document_of(row)

    def publish(self, reading: Reading, held: Held | None = None) -> Document:
        """Add a document with its pages, chunks and vectors, all at once or not at all.

        The same bytes in the same library are one document: where another process was quicker,
        its document stays and is returned; one that could not be read is replaced in the same
        transaction. Characters that cannot be stored become U+FFFD.

        Raises:
            EmbeddingMismatchError: the library is embedded with another model by now.
            LostHoldError: the job `held`, in whose course it is done, was ended meanwhile.
            NotFoundError: the library was deleted.
        """
        with self._writer.begin() as connection:
            if held is not None:
                own_row(connection, held)
            check_reading(connection, reading)
            document, is_new = insert_reading(connection, reading, held)
            failpoint("publish.inserted")
            if is_new:
                advance(connection, document.library_id)
            failpoint("publish.before_commit")
        failpoint("publish.committed")
        return document

    def replace(self, reading: Reading) -> Document:
        """Put another reading in the place of a document, as a whole; vectors known are kept.

        Raises:
            EmbeddingMismatchError: the library is embedded with another model by now.
            NotFoundError: the document was removed.
        """
        with self._writer.begin() as connection:
            check_reading(connection, reading)
            document = replace_reading(connection, reading)
            failpoint("reread.inserted")
            advance(connection, document.library_id)
        return document

    def remove(self, document_id: str) -> None:
        """Take a document out of every answer at once; the trash keeps it.

        Raises:
            NotFoundError: it is not there.
        """
        self.trash.remove(document_id)

    def discard_orphans(self) -> int:
        """Delete the stored files that no document has, which a crash can leave; how many.

        One whose document is being published at this moment is put back by who publishes it.
        """
        return self.trash.discard_orphans()

    def original(self, document_id: str) -> Path:
        """The stored file of a document."""
        return self.blobs.path(self.document(document_id).sha256)

    def page(self, document_id: str, number: int) -> Page:
        """One page, with its text.

        Raises:
            NotFoundError: there is no such page.
        """
        with self._reader.begin() as connection:
            return one_page(connection, document_id, number)

    def pages(self, document_id: str) -> list[Page]:
        """Every page of a document, in order."""
        with self._reader.begin() as connection:
            return all_pages(connection, document_id)

    def words(self, document_id: str, number: int) -> tuple[WordBox, ...]:
        """Where the words of a scanned page stand; none for a page that is no scan."""
        with self._reader.begin() as connection:
            return word_boxes(connection, document_id, number)

    def tables(self, document_id: str) -> list[Table]:
        """The tables of a document, in order; one over several pages in as many parts."""
        with self._reader.begin() as connection:
            return all_tables(connection, document_id)

    def chunks(self, ids: Sequence[int], scope: Scope) -> list[StoredChunk]:
        """Those of the chunks that exist within the scope, in the order of the ids."""
        with self._reader.begin() as connection:
            found = found_chunks(connection, ids, scope)
        return [found[id_] for id_ in ids if id_ in found]

    def chunked_pages(self, places: Sequence[Place], scope: Scope) -> dict[Place, ChunkedPage]:
        """These pages with their chunks, as far as both are there and within the scope."""
        with self._reader.begin() as connection:
            return chunked_pages(connection, places, scope)

    def all_chunks(self, library_id: str) -> list[StoredChunk]:
        """Every chunk of a library, by id."""
        query = chunk_query().where(chunks.c.library_id == library_id).order_by(chunks.c.id)
        with self._reader.begin() as connection:
            return [stored_chunk(row) for row in connection.execute(query)]

    def chunk_spans(self, library_id: str) -> list[ChunkSpan]:
        """Where the chunks of each document of a library lie, by id."""
        with self._reader.begin() as connection:
            return chunk_spans(connection, library_id)

    def document_digests(self, library_id: str) -> dict[str, str]:
        """What tells the words of each document of a library that has chunks, by id."""
        with self._reader.begin() as connection:
            return document_digests(connection, library_id)

    def indexed_chunks(self, document_ids: Iterable[str]) -> Iterator[IndexedChunk]:
        """Every chunk of these documents with the words it is found by, document by document."""
        query = indexed_query().order_by(chunks.c.id)
        with self._reader.begin() as connection:
            for id_ in document_ids:
                for row in connection.execute(query.where(chunks.c.document_id == id_)):
                    yield indexed_chunk(row)

    def packed_vectors(self, library: Library, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """The id and the stored vector of every chunk after an id that has one, by id.

        Raises:
            EmbeddingMismatchError: it has been embedded with another model since, or some of its
                vectors are of another model than the rest.
        """
        with self._reader.begin() as connection:
            now = library_with_id(connection, library.id)
            embedding.check_embedding(now, library.embedding_model, library.dimension)
            yield from packed_vectors(connection, now, after)

    def vectors_of(self, library_id: str, ids: Sequence[int]) -> dict[int, bytes]:
        """The stored vectors of a few chunks of a library, by id; those that are there."""
        with self._reader.begin() as connection:
            return vectors_of(connection, library_id, ids)

    def verify_vectors(self, library_id: str) -> None:
        """Check that every vector of a library has the length that it should have.

        Raises:
            EmbeddingMismatchError: some have not.
            NotFoundError: the library was deleted.
        """
        with self._reader.begin() as connection:
            embedding.check_lengths(connection, library_with_id(connection, library_id))

    def replace_vectors(
        self,
        library: Library,
        model: str,
        dimension: int,
        vectors: dict[int, bytes],
        rest: Rest = Rest.REFUSED,
    ) -> None:
        """Give every chunk of a library a vector of another model, all at once.

        `vectors` maps chunk ids to packed vectors (see `pack`); `rest` says what of other chunks.

        Raises:
            LibraryChangedError: documents were added or removed since the vectors were made.
        """
        with self._writer.begin() as connection:
            embedding.replace_vectors(connection, library, (model, dimension), vectors, rest)
            failpoint("switch.vectors_replaced")
            advance(connection, library.id)
            failpoint("switch.before_commit")
        failpoint("switch.committed")

    def pending_chunks(self, document_id: str) -> list[StoredChunk]:
        """The chunks of a document that have no vector yet, by id."""
        query = chunk_query().where(
            chunks.c.document_id == document_id, func.length(chunks.c.vector) == 0
        )
        with self._reader.begin() as connection:
            return [stored_chunk(row) for row in connection.execute(query.order_by(chunks.c.id))]

    def document_chunks(self, document_id: str) -> list[StoredChunk]:
        """Every chunk of a document, by id."""
        query = chunk_query().where(chunks.c.document_id == document_id)
        with self._reader.begin() as connection:
            return [stored_chunk(row) for row in connection.execute(query.order_by(chunks.c.id))]

    def put_vectors(self, document_id: str, model: str, packed: Mapping[int, bytes]) -> int:
        """Give chunks of a document their vectors (see `pack`), by id.

        Returns:
            How many of its first chunks have theirs now.

        Raises:
            EmbeddingMismatchError: the library is embedded with another model by now.
            NotFoundError: the document was removed.
        """
        with self._writer.begin() as connection:
            row = connection.execute(_DOCUMENT, {"id": document_id}).first()
            if row is None:
                raise NotFoundError(GONE)
            library = library_with_id(connection, row.library_id)
            embedding.check_embedding(library, model, library.dimension)
            embedded = embedding.put_vectors(connection, document_of(row), packed)
        failpoint("vectors.committed")
        return embedded

    def known_vectors(self, model: str, size: int, hashes: Iterable[bytes]) -> dict[bytes, bytes]:
        """The vectors of a size that a model gave to texts with these hashes (see `pack`)."""
        with self._reader.begin() as connection:
            return embedding.known_vectors(connection, model, size, hashes)

    def embedded_spans(self, library_id: str) -> EmbeddedSpans:
        """Which chunks of a library have their vectors."""
        with self._reader.begin() as connection:
            return embedded_spans(connection, library_id)

    def mark(self, name: str) -> str | None:
        """A remembered fact about this data directory, if it was set."""
        query = select(marks.c.value).where(marks.c.name == name)
        with self._reader.begin() as connection:
            return connection.execute(query).scalar_one_or_none()

    def set_mark(self, name: str, value: str) -> None:
        """Remember a fact about this data directory."""
        with self._writer.begin() as connection:
            connection.execute(delete(marks).where(marks.c.name == name))
            connection.execute(insert(marks).values(name=name, value=value))


_DOCUMENTS: Select[Any] = (
    select(documents)
    .where(documents.c.library_id == bindparam("id"))
    .order_by(documents.c.added_at, documents.c.name)
)
_DOCUMENT: Select[Any] = select(documents).where(documents.c.id == bindparam("id"))
