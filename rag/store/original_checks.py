"""Whether every stored file is there and as it was, told without stopping who adds and removes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, select

from rag.store.blobs import SHA256, Blobs, hash_file
from rag.store.originals import Owners, named_originals, original_names
from rag.store.tables import documents

SETTLED_SECONDS = 60  # a file is stored before the row that names it: for longer it is nobody's


def original_faults(reader: Engine, blobs: Blobs, named: Owners) -> Iterator[str]:
    """A sentence for each file that is missing or damaged, of those named at some moment."""
    suspects: dict[str, str] = {}
    for sha256 in sorted(named):
        reason = _fault_of(blobs.path(sha256))
        if reason:
            suspects[sha256] = reason
    if not suspects:
        return
    with reader.begin() as connection:
        again, names = named_originals(connection), original_names(connection)
    for sha256, reason in suspects.items():
        # Who needs it now as before needed it all the while, when nobody may have removed it.
        if named[sha256] & again.get(sha256, frozenset()) and _fault_of(blobs.path(sha256)):
            yield _told(blobs, sha256, ", ".join(names.get(sha256, ())), reason)


def faults_of_earlier(reader: Engine, blobs: Blobs) -> Iterator[str]:
    """As `original_faults`, of the documents of a catalog of any earlier release."""
    with reader.begin() as connection:
        rows = connection.execute(select(documents.c.sha256, documents.c.name)).all()
    for sha256, name in rows:
        if reason := _fault_of(blobs.path(sha256)):
            yield _told(blobs, sha256, name, reason)


def _told(blobs: Blobs, sha256: str, name: str, reason: str) -> str:
    obstacle = blobs.obstacle(sha256)
    remedy = "Add" if obstacle is None else f"Move {obstacle} away, and add"
    return f"The original of {name or sha256} {reason}. {remedy} the file again: that puts it back."


def orphans(reader: Engine, blobs: Blobs, folder: Path) -> list[str]:
    """The stored files that no row names: those that a crash left, not those on their way."""
    present = [path.name for path in folder.glob("??/*") if SHA256.fullmatch(path.name)]
    with reader.begin() as connection:
        named = named_originals(connection)
    suspects = [sha256 for sha256 in present if sha256 not in named]
    return [sha256 for sha256 in suspects if _is_settled(blobs.path(sha256))]


def files_alone(folder: Path) -> tuple[int, list[str]]:
    """Without a catalog: how many files are as they were, and a sentence for each that is not."""
    present = [path for path in sorted(folder.glob("??/*")) if SHA256.fullmatch(path.name)]
    faults = [f"The file {path} {reason}." for path in present if (reason := _fault_of(path))]
    return len(present) - len(faults), faults


def _is_settled(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_ctime > SETTLED_SECONDS
    except OSError:  # removed by now
        return False


def _fault_of(path: Path) -> str:
    try:
        return "" if hash_file(path) == path.name else "is damaged: its bytes are not those added"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
