"""The search structures of every library, kept in step with the catalog."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from rag.domain import Library
from rag.errors import RagError
from rag.failpoints import failpoint
from rag.store.catalog import Catalog
from rag.store.derived import DERIVED, DiscardedError, discard_all, discard_before
from rag.store.lexical import LexicalIndex, open_lexical_index
from rag.store.spans import ChunkSpan, EmbeddedSpans
from rag.store.vectors import (
    EXACT_ROWS,
    Base,
    VectorIndex,
    open_codes,
    open_vector_index,
    wants_codes,
)
from rag.store.words_ahead import WordsAhead

logger = logging.getLogger(__name__)

REMEMBERED_FILTERS = 4
WORDS_PATIENCE_SECONDS = 0.01  # of a question, for the words of what others changed


@dataclass(frozen=True)
class LibraryIndex:
    """What is searched for one library at one generation.

    `chunks_by_document` is in the order of the chunk ids; `without_vectors` are those of them whose
    vectors are to come. `words` are those of the generation before where they lag: those of now are
    being opened.
    """

    library: Library
    vectors: VectorIndex
    words: LexicalIndex
    chunks_by_document: dict[str, range]
    without_vectors: dict[str, range] = field(default_factory=dict)
    own_changes: int = 0  # by this process, that it has seen
    words_lag: bool = False

    def is_as_opened(self) -> bool:
        """Whether its files are still those that were checked when it was opened."""
        return self.vectors.base.files.are_as_opened() and self.words.files.are_as_opened()

    def is_embedded(self, chunk_id: int) -> bool:
        """Whether a chunk can be found by meaning: its vector may be still to come."""
        if not self.without_vectors:
            return True
        return chunk_id not in self.without_vectors.get(self.document_of(chunk_id), ())

    def document_of(self, chunk_id: int) -> str:
        """The document of a chunk; empty for one that came while this index was opened."""
        firsts, documents = self._starts
        place = bisect_right(firsts, chunk_id) - 1
        if place < 0 or chunk_id not in self.chunks_by_document[documents[place]]:
            return ""
        return documents[place]

    @cached_property
    def _starts(self) -> tuple[list[int], list[str]]:
        ranges = self.chunks_by_document
        return [ids.start for ids in ranges.values()], list(ranges)

    def chunks_of(self, documents: Collection[str]) -> list[int]:
        """The chunk ids of these documents."""
        return [id_ for ids in self.ranges_of(documents) for id_ in ids]

    def ranges_of(self, documents: Collection[str]) -> list[range]:
        """The chunk ids of these documents in order, neighbours joined.

        Those of the last few filters are remembered.
        """
        key = frozenset(documents)
        ranges = self._filters.get(key)
        if ranges is None:
            ranges = self._joined(key)
            while len(self._filters) >= REMEMBERED_FILTERS:
                self._filters.pop(next(iter(self._filters)), None)
            self._filters[key] = ranges
        return ranges

    @cached_property
    def _filters(self) -> dict[frozenset[str], list[range]]:
        return {}

    def _joined(self, documents: frozenset[str]) -> list[range]:
        known = self.chunks_by_document
        found: list[range] = []
        held = (known[document] for document in documents if document in known)
        for ids in sorted(held, key=lambda each: each.start):
            if found and found[-1].stop == ids.start:
                found[-1] = range(found[-1].start, ids.stop)
            else:
                found.append(ids)
        return found


def _without_vectors(ranges: Mapping[str, range], embedded: EmbeddedSpans) -> dict[str, range]:
    complete = {span.document_id for span in embedded.complete}
    begun = {span.document_id: span.last + 1 for span in embedded.partial}
    return {
        id_: range(begun.get(id_, chunks.start), chunks.stop)
        for id_, chunks in ranges.items()
        if id_ not in complete
    }


@dataclass(frozen=True, slots=True)
class _Encoding:
    """Codes that are being made for some rows."""

    base: Base
    thread: threading.Thread
    stop: threading.Event


class Indexes:
    """Opens the index of a library, again whenever the library has changed.

    A large library is searched exactly while a thread prepares what makes it quicker.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        exact_rows: int = EXACT_ROWS,
        patience_seconds: float | None = None,
    ) -> None:
        """Take the catalog, and up to how many vectors are scanned for every question.

        Where another process has changed a library, the first question waits so long for the new
        words, unless it took longer the last time, and goes on with those before, which is a
        moment; it finds what is new by meaning, and nothing that is gone. What this process has
        changed itself is waited for. None: all is.
        """
        self._catalog = catalog
        self._patience_seconds = patience_seconds
        self._ahead: dict[str, WordsAhead] = {}
        self._exact_rows = exact_rows
        self._lock = threading.Lock()  # of what follows, held for moments only
        self._building: dict[str, threading.Lock] = {}  # a lock for each library
        self._open: dict[str, LibraryIndex] = {}
        self._is_closed = threading.Event()
        self._encoding: dict[str, _Encoding] = {}
        self._threads: list[threading.Thread] = []

    def current(self, library_id: str) -> LibraryIndex:
        """The index of the library as it is now.

        Raises:
            NotFoundError: the library was deleted.
            EmbeddingMismatchError: it was embedded with another model at this very moment.
        """
        own_changes = self._catalog.own_changes(library_id)  # before the library that has them
        library = self._catalog.library_with_id(library_id)
        with self._lock_of(library_id):
            index = self._opened(library_id)
            if index is None or index.library != library or self._has_words_for(index, own_changes):
                index = self._build(library, index, own_changes)
                with self._lock:
                    failpoint("index.before_switch")
                    self._open[library_id] = index
                    self._encode(index)
                    failpoint("index.switched")
        return index

    def _opened(self, library_id: str) -> LibraryIndex | None:
        """What is open of a library, unless its files were damaged or made again since."""
        with self._lock:
            index = self._open.get(library_id)
            if index is None or index.is_as_opened():
                return index
            logger.warning("the index of %r was changed on disk: opened again", index.library.name)
            del self._open[library_id]
            self._ahead.pop(library_id, None)
        return None

    def _has_words_for(self, index: LibraryIndex, own_changes: int) -> bool:
        """Whether the words of an index lag, and those of now are there or are to be waited for."""
        ahead = self._ahead.get(index.library.id)
        is_coming = ahead is not None and not ahead.is_done
        return index.words_lag and (not is_coming or index.own_changes != own_changes)

    def _lock_of(self, library_id: str) -> threading.Lock:
        with self._lock:
            return self._building.setdefault(library_id, threading.Lock())

    def are_stored(self, library_id: str) -> bool:
        """Whether the index of the library as it is now lies on disk, not in memory alone."""
        library = self._catalog.library_with_id(library_id)
        folder = self._catalog.data_dir / DERIVED / library_id
        words = folder / f"lexical-{library.generation}"
        return words.is_dir() and any(folder.glob("vectors-*"))

    def discard(self, library_id: str) -> None:
        """Throw the index of a library away, so that the next search makes it again."""
        with self._lock_of(library_id):
            with self._lock:
                self._open.pop(library_id, None)
                self._ahead.pop(library_id, None)
            failpoint("index.before_discard")
            discard_all(self._catalog.data_dir / DERIVED / library_id)
            failpoint("index.discarded")

    def wait(self) -> None:
        """Return once nothing is being prepared any more."""
        for thread in list(self._threads):
            thread.join()

    def close(self) -> None:
        """Stop what is being prepared; it leaves nothing behind."""
        self._is_closed.set()
        for encoding in list(self._encoding.values()):
            encoding.stop.set()
        self.wait()

    def _build(
        self, library: Library, previous: LibraryIndex | None, own_changes: int
    ) -> LibraryIndex:
        purges = self._catalog.trash.purges(library.id)
        with suppress(DiscardedError):
            index = self._made(library, previous, own_changes)
            failpoint("index.made")
            if (now := self._catalog.trash.purges(library.id)) == purges:
                return index
            # It may have been made from what was there before a document was purged.
            discard_before(self._catalog.data_dir / DERIVED / library.id, now)
        kept = None if self._patience_seconds is None else previous  # which is in memory alone
        return self._build(self._catalog.library_with_id(library.id), kept, own_changes)

    def _made(
        self, library: Library, previous: LibraryIndex | None, own_changes: int
    ) -> LibraryIndex:
        spans = self._catalog.chunk_spans(library.id)
        if previous is not None and previous.library == library:  # its words alone are behind
            words, lag = self._words(
                library, spans, previous, may_lag=previous.own_changes == own_changes
            )
            return replace(previous, words=words, words_lag=lag, own_changes=own_changes)
        base = None if previous is None else previous.vectors.base
        if previous is not None and previous.library.embedding_model != library.embedding_model:
            base = None
        embedded = self._catalog.embedded_spans(library.id)
        vectors = open_vector_index(self._catalog, library, embedded, base)
        ranges = {span.document_id: range(span.first, span.last + 1) for span in spans}
        pending = _without_vectors(ranges, embedded)
        seen = previous is not None and previous.own_changes == own_changes
        may_lag = seen and self._patience_seconds is not None
        words, lag = self._words(library, spans, previous, may_lag=may_lag)
        return LibraryIndex(library, vectors, words, ranges, pending, own_changes, lag)

    def _words(
        self,
        library: Library,
        spans: Sequence[ChunkSpan],
        previous: LibraryIndex | None,
        *,
        may_lag: bool,
    ) -> tuple[LexicalIndex, bool]:
        """The words of now, or where they may lag those before, and whether they are that."""
        is_of_now = previous is not None and previous.library.generation == library.generation
        if previous is not None and is_of_now and not previous.words_lag:
            return previous.words, False
        if previous is None or not may_lag:
            return open_lexical_index(self._catalog, library, spans), False
        latest = previous.words
        ahead = self._ahead.get(library.id)
        if ahead is not None and ahead.is_done and ahead.generation != library.generation:
            latest, ahead = ahead.words or latest, None
        if ahead is None:
            before, patience = self._ahead.get(library.id), self._patience_seconds
            ahead = self._ahead[library.id] = WordsAhead(self._catalog, library, spans)
            self._threads = [*(each for each in self._threads if each.is_alive()), ahead.thread]
            if before is None or patience is None or before.seconds <= patience:
                ahead.thread.join(patience)  # else it would be in vain
        if not ahead.is_done or ahead.generation != library.generation:
            return latest, True
        if ahead.words is None:
            del self._ahead[library.id]
            return open_lexical_index(self._catalog, library, spans), False
        return ahead.words, False

    def _encode(self, index: LibraryIndex) -> None:
        """Prepare the codes of a large library in a thread, one at a time for each."""
        library, base = index.library, index.vectors.base
        if self._is_closed.is_set() or not wants_codes(base, self._exact_rows):
            return
        known = self._encoding.get(library.id)
        if known is not None:
            if known.base is base and known.thread.is_alive():
                return
            known.stop.set()  # what it makes is for rows that are no longer searched
        stop = threading.Event()

        def work() -> None:
            try:
                open_codes(self._catalog, library, base, stop)
            except DiscardedError as error:
                logger.debug("%s was not finished: something was purged", error)
            except (OSError, RagError, RuntimeError) as error:  # the last is FAISS's own
                logger.warning("the codes of %r cannot be made: %s", library.name, error)

        thread = threading.Thread(target=work, name=f"codes-{library.id}", daemon=True)
        self._encoding[library.id] = _Encoding(base, thread, stop)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()
