"""What a crash leaves in a data directory: half-written files and folders that nobody uses."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from rag.failpoints import failpoint
from rag.store.derived import DERIVED
from rag.store.workplaces import abandoned, is_abandoned

ABANDONED_SECONDS = 3600
UNFINISHED = ("blobs/??/.new-*", "incoming/.new-*", "questions/*.new")
UNFINISHED_INDEXES = (f"{DERIVED}/*/.new-*", f"{DERIVED}/*/.old-*")


def derived_folders(data_dir: Path) -> list[Path]:
    """The folders of search indexes, one a library."""
    return [path for path in sorted((data_dir / DERIVED).glob("*")) if path.is_dir()]


def leftovers(
    data_dir: Path, folders: Collection[Path], library_ids: Collection[str]
) -> list[Path]:
    """What nobody uses any more.

    Args:
        data_dir: where to look.
        folders: the `derived_folders`, listed before the libraries were.
        library_ids: the libraries that there are.
    """
    unfinished = [
        path
        for pattern in UNFINISHED
        for path in sorted(data_dir.glob(pattern))
        if _is_abandoned(path)
    ]
    unfinished += [
        path
        for pattern in UNFINISHED_INDEXES
        for path in sorted(data_dir.glob(pattern))
        if is_abandoned(path)
    ]
    of_nobody = [folder for folder in folders if folder.name not in library_ids]
    return [*abandoned(data_dir), *unfinished, *of_nobody]


def sweep_leftovers(paths: Collection[Path]) -> None:
    """Delete what nobody uses; that something cannot be deleted leaves it for the next time."""
    for path in paths:
        failpoint("sweep.one")
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _is_abandoned(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    except OSError:  # gone by now
        return False
