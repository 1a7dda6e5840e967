"""The names that the documents of each library are known by, kept in step with the catalog."""

from __future__ import annotations

import threading

from rag.domain import Document, Library
from rag.errors import NotFoundError
from rag.mentions import Profile, Registry, profile
from rag.store.catalog import Catalog

HEAD_OF_TEXT = 1_000  # characters of a text without pages, read as the first page of others
LEAST_TEXT = 8_000  # characters, some pages


class Registries:
    """Knows the documents of every library. Safe from many threads.

    What a document is known by never changes, so a new generation costs only its new documents.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._profiles: dict[str, dict[str, Profile]] = {}
        self._registries: dict[str, tuple[int, Registry]] = {}

    def of(self, library: Library) -> Registry:
        """The registry of a library at its generation."""
        with self._lock:
            known = self._registries.get(library.id)
            if known is not None and known[0] == library.generation:
                return known[1]
            before = self._profiles.get(library.id, {})
            profiles = {
                document.id: before.get(document.id) or self._profile(document)
                for document in self._catalog.documents(library.id)
                if document.page_count
            }
            self._profiles[library.id] = profiles
            registry = Registry(profiles)
            self._registries[library.id] = library.generation, registry
            return registry

    def _profile(self, document: Document) -> Profile:
        try:
            head = self._catalog.page(document.id, 1).text
            if not document.paginated:  # what is short is not named by what it says
                head = head[:HEAD_OF_TEXT] if len(head) >= LEAST_TEXT else ""
        except NotFoundError:  # removed meanwhile
            head = ""
        return profile(document.title, document.name, head)
