"""Embedding libraries anew behind the page: asked for by a person, done by a thread.

What is asked for lies in the catalog, so it goes on after a closed tab and with the next start.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from ingest.pipeline import Progress
from ingest.reembedding import UnwantedError, carry_out
from rag.domain import Library
from rag.errors import RagError, StoreError
from rag.protocols import Embedder
from rag.saying import SaidOnce
from rag.store.catalog import Catalog
from rag.store.holds import LostHoldError, new_holder
from rag.store.reembeddings import HeldReembedding

logger = logging.getLogger(__name__)

POLL_SECONDS = 5.0  # how soon what other processes left is taken up
RENEW_SECONDS = 15.0
JOIN_SECONDS = 10.0

EmbedderOf = Callable[[Library, str], Embedder]


class _Closing(Exception):
    """The program ends: stop between two batches."""


class ReembeddingRuns:
    """Embeds libraries anew, one after the other. Safe from many threads, beside processes."""

    def __init__(
        self, catalog: Catalog, embedder_of: EmbedderOf, switched: Callable[[str], None]
    ) -> None:
        """Take who gives the embedder of a model's name, and who is told once a library has it.

        Nothing is begun before `wake`.
        """
        self._catalog, self._embedder_of, self._switched = catalog, embedder_of, switched
        self._holder, self._said = new_holder(), SaidOnce()
        self._changed = threading.Condition()
        self._closed = False
        self._held: HeldReembedding | None = None
        self._threads: list[threading.Thread] = []

    def ask(self, library_id: str, model: str) -> None:
        """Have a library embedded with a model, whatever happens to the tab that asked.

        Raises:
            LibraryError: it is being embedded already.
            NotFoundError: it was deleted.
        """
        self._catalog.reembeddings.ask(library_id, model)
        self.wake()

    def wake(self) -> None:
        """Look at what is to be done, and go on looking; what a killed process left is taken up."""
        works = {"reembedding": self._run, "reembedding hold": self._renew}
        with self._changed:
            running = {thread.name for thread in self._threads if thread.is_alive()}
            for name in works.keys() - running if not self._closed else ():
                thread = threading.Thread(target=works[name], name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop after the batch that is on its way; the next start goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=JOIN_SECONDS)

    def _run(self) -> None:
        while not self._closed:
            try:
                has_worked = self._next()
            except StoreError as error:  # the catalog is busy, or its disk is full
                if self._said.is_new("", str(error)):  # it is tried every few seconds
                    logger.warning("libraries cannot be embedded anew: %s", error)
                has_worked = False
            with self._changed:
                if not has_worked and not self._closed:
                    self._changed.wait(POLL_SECONDS)

    def _next(self) -> bool:
        held = self._catalog.reembeddings.claim(self._holder)
        if held is None:
            return False
        with self._changed:
            self._held = held
        try:
            self._embed(held)
        except (UnwantedError, LostHoldError):
            self._catalog.reembeddings.forget(held)
        except _Closing:
            self._catalog.reembeddings.put_back(held)
        except RagError as error:
            logger.info("a library could not be embedded with %s: %s", held.model, error)
        finally:
            with self._changed:
                self._held = None
        return True

    def _embed(self, held: HeldReembedding) -> None:
        try:
            library = self._catalog.library_with_id(held.library_id)
            embedder = self._embedder_of(library, held.model)
        except RagError as error:
            self._catalog.reembeddings.fail(held, str(error))
            raise
        carry_out(self._catalog, held, embedder, self._report)
        self._switched(held.library_id)

    def _report(self, _progress: Progress) -> None:
        if self._closed:
            raise _Closing

    def _renew(self) -> None:
        """A batch may take longer than a hold lasts."""
        while not self._closed:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, RENEW_SECONDS)
                held = self._held
            if held is not None and not self._closed:
                with suppress(StoreError):
                    self._catalog.reembeddings.renew(held)
