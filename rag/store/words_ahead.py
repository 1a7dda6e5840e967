"""The words of a library, opened in a thread while questions go on with those of the one before."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from rag.domain import Library
from rag.errors import RagError
from rag.store.catalog import Catalog
from rag.store.courtesy import giving_way
from rag.store.derived import DERIVED, DiscardedError, discard_before
from rag.store.lexical import LexicalIndex, open_lexical_index
from rag.store.spans import ChunkSpan

logger = logging.getLogger(__name__)


class WordsAhead:
    """The lexical index of one library at one generation, once a thread has opened it."""

    def __init__(self, catalog: Catalog, library: Library, spans: Sequence[ChunkSpan]) -> None:
        """Begin."""
        self.generation = library.generation
        self.words: LexicalIndex | None = None
        self.seconds = 0.0  # that it took, once it is done
        self._catalog, self._library, self._spans = catalog, library, spans
        self.thread = threading.Thread(target=self._open, name=f"words-{library.id}", daemon=True)
        self.thread.start()

    @property
    def is_done(self) -> bool:
        """Whether `words` is what it will be: none where they could not be opened."""
        return not self.thread.is_alive()

    def _open(self) -> None:
        began = time.monotonic()
        try:
            with giving_way():
                self._open_words()
        finally:
            self.seconds = time.monotonic() - began

    def _open_words(self) -> None:
        trash, library = self._catalog.trash, self._library
        try:
            purges = trash.purges(library.id)
            words = open_lexical_index(self._catalog, library, self._spans)
            now = trash.purges(library.id)
            if now == purges:
                self.words = words
            else:  # it may have been made from what was there before
                discard_before(self._catalog.data_dir / DERIVED / library.id, now)
        except DiscardedError as error:
            logger.debug("%s was not finished: something was purged", error)
        except (OSError, RagError) as error:
            logger.warning("the words of %r cannot be opened: %s", library.name, error)
