"""Deleting documents for good: out of the catalog, the files of the search, and the marks."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rag.errors import NotFoundError, StoreError
from rag.marks import Marks
from rag.store.catalog import Catalog
from rag.store.trash import Kept

logger = logging.getLogger(__name__)

LEFT = (
    "Bytes of what was purged may still lie in {}: another program reads the catalog, or there is "
    "no room to write it anew. That is done at the next start, or by `tramontane purge`."
)


def purge(catalog: Catalog, chosen: Sequence[Kept]) -> bool:
    """Delete documents of the trash for good, with all that tells of them in the data directory.

    Answers that were marked and cite one of them are deleted too.

    Returns:
        Whether no byte of them is left; else that is mended by `clean` of the trash.

    Raises:
        NotFoundError: one is not in the trash any more; then nothing is deleted of the catalog.
        StoreError: a file cannot be written.
    """
    marks = Marks(catalog.data_dir)
    named = [kept.document for kept in chosen]
    for kept in chosen:
        named += [version.document for version in catalog.trash.versions(kept.document.id)]
    for document in named:  # before the names are gone, for a crash in between
        marks.forget(document.library_id, document.name)
    return catalog.trash.purge([kept.document.id for kept in chosen])


def purge_expired(catalog: Catalog) -> int:
    """Delete for good what has been in the trash for longer than it is kept; how many."""
    expired = catalog.trash.expired()
    try:
        purge(catalog, expired)
    except (NotFoundError, StoreError) as error:  # purged by another process, or busy: tomorrow
        logger.info("what has been in the trash for long is still there: %s", error)
        return 0
    return len(expired)
