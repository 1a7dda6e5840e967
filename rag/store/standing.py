"""Whether the catalog still stands where it should: not lost, not another put in its place.

SQLite makes a new database wherever it finds none or an empty file, and goes on writing to one that
was moved or deleted meanwhile. Both would lose documents without a word.
"""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

from rag.errors import StoreError
from rag.store.blobs import SHA256

BLOBS = "blobs"  # the folder of the originals, beside the catalog


class Standing:
    """The file that was opened as the catalog, told from whatever lies in its place later."""

    def __init__(self, path: Path) -> None:
        """Take the place of the catalog, which may still have to be made."""
        self._path, self._place = path, path.absolute()  # wherever the process goes
        self._opened: tuple[int, int] | None = None

    def before_connecting(self) -> None:
        """Refuse to open what would be made, or is another.

        Raises:
            StoreError: a catalog was lost, or moved away since it was opened.
        """
        if self._opened is None:
            refuse_lost(self._path)
        else:
            self.check()

    def connected(self) -> None:
        """Take what lies there now for what was opened, the first time.

        Raises:
            StoreError: it is another than the first time.
        """
        if self._opened is None:
            self._opened = self._now()
        self.check()

    def check(self) -> None:
        """Refuse to go on with a catalog that was moved away, deleted or replaced.

        Raises:
            StoreError: it was.
        """
        if self._opened is None or self._now() != self._opened:
            raise StoreError(
                f"The catalog {self._path} was moved, deleted or replaced while it was in use, so "
                "nothing is taken in or answered from it any more. Put it back, or restart "
                "Tramontane."
            )

    def _now(self) -> tuple[int, int] | None:
        try:
            status = self._place.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino


def refuse_lost(path: Path) -> None:
    """Refuse a catalog that is missing or empty beside original files.

    Files are stored only once there is a catalog, so it was there: a new one in its place would
    make all of them nobody's.

    Raises:
        StoreError: it is so.
    """
    if is_lost(path):
        raise lost(path)


def is_lost(path: Path) -> bool:
    """Whether a catalog is missing or empty, and there are originals that it must have named."""
    # Looked at again: another process may have made it, and stored the first file, in between.
    return _is_empty(path) and has_originals(path.parent) and _is_empty(path)


def has_originals(data_dir: Path) -> bool:
    """Whether there is any stored file."""
    return any(SHA256.fullmatch(path.name) for path in (data_dir / BLOBS).glob("??/*"))


def lost(path: Path) -> StoreError:
    """What is said where a catalog was lost."""
    blobs = path.parent / BLOBS
    return StoreError(
        f"The catalog {path} is missing or empty, though {blobs} holds original files. Move "
        f"{path.parent} away and restore a backup; or move {blobs} away, to begin anew and add "
        "its files again. Nothing was changed."
    )


def _is_empty(path: Path) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return True
    except OSError:  # whoever opens it says best why it cannot be looked at
        return False
    return S_ISREG(status.st_mode) and status.st_size == 0
