"""Deleting documents for good: out of the catalog, the files of the search, and the marks."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Sequence

from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.retention import looks_of, written
from rag.store.catalog import CATALOG, Catalog
from rag.store.holdings import RemovedLibrary
from rag.store.isolation import Upkeep
from rag.store.leftovers import sweep_copies
from rag.store.trash import DAY_SECONDS, Kept

logger = logging.getLogger(__name__)

LEFT = (
    "Bytes of what was purged may still lie in {}: another program reads the catalog, or there is "
    "no room to write it anew. That is done at the next start, or by `tramontane purge`."
)
UNDELETED = (
    "Bytes of what was purged are still in {}, which cannot be deleted now. Wait for a backup that "
    "is being written, or see that these may be deleted; then run `tramontane purge` again."
)
LOOKS = "time in the trash"  # what is remembered of the looks at it
MOST_NAMED = 3


def purge(
    catalog: Catalog, chosen: Sequence[Kept], libraries: Sequence[RemovedLibrary] = ()
) -> bool:
    """Delete documents of the trash for good, with all that tells of them in the data directory.

    Answers that were marked and tell of one of them are deleted too, once it is gone. Of libraries
    of the trash nothing is left at all.

    Returns:
        Whether no byte of them is left; else `still_there` says what, and the next purge goes on.

    Raises:
        NotFoundError: one is not in the trash any more; then nothing is deleted of the catalog.
        StoreError: the catalog cannot be written; then nothing is deleted either.
    """
    sweep_copies(catalog.data_dir)  # of the files, which dead processes left
    failpoint("purge.swept")
    ids = [removed.library.id for removed in libraries]
    return catalog.trash.purge([kept.document.id for kept in chosen], ids)


def still_there(catalog: Catalog) -> str:
    """What is left of what was purged, in a sentence, after a purge that could not end."""
    paths = catalog.trash.left()
    if not paths:
        return LEFT.format(catalog.data_dir / CATALOG)
    more = " and more" if len(paths) > MOST_NAMED else ""
    return UNDELETED.format(", ".join(map(str, paths[:MOST_NAMED])) + more)


def purge_expired(catalog: Catalog, now: float | None = None) -> int:
    """Delete for good what was in the trash for too long, whoever owns it; how many.

    How long that is, is counted from look to look: no single word of a clock deletes anything.
    """
    catalog = catalog.for_upkeep(Upkeep.EXPIRY)
    now = time.time() if now is None else now
    expired, libraries = _over(catalog, now)
    try:
        purge(catalog, expired, libraries)
    except (NotFoundError, StoreError) as error:  # purged by another process, or busy: tomorrow
        logger.info("what has been in the trash for long is still there: %s", error)
        return 0
    return len(expired) + len(libraries)


def _over(catalog: Catalog, now: float) -> tuple[list[Kept], list[RemovedLibrary]]:
    """What has been in the trash for too long, by the clock and by what was seen of it."""
    kept = {each.document.id: each.since for each in catalog.trash.expired(math.inf)}
    removed = {each.library.id: each.since for each in catalog.libraries.removed()}
    try:
        looks = looks_of(catalog.mark(LOOKS)).look(kept | removed, now)
        catalog.set_mark(LOOKS, written(looks))
    except StoreError as error:  # what is not remembered is as if nobody had looked
        logger.info("how long things are in the trash cannot be noted: %s", error)
        return [], []
    expired, libraries = catalog.trash.expired(now), catalog.libraries.expired(now)
    return (
        [each for each in expired if looks.is_over(each.document.id)],
        [each for each in libraries if looks.is_over(each.library.id)],
    )


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
