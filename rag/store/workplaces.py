"""Folders to work in that vanish with the work.

Whoever works in one holds a lock on it, so that what a crash left behind is told from what is in
use, and swept by the next who works there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.failpoints import failpoint

PREFIX = ".tramontane-"
UNLOCKED_SECONDS = 60  # more than passes between the making of a folder and its lock


@contextmanager
def workplace(parent: Path, purpose: str) -> Iterator[Path]:
    """An empty folder of one's own within another, removed at the end with all that is in it.

    Raises:
        OSError: it cannot be made.
    """
    sweep(parent, purpose)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=f"{PREFIX}{purpose}-"))
    try:
        failpoint("workplace.made")
        lock = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # of a file system without locks nothing is ever swept
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            failpoint("workplace.locked")
            yield folder
        finally:
            os.close(lock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def abandoned(parent: Path, purpose: str = "") -> list[Path]:
    """The workplaces within a folder that nobody works in any more."""
    return [path for path in sorted(parent.glob(f"{PREFIX}{purpose}*")) if _is_abandoned(path)]


def sweep(parent: Path, purpose: str = "") -> None:
    """Remove the workplaces that a crash left behind."""
    for path in abandoned(parent, purpose):
        shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < UNLOCKED_SECONDS:
            return False
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # gone by now, or no folder
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
