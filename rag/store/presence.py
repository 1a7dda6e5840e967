"""Whether there is a catalog, or a library, without making one by looking."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from rag.errors import NotFoundError
from rag.store.catalog import CATALOG, Catalog
from rag.store.standing import is_lost


def has_catalog(data_dir: Path) -> bool:
    """Whether there is a catalog, something in its place, or one that was lost.

    Nothing is made by looking.
    """
    with suppress(OSError):  # the catalog itself says best why it cannot be looked at
        folder = data_dir.absolute()
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if nearest.is_dir() and not (folder / CATALOG).is_file():
            return is_lost(folder / CATALOG)
    return True


def has_library(data_dir: Path, name: str) -> bool:
    """Whether the library is there."""
    if not has_catalog(data_dir):
        return False
    with closing(Catalog(data_dir)) as catalog:
        try:
            catalog.library(name)
        except NotFoundError:
            return False
    return True
