"""The library that an application works with, found anew each time."""

from __future__ import annotations

from rag.domain import Library
from rag.store.catalog import Catalog


class LibraryInUse:
    """Finds a library by its name until it is there, and from then on under whatever name."""

    def __init__(self, catalog: Catalog, name: str) -> None:
        """Take the catalog, and the name of a library that may be still to be made."""
        self._catalog = catalog
        self._name = name
        self._id: str | None = None

    def settle(self) -> None:
        """Stay with the library that has the name at this moment.

        Raises:
            NotFoundError: there is none.
        """
        self._id = self._catalog.library(self._name).id

    def now(self) -> Library:
        """The library as it is now.

        Raises:
            NotFoundError: it was deleted, or is not made yet.
        """
        if self._id is None:
            return self._catalog.library(self._name)
        return self._catalog.library_with_id(self._id)
