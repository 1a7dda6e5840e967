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
    try:
        check_library(data_dir, name)
    except NotFoundError:
        return False
    return True


def check_library(data_dir: Path, name: str) -> None:
    """Check that the library is there.

    Raises:
        NotFoundError: it is not; it says which there are.
    """
    if not has_catalog(data_dir):
        raise NotFoundError(
            f"There is no library named {name!r} in {data_dir}, nor any other. Add documents to it "
            "first: tramontane add PATH"
        )
    with closing(Catalog(data_dir)) as catalog:
        catalog.library(name)


def library_names(data_dir: Path) -> list[str]:
    """What the libraries are called that are there, the oldest first."""
    if not has_catalog(data_dir):
        return []
    with closing(Catalog(data_dir)) as catalog:
        return [library.name for library in catalog.libraries.all()]
