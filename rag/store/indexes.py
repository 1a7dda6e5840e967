"""The search structures of every library, kept in step with the catalog."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rag.domain import Library
from rag.store.catalog import Catalog
from rag.store.derived import DERIVED
from rag.store.lexical import LexicalIndex, open_lexical_index
from rag.store.vectors import VectorIndex, open_vector_index


@dataclass(frozen=True, slots=True)
class LibraryIndex:
    """What is searched for one library at one generation."""

    library: Library
    vectors: VectorIndex
    words: LexicalIndex
    chunks_by_document: dict[str, list[int]]

    def chunks_of(self, documents: Collection[str]) -> list[int]:
        """The chunk ids of these documents."""
        return [id_ for name in documents for id_ in self.chunks_by_document.get(name, ())]


class Indexes:
    """Opens the index of a library, again whenever the library has changed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._open: dict[str, LibraryIndex] = {}

    def current(self, library_id: str) -> LibraryIndex:
        """The index of the library as it is now.

        Raises:
            NotFoundError: the library was deleted.
            EmbeddingMismatchError: it was embedded with another model at this very moment.
        """
        library = self._catalog.library_with_id(library_id)
        with self._lock:
            index = self._open.get(library_id)
            if index is None or index.library != library:
                index = self._build(library)
                self._open[library_id] = index
        return index

    def are_stored(self, library_id: str) -> bool:
        """Whether the index of the library as it is now lies on disk, not in memory alone."""
        library = self._catalog.library_with_id(library_id)
        folder = self._catalog.data_dir / DERIVED / library_id
        kinds = ("vectors", "lexical")
        return all((folder / f"{kind}-{library.generation}").is_dir() for kind in kinds)

    def discard(self, library_id: str) -> None:
        """Throw the index of a library away, so that the next search makes it again."""
        with self._lock:
            self._open.pop(library_id, None)
            shutil.rmtree(self._catalog.data_dir / DERIVED / library_id, ignore_errors=True)

    def _build(self, library: Library) -> LibraryIndex:
        by_document: dict[str, list[int]] = {}
        owners = self._catalog.chunk_documents(library.id)
        fingerprint = _fingerprint(owners)
        for chunk_id, document_id in owners:
            by_document.setdefault(document_id, []).append(chunk_id)
        return LibraryIndex(
            library,
            open_vector_index(self._catalog, library, fingerprint),
            open_lexical_index(self._catalog, library, fingerprint),
            by_document,
        )


def _fingerprint(owners: Sequence[tuple[int, str]]) -> str:
    """What tells these chunks from any others.

    A generation alone does not: a catalog restored from a backup reaches the same number again.
    """
    lines = "\n".join(f"{chunk_id} {document_id}" for chunk_id, document_id in owners)
    return hashlib.sha256(lines.encode()).hexdigest()
