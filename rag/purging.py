"""Deleting documents for good: out of the catalog, the files of the search, and the marks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.store.catalog import Catalog
from rag.store.holdings import RemovedLibrary
from rag.store.isolation import Upkeep
from rag.store.trash import DAY_SECONDS, Kept
from rag.store.workplaces import sweep

logger = logging.getLogger(__name__)

LEFT = (
    "Bytes of what was purged may still lie in {}: another program reads the catalog, or there is "
    "no room to write it anew. That is done at the next start, or by `tramontane purge`."
)


def purge(
    catalog: Catalog, chosen: Sequence[Kept], libraries: Sequence[RemovedLibrary] = ()
) -> bool:
    """Delete documents of the trash for good, with all that tells of them in the data directory.

    Answers that were marked and tell of one of them are deleted too, once it is gone. Of libraries
    of the trash nothing is left at all.

    Returns:
        Whether no byte of them is left; else that is mended by `clean` of the trash.

    Raises:
        NotFoundError: one is not in the trash any more; then nothing is deleted of the catalog.
        StoreError: a file cannot be written.
    """
    sweep(catalog.data_dir)  # an ended backup may have left second names of the files
    failpoint("purge.swept")
    ids = [removed.library.id for removed in libraries]
    return catalog.trash.purge([kept.document.id for kept in chosen], ids)


def purge_expired(catalog: Catalog) -> int:
    """Delete for good what was in the trash for too long, whoever owns it; how many."""
    catalog = catalog.for_upkeep(Upkeep.EXPIRY)
    expired, libraries = catalog.trash.expired(), catalog.libraries.expired()
    try:
        purge(catalog, expired, libraries)
    except (NotFoundError, StoreError) as error:  # purged by another process, or busy: tomorrow
        logger.info("what has been in the trash for long is still there: %s", error)
        return 0
    return len(expired) + len(libraries)


class DailyPurge:
    """Purges what has been in the trash for long: at once, and every day until it is closed."""

    def __init__(self, catalog: Catalog, seconds: float = DAY_SECONDS) -> None:
        """Begin in a thread of its own, to go on every so many seconds."""
        self._catalog, self._seconds = catalog, seconds
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="purge", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, once what is being purged is gone."""
        self._is_closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_closed.is_set():
            purge_expired(self._catalog)
            self._is_closed.wait(self._seconds)
