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
    with own_folder(parent, f"{PREFIX}{purpose}-") as folder:
        yield folder


@contextmanager
def own_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder, locked by who made it; what is still there at the end is removed.

    Raises:
        OSError: it cannot be made.
    """
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
    try:
        failpoint("workplace.made")
        with _locked(folder):
            failpoint("workplace.locked")
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder as long as this process lives; of one that is gone, none."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        with suppress(OSError):  # of a file system without locks nothing is ever swept
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def abandoned(parent: Path, purpose: str = "") -> list[Path]:
    """The workplaces within a folder that nobody works in any more."""
    return [path for path in sorted(parent.glob(f"{PREFIX}{purpose}*")) if is_abandoned(path)]


def sweep(parent: Path, purpose: str = "") -> None:
    """Remove the workplaces that a crash left behind."""
    for path in abandoned(parent, purpose):
        shutil.rmtree(path, ignore_errors=True)


def is_abandoned(folder: Path) -> bool:
    """Whether nobody works in a folder that was made by `own_folder`."""
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
