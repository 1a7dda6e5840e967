"""Files and folders to work in that vanish with the work.

Whoever works in one holds a lock on it, so that what a crash left behind is told from what is in
use, whatever a clock says, and swept by the next who works there. What may lie among other
people's folders bears a mark besides: nothing is removed for its name alone.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.failpoints import failpoint

PREFIX = ".tramontane-workplace-"
MARK = "made-by-tramontane"
MARKED = "Tramontane works in this folder, and deletes it with all that is in it.\n"


@contextmanager
def workplace(parent: Path, purpose: str) -> Iterator[Path]:
    """A folder of one's own within another, removed at the end with all that is in it.

    Nothing is in it but its mark.

    Raises:
        OSError: it cannot be made.
    """
    sweep(parent, purpose)
    with own_folder(parent, f"{PREFIX}{purpose}-") as folder:
        _mark(folder)
        yield folder


@contextmanager
def own_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder, locked by who made it; what is still there at the end is removed.

    Raises:
        OSError: it cannot be made.
    """

    def make() -> Path:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        failpoint("workplace.made")
        return folder

    folder, lock = _locked(make)
    try:
        failpoint("workplace.locked")
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


@contextmanager
def own_file(folder: Path, prefix: str) -> Iterator[Path]:
    """An empty file, locked by who made it; removed at the end, if it is still there.

    Raises:
        OSError: it cannot be made.
    """

    def make() -> Path:
        path = folder / f"{prefix}{secrets.token_hex(8)}"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    path, lock = _locked(make)
    try:
        yield path
    finally:
        with suppress(OSError):  # then it is swept as what a crash left behind
            path.unlink(missing_ok=True)
        os.close(lock)


def _locked(make: Callable[[], Path]) -> tuple[Path, int]:
    """What was made, and its lock, which lasts as long as this process at most."""
    while True:
        path = make()
        try:
            lock = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # swept in this very moment
            continue
        except OSError:
            _remove(path)
            raise
        with suppress(OSError):  # of a file system without locks nothing is ever swept
            fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_still(path, lock):
            return path, lock
        os.close(lock)


def _is_still(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.lstat())
    except FileNotFoundError:
        return False


def _mark(folder: Path) -> None:
    """Say in a folder whose it is, before anything else is in it."""
    with (folder / MARK).open("x", encoding="utf-8") as stream:
        stream.write(MARKED)
        stream.flush()
        os.fsync(stream.fileno())


def is_workplace(folder: Path) -> bool:
    """Whether a folder was made by `workplace`, or has nothing in it that could be lost."""
    try:
        return (folder / MARK).is_file() or not any(folder.iterdir())
    except OSError:  # gone by now, or no folder
        return False


def workplaces(parent: Path, purpose: str = "") -> list[Path]:
    """The workplaces within a folder, those in use and those that a crash left."""
    found = sorted(parent.glob(f"{PREFIX}{purpose}*"))
    return [path for path in found if not path.is_symlink() and is_workplace(path)]


def abandoned(parent: Path, purpose: str = "") -> list[Path]:
    """The workplaces within a folder that nobody works in any more."""
    return [path for path in workplaces(parent, purpose) if is_abandoned(path)]


def sweep(parent: Path, purpose: str = "") -> None:
    """Remove the workplaces that a crash left behind."""
    for path in abandoned(parent, purpose):
        remove_abandoned(path)


def is_abandoned(path: Path) -> bool:
    """Whether nobody works in a folder, or on a file, that was made to work in."""
    with seized(path) as is_nobodys:
        return is_nobodys


def remove_abandoned(path: Path) -> bool:
    """Remove a folder or a file that nobody works in; whether it is gone."""
    with seized(path) as is_nobodys:
        if is_nobodys:
            _remove(path)
    return not path.exists()


@contextmanager
def seized(path: Path) -> Iterator[bool]:
    """Whether nobody holds the lock of what there is, which is held in here then."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone by now, or not ours
        yield False
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def _remove(path: Path) -> None:
    """Remove what there is, of a workplace its mark last: what is left of it bears it still."""
    if not path.is_dir():
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return
    with suppress(OSError):
        for each in path.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != MARK:
                with suppress(OSError):
                    each.unlink()
    with suppress(OSError):
        if [each.name for each in path.iterdir()] in ([], [MARK]):
            shutil.rmtree(path)
