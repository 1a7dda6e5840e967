"""Taking a file in: hash, read, cut into chunks, publish its words, then give it its vectors.

A document can be asked by its words as soon as it is read; its vectors are published as they
come, and what was embedded before, in any library, is not embedded again.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from ingest.chunking import split
from ingest.embedded import hash_of, text_of, texts_within
from ingest.estimating import Seen, embedding_estimate, embedding_tokens
from ingest.loaded import LoadedDocument
from ingest.measuring import Ruler
from ingest.outcomes import READABLE
from ingest.taken import Added, Taken
from rag.domain import Document, DocumentState, Library
from rag.errors import DocumentError
from rag.intake import NOWHERE, Estimate, Stage
from rag.models import embedding_cost
from rag.protocols import Embedder
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from rag.store.embedding import check_embedding
from rag.store.holds import Held
from rag.store.rows import Reading, pack

TURN_SECONDS = 0.1  # between two looks whether a document that waits for its turn is still wanted
BATCH_CHUNKS = 128  # what a killed run repeats at most
# What OCR finds on a page is not known before: of prose, A4 holds some 450 words, of 4 tokens to
# 3 words, which are two passages.
SCAN_TOKENS = 600
SCAN_PASSAGES = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file has come: `done` of `total` pages read, or chunks embedded."""

    name: str
    stage: Stage
    done: int
    total: int


Report = Callable[[Progress], None]
Bring = Callable[[LoadedDocument], str]


def _leave(_loaded: LoadedDocument) -> str:
    return ""


def _ignore(_progress: Progress) -> None:
    pass


class Reader(Protocol):
    """Reads a file of any kind; see `ingest.loaders.load.load`."""

    def __call__(
        self, path: Path, name: str, *, max_pages: int, progress: Callable[[int, int], None]
    ) -> LoadedDocument:
        """Read a file; `name` is what its owner calls it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken in at most."""

    max_bytes: int
    max_pages: int


class Ingestor:
    """Takes files into a library."""

    def __init__(
        self, catalog: Catalog, embedder: Embedder, limits: Limits, reader: Reader
    ) -> None:
        """Read with `reader`: `ingest.sandbox.Sandbox.read`, where files are not our own."""
        self._catalog = catalog
        self._embedder = embedder
        self._batch = threading.Lock()
        self.limits = limits
        self.reader = reader

    def add(
        self, path: Path, library: Library, name: str | None = None, *, report: Report = _ignore
    ) -> Added:
        """Take a file in, with its vectors; `report` is told how far it has come.

        A file that cannot be read is recorded too, with its state and a reason. The same bytes
        twice are one document; bytes that could not be read before are read again. Files within
        the file are left to `take`.

        Raises:
            DocumentError: the file is not there, may not be read, changed meanwhile, or is an
                archive.
            StoreError: it cannot be stored.
            EmbeddingMismatchError: the library is embedded with another model by now.
            ProviderError: the embedder's server failed; the document is found by its words.
        """
        added = self.take(path, library, name, report=report).added
        if added is None:
            reason = f"{path} is an archive. Add the files in it."
            raise DocumentError(DocumentState.UNSUPPORTED, reason)
        self.embed(added.document.id, report=report)
        return replace(added, document=self._catalog.document(added.document.id))

    def take(
        self,
        path: Path,
        library: Library,
        name: str | None = None,
        *,
        report: Report = _ignore,
        bring: Bring = _leave,
        held: Held | None = None,
    ) -> Taken:
        """Read a file and publish its words; its vectors are left to `embed`. Raises as `add`.

        What came in a document goes to `bring` before it is published, so that who is killed in
        between does both again; it says what it leaves out. Files in an archive are the caller's.
        By the origin of the job `held` it takes the place of another document, in the same instant;
        nothing is published once that job was ended, which raises `LostHoldError`.
        """
        name = name or path.name
        try:
            size, sha256 = path.stat().st_size, hash_file(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        known = self._catalog.find(library.id, sha256)
        if known is not None and known.state in READABLE:
            return Taken(self._known_before(name, known, held))
        if known is None:
            known = self._catalog.trash.bring_back_same(library.id, sha256, name, held)
            if known is not None and known.state in READABLE:
                return Taken(Added(name, known, new=True, brought_back=True))
        self._check_embedding(library)
        loaded = self.load(path, name, size, report)
        if loaded.attachments and not loaded.pages:
            return Taken(None, loaded, loaded.reason)
        document = _document(library, name, sha256, size, loaded)
        origin = held.job.origin if held else NOWHERE
        reading = replace(self.reading(document, loaded), origin=origin)
        left_out = bring(loaded)
        self._keep(path, sha256)
        published = self._catalog.publish(reading, held)
        self._keep(path, sha256)  # had the last owner been removed in between
        was_unreadable = known is not None and published.state in READABLE
        is_new = published.id == document.id
        replaces = is_new and self._has_replaced(published)
        added = Added(name, published, new=is_new or was_unreadable, replaces=replaces)
        return Taken(added, reason=left_out)

    def _known_before(self, name: str, known: Document, held: Held | None) -> Added:
        """How adding a file ended whose bytes are there: new if the job that was cut off did it."""
        is_own = held is not None and held.job.document_id == known.id and known.name == name
        return Added(name, known, new=is_own, replaces=is_own and self._has_replaced(known))

    def _has_replaced(self, document: Document) -> bool:
        """Whether there is an earlier version of a document that could be asked."""
        return any(each.document.chunks for each in self._catalog.trash.versions(document.id))

    def load(self, path: Path, name: str, size: int, report: Report = _ignore) -> LoadedDocument:
        """Read a file; one that cannot be read has no pages, and says why.

        Raises:
            DocumentError: it is not there, or may not be read.
        """
        try:
            self.check_size("The file", size)
            return self.reader(
                path,
                name,
                max_pages=self.limits.max_pages,
                progress=lambda done, total: report(Progress(name, Stage.READING, done, total)),
            )
        except OSError as error:
            raise _unreadable(path, error) from error
        except DocumentError as error:
            return LoadedDocument(name, "", False, (), (), error.state, error.reason)

    def check_size(self, name: str, size: int) -> None:
        """Refuse a file that is too large.

        Raises:
            DocumentError: it is.
        """
        if size > self.limits.max_bytes:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"{name} has {size / 1e6:,.0f} MB; {self.limits.max_bytes / 1e6:,.0f} MB "
                "are taken in at most. Split it, or raise TRAMONTANE_MAX_FILE_MB.",
            )

    def reading(self, document: Document, loaded: LoadedDocument) -> Reading:
        """A document as it was read, cut into chunks, ready to be published without vectors."""
        chunks = split(
            loaded.pages, loaded.outline, Ruler(self._embedder), Ruler.limit, loaded.tables
        )
        hashes = list(map(hash_of, texts_within(document.title, chunks, loaded.pages)))
        model = self._embedder.model
        return Reading(
            document, loaded.pages, chunks, None, model, hashes, loaded.tables, loaded.words
        )

    def embed(self, document_id: str, *, report: Report = _ignore) -> None:
        """Give the chunks of a document the vectors that they have not, batch by batch.

        Documents may be embedded side by side, and take turns: while one embeds a batch, the other
        is made ready.
        What was embedded stays when `report` raises something to stop it. Pages that are read again
        meanwhile get theirs too, and cost the batch that is on its way at most.

        Raises:
            NotFoundError: the document was removed.
            EmbeddingMismatchError: the library is embedded with another model by now.
            ProviderError: the embedder's server failed.
        """
        document = self._catalog.document(document_id)
        if document.embedded == document.chunks:
            return
        pending = self._catalog.pending_chunks(document_id)
        while pending:
            batch, pending = pending[:BATCH_CHUNKS], pending[BATCH_CHUNKS:]
            texts = {chunk.id: text_of(chunk) for chunk in batch}
            hashes = {id_: hash_of(text) for id_, text in texts.items()}
            done = document.chunks - len(batch) - len(pending)
            progress = Progress(document.name, Stage.EMBEDDING, done, document.chunks)
            with self._turn(partial(report, progress)):
                packed = self._packed(texts, hashes)
                embedded = self._catalog.put_vectors(document_id, self._embedder.model, packed)
            if embedded < document.embedded + len(batch):  # read again meanwhile: other chunks
                document = self._catalog.document(document_id)
                pending = self._catalog.pending_chunks(document_id)
            else:
                document = replace(document, embedded=embedded)

    @contextmanager
    def _turn(self, report: Callable[[], None]) -> Iterator[None]:
        """Be the one whose batch is embedded: a killed run repeats that one alone.

        Who waits reports, too, and may be told to stop.
        """
        while not self._batch.acquire(timeout=TURN_SECONDS):
            report()
        try:
            report()
            yield
        finally:
            self._batch.release()

    def _packed(self, texts: Mapping[int, str], hashes: Mapping[int, bytes]) -> dict[int, bytes]:
        """The vectors of chunks by id; a text that has one by now is not embedded again."""
        embedder = self._embedder
        known = self._catalog.known_vectors(embedder.model, embedder.dimension, hashes.values())
        new = {hashes[id_]: text for id_, text in texts.items() if hashes[id_] not in known}
        if new:
            known |= zip(new, pack(embedder.embed(list(new.values()))), strict=True)
        return {id_: known[text_hash] for id_, text_hash in hashes.items()}

    def price(self, document_id: str, scans: int = 0) -> Estimate:
        """What giving a document its vectors will take, with pages that OCR is yet to read."""
        document = self._catalog.document(document_id)
        if not embedding_cost(self._embedder.model, 1):
            left = document.chunks - document.embedded + scans * SCAN_PASSAGES
            return embedding_estimate(self._embedder.model, document.page_count, 0, left)
        texts = self._new(map(text_of, self._catalog.pending_chunks(document_id)))
        tokens = embedding_tokens(self._embedder, texts) + scans * SCAN_TOKENS
        return embedding_estimate(
            self._embedder.model, document.page_count, tokens, len(texts) + scans * SCAN_PASSAGES
        )

    def price_of_scans(self, scans: int) -> Estimate:
        """What giving so many pages their vectors will take, once OCR has read them."""
        return embedding_estimate(
            self._embedder.model, 0, scans * SCAN_TOKENS, scans * SCAN_PASSAGES
        )

    def estimate(
        self, path: Path, library: Library, name: str, seen: Seen
    ) -> tuple[Estimate, LoadedDocument]:
        """What taking a file in would take, and how it reads; nothing is stored.

        Pages that need OCR, files within it and texts whose vectors are known are left out. Of one
        that the library has, there is what it knows of it, and nothing within it is taken in again.

        Raises:
            DocumentError: the file is not there, or may not be read.
        """
        try:
            size, sha256 = path.stat().st_size, hash_file(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        known = self._catalog.find(library.id, sha256)
        if known is not None and known.state in READABLE:
            return self.price(known.id), self._known(known)
        loaded = self.load(path, name, size)
        reading = self.reading(_document(library, name, sha256, size, loaded), loaded)
        texts = seen.new(self._new(texts_within(loaded.title, reading.chunks, loaded.pages)))
        tokens = embedding_tokens(self._embedder, texts)
        return embedding_estimate(
            self._embedder.model, len(loaded.pages), tokens, len(texts)
        ), loaded

    def _new(self, texts: Iterable[str]) -> list[str]:
        """Those that have no vector yet, in any library or trash: what will be embedded."""
        hashed = {hash_of(text): text for text in texts}
        known = self._catalog.known_vectors(self._embedder.model, self._embedder.dimension, hashed)
        return [text for text_hash, text in hashed.items() if text_hash not in known]

    def _known(self, document: Document) -> LoadedDocument:
        """A document of the library, as if it had been read just now."""
        return LoadedDocument(
            document.title,
            document.media_type,
            document.paginated,
            tuple(self._catalog.pages(document.id)),
            (),
            document.state,
            document.reason,
        )

    def _check_embedding(self, library: Library) -> None:
        """Before anything is read: embedding can take long and cost money."""
        now = self._catalog.library_with_id(library.id)
        check_embedding(now, self._embedder.model, self._embedder.dimension)

    def _keep(self, path: Path, sha256: str) -> None:
        if path == self._catalog.blobs.path(sha256):
            return
        kept = self._catalog.blobs.put(path)
        if kept != sha256:
            self._catalog.trash.discard_file(kept)
            raise DocumentError(
                DocumentState.FAILED, f"{path} changed while it was read. Add it again."
            )


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


def _unreadable(path: Path, error: OSError) -> DocumentError:
    return DocumentError(DocumentState.FAILED, f"{path} cannot be read ({error.strerror}).")
