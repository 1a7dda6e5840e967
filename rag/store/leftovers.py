"""What a crash leaves in a data directory: half-written files and folders that nobody uses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from rag.failpoints import failpoint
from rag.store.blobs import SHA256
from rag.store.derived import DERIVED
from rag.store.workplaces import abandoned, is_abandoned, remove_abandoned, seized

UNFINISHED_FILES = ("blobs/??/.new-*", "incoming/.new-*")
UNFINISHED = (*UNFINISHED_FILES, f"{DERIVED}/*/.new-*", f"{DERIVED}/*/.old-*")
EARLIER = re.compile(r"\.tramontane-backup-[a-z0-9_]{8}")
UNFINISHED_MARKS = "questions/*.new"  # who writes one holds the lock of the file that it replaces


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
    of_nobody = [folder for folder in folders if folder.name not in library_ids]
    marks = [path for path in sorted(data_dir.glob(UNFINISHED_MARKS)) if _is_unlocked(path)]
    worked_in = [*abandoned(data_dir), *_earlier(data_dir)]
    return [*worked_in, *_unfinished(data_dir, UNFINISHED), *marks, *of_nobody]


def sweep_leftovers(paths: Collection[Path]) -> None:
    """Delete what nobody uses; that something cannot be deleted leaves it for the next time."""
    for path in paths:
        failpoint("sweep.one")
        if path.parent.name == DERIVED:  # of a library that is gone
            shutil.rmtree(path, ignore_errors=True)
        elif path.match(UNFINISHED_MARKS):
            with seized(_marks_of(path)) as is_nobodys, suppress(OSError):
                if is_nobodys or not _marks_of(path).exists():
                    path.unlink(missing_ok=True)
        else:
            remove_abandoned(path)


def copies_left(data_dir: Path) -> list[Path]:
    """What dead processes left of originals: backups, uploads and copies that were cut short."""
    return [*abandoned(data_dir), *_earlier(data_dir), *_unfinished(data_dir, UNFINISHED_FILES)]


def sweep_copies(data_dir: Path) -> None:
    """Delete the `copies_left`; one that cannot be deleted stays for the next time."""
    for path in copies_left(data_dir):
        remove_abandoned(path)


def _earlier(data_dir: Path) -> list[Path]:
    """What a killed backup of an earlier release left, which bears no mark."""
    return [
        path
        for path in sorted(data_dir.iterdir())
        if EARLIER.fullmatch(path.name) and is_abandoned(path) and _has_only_copies(path)
    ]


def _has_only_copies(folder: Path) -> bool:
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:  # gone by now, or no folder
        return False
    return all(SHA256.fullmatch(name) or name.endswith(".jsonl") for name in names)


def _unfinished(data_dir: Path, patterns: Iterable[str]) -> list[Path]:
    found = (path for pattern in patterns for path in sorted(data_dir.glob(pattern)))
    return [path for path in found if is_abandoned(path)]


def _marks_of(path: Path) -> Path:
    return path.with_suffix(".jsonl")


def _is_unlocked(path: Path) -> bool:
    return is_abandoned(_marks_of(path)) or not _marks_of(path).exists()
