"""Taking a file in: hash, read, cut into chunks, embed, publish in one transaction."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from ingest.chunking import split
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from rag.domain import Chunk, Document, DocumentState, Library
from rag.errors import DocumentError
from rag.folding import flowing, readable
from rag.protocols import Embedder, Vectors
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from rag.store.embedding import check_embedding
from rag.store.rows import Reading, pack, storable
from rag.tokens import count_tokens

BATCH_CHUNKS = 32  # what La Plateforme takes in one request, and often enough to see progress
# Tekken spends a token on each digit, MiniLM's word pieces fewer: of a table it could read more.
CHUNK_TOKENS = 320
HEADER_TOKENS = 36  # of the embedder, kept for the title and the headings
LONGEST_HEADER = 120  # characters of title and headings that are embedded with a chunk
ADDED = "{} was added."
READABLE = frozenset({DocumentState.READY, DocumentState.PARTIAL})


class Stage(StrEnum):
    """What is being done to a file."""

    WAITING = "waiting"
    READING = "reading"
    EMBEDDING = "embedding"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file has come: `done` of `total` pages read, or chunks embedded."""

    name: str
    stage: Stage
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Added:
    """How adding a file ended; `new` is false when the library had these bytes already."""

    name: str
    document: Document
    new: bool

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if not self.new:
            return f"{self.name} is already in the library as {self.document.name}."
        if self.document.state is DocumentState.READY:
            return ADDED.format(self.name)
        return f"{self.name}: {self.document.reason}"


Report = Callable[[Progress], None]


def _ignore(_progress: Progress) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken in at most."""

    max_bytes: int
    max_pages: int


class Ingestor:
    """Takes files into a library."""

    def __init__(self, catalog: Catalog, embedder: Embedder, limits: Limits) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._limits = limits

    def add(
        self, path: Path, library: Library, name: str | None = None, *, report: Report = _ignore
    ) -> Added:
        """Take a file in; `report` is told how far it has come.

        A file that cannot be read is recorded too, with its state and a reason. The same bytes
        twice are one document; bytes that could not be read before are read again.

        Raises:
            DocumentError: the file is not there, may not be read, or changed meanwhile.
            StoreError: it cannot be stored.
            EmbeddingMismatchError: the library is embedded with another model by now.
            ProviderError: the embedder's server failed; nothing of the file was recorded.
        """
        name = name or path.name
        try:
            size, sha256 = path.stat().st_size, hash_file(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        known = self._catalog.find(library.id, sha256)
        if known is not None and known.state in READABLE:
            return Added(name, known, new=False)
        self._check_embedding(library)
        loaded = self._load(path, name, size, report)
        document = _document(library, name, sha256, size, loaded)
        chunks = split(loaded.pages, loaded.outline, self._measure, CHUNK_TOKENS)
        vectors = self._embed(document, loaded, chunks, report)
        if loaded.pages:
            self._keep(path, sha256)
        reading = Reading(document, loaded.pages, chunks, vectors, self._embedder.model)
        published = self._catalog.publish(reading)
        if loaded.pages:
            self._keep(path, sha256)  # had the last owner been removed in between
        return Added(name, published, new=published.id == document.id)

    def _check_embedding(self, library: Library) -> None:
        """Before anything is read: embedding can take long and cost money."""
        now = self._catalog.library_with_id(library.id)
        check_embedding(now, self._embedder.model, self._embedder.dimension)

    def _keep(self, path: Path, sha256: str) -> None:
        kept = self._catalog.blobs.put(path)
        if kept != sha256:
            self._catalog.discard_file(kept)
            raise DocumentError(
                DocumentState.FAILED, f"{path} changed while it was read. Add it again."
            )

    def _load(self, path: Path, name: str, size: int, report: Report) -> LoadedDocument:
        try:
            if size > self._limits.max_bytes:
                raise DocumentError(
                    DocumentState.TOO_LARGE,
                    f"The file has {size / 1e6:,.0f} MB; {self._limits.max_bytes / 1e6:,.0f} MB "
                    "are taken in at most. Split it, or raise TRAMONTANE_MAX_FILE_MB.",
                )
            return load(
                path,
                name,
                max_pages=self._limits.max_pages,
                progress=lambda done, total: report(Progress(name, Stage.READING, done, total)),
            )
        except OSError as error:
            raise _unreadable(path, error) from error
        except DocumentError as error:
            return LoadedDocument(name, "", False, (), (), error.state, error.reason)

    def _measure(self, texts: Sequence[str]) -> list[int]:
        """The length of texts in Tekken tokens, or in what fills the embedder as much."""
        plain = [readable(text) for text in texts]
        room = min(CHUNK_TOKENS, self._embedder.max_tokens - HEADER_TOKENS)
        own = self._embedder.count_tokens(plain)
        return [
            max(tekken, math.ceil(read * CHUNK_TOKENS / room))
            for tekken, read in zip(count_tokens(plain), own, strict=True)
        ]

    def _embed(
        self, document: Document, loaded: LoadedDocument, chunks: Sequence[Chunk], report: Report
    ) -> Vectors:
        pages = {page.number: page.text for page in loaded.pages}
        texts = [
            embedded_text(document.title, chunk.heading, pages[chunk.page][chunk.start : chunk.end])
            for chunk in chunks
        ]
        vectors = [np.empty((0, self._embedder.dimension), dtype=np.float32)]
        for start in range(0, len(texts), BATCH_CHUNKS):
            report(Progress(document.name, Stage.EMBEDDING, start, len(texts)))
            vectors.append(self._embedder.embed(texts[start : start + BATCH_CHUNKS]))
        return np.concatenate(vectors)


def reembed(catalog: Catalog, library: Library, embedder: Embedder, report: Report) -> int:
    """Embed every chunk of a library with another model, and switch to it at once at the end.

    Returns:
        How many chunks there are.

    Raises:
        StoreError: documents were added or removed meanwhile; nothing has changed then.
        ProviderError: the embedder's server failed; nothing has changed then.
    """
    ids: list[int] = []
    vectors: list[bytes] = []
    chunks = [
        (chunk.id, embedded_text(chunk.document.title, chunk.chunk.heading, chunk.text))
        for chunk in catalog.all_chunks(library.id)
    ]
    for start in range(0, len(chunks), BATCH_CHUNKS):
        report(Progress(library.name, Stage.EMBEDDING, start, len(chunks)))
        batch = chunks[start : start + BATCH_CHUNKS]
        ids += [id_ for id_, _ in batch]
        vectors += pack(embedder.embed([text for _, text in batch]))
    catalog.replace_vectors(
        library, embedder.model, embedder.dimension, dict(zip(ids, vectors, strict=True))
    )
    return len(chunks)


def _document(
    library: Library, name: str, sha256: str, size: int, loaded: LoadedDocument
) -> Document:
    return Document(
        secrets.token_hex(8),
        library.id,
        name,
        loaded.title,
        loaded.media_type,
        sha256,
        size,
        loaded.state,
        loaded.reason,
        len(loaded.pages),
        loaded.paginated,
    )


def embedded_text(title: str, heading: Sequence[str], text: str) -> str:
    """What is embedded for a chunk: its title and headings, then its words."""
    header = " · ".join(dict.fromkeys([title, *heading]))[:LONGEST_HEADER]
    return storable(f"{header}\n{flowing(text)}")


def _unreadable(path: Path, error: OSError) -> DocumentError:
    return DocumentError(DocumentState.FAILED, f"{path} cannot be read ({error.strerror}).")
