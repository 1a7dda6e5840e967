"""Folders of files that can be made again from the catalog.

Each carries the generation of the library it was made from, a format number, the embedding model
and the hash of every file. It is written beside its place and renamed into it, so that any number
of processes may build and use one at the same time; one that disagrees with what is expected is
made again. Who builds holds a lock, and nobody removes what is being built but a purge: that
removes whatever was begun before it, as it may hold the words of what is gone.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from rag.failpoints import failpoint
from rag.saying import SaidOnce
from rag.store.blobs import hash_file
from rag.store.workplaces import own_folder, remove_abandoned

logger = logging.getLogger(__name__)

DERIVED = "derived"  # the folder of all of them, in the data directory
KEPT_VECTORS = "reembedding"  # of vectors that are paid for and not in use yet, by library
MANIFEST = "manifest.json"
PURGES = "purges"  # how often something of the library was purged before a folder was begun
UNFINISHED, ASIDE = ".new-", ".old-"

_said = SaidOnce()


class DiscardedError(Exception):
    """What was being built is gone: something of the library was purged, or it is made anew."""


def provide(
    folder: Path,
    expected: Mapping[str, str | int],
    build: Callable[[Path], None],
    library: str = "",
) -> Path | None:
    """Return the folder, built when it is absent, stale or damaged.

    Args:
        folder: its place, `<kind>-<generation>`; those of earlier generations are removed.
        expected: what its manifest must say.
        build: writes the files into an empty folder; an OSError means that it cannot be written.
        library: the name of the library, for the log.

    Returns:
        The folder, or None where it cannot be written. Another process may remove it at any time,
        once the library has changed: open it at once, and be ready to find it gone.

    Raises:
        DiscardedError: a purge removed it while it was built: look at the library again.
    """
    if is_intact(folder, expected):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with own_folder(folder.parent, f"{UNFINISHED}{expected.get(PURGES, 0)}-") as fresh:
            _build(fresh, folder, expected, build)
    except InterruptedError:  # told to stop
        return None
    except OSError as error:
        if _said.is_new(folder.parent, str(error.errno)):  # it is tried at each change
            logger.warning(
                "the index of the library %r cannot be written in %s (%s): it is kept in memory",
                library,
                folder.parent,
                error.strerror or error,
            )
        return None
    _said.is_well(folder.parent)
    failpoint("derived.in_place")
    _remove_older(folder)
    failpoint("derived.older_removed")
    return folder


def _build(
    fresh: Path,
    folder: Path,
    expected: Mapping[str, str | int],
    build: Callable[[Path], None],
) -> None:
    failpoint("derived.folder_made")
    try:
        build(fresh)
        failpoint("derived.built")
        _write_manifest(fresh, expected)
        failpoint("derived.manifest_written")
        _move_into_place(fresh, folder, expected)
    except OSError as error:
        if fresh.exists():
            raise
        logger.debug("%s was discarded while it was built: %s", folder, error)
        raise DiscardedError(str(folder)) from error


def discard_before(folder: Path, purges: int) -> None:
    """Remove what was begun before the last of so many purges from a library's folder.

    What others are building from before it goes too: they find it gone, and begin again.
    """
    for path in _within(folder):
        if _purges_before(path) < purges:
            _remove_at_once(path)


def discard_all(folder: Path) -> None:
    """Remove all from a library's folder; who is building there finds it gone, and begins again."""
    for path in _within(folder):
        _remove_at_once(path)


def left_before(folder: Path, purges: int) -> list[Path]:
    """What was begun before the last of so many purges, and is still in a library's folder."""
    return [path for path in _within(folder) if _purges_before(path) < purges]


def _within(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # there is none, or nobody may look
        return []


def _purges_before(path: Path) -> int:
    """How often had been purged when this was begun; none where that cannot be told."""
    if path.name.startswith(UNFINISHED):
        told, dash, _ = path.name.removeprefix(UNFINISHED).partition("-")
        return int(told) if dash and told.isdecimal() else -1
    number = said_of(path).get(PURGES, -1)
    return number if isinstance(number, int) else -1


def _remove_at_once(path: Path) -> None:
    """Remove a folder that others may be at work in: at one moment it is there, then it is not."""
    aside = path.with_name(f"{ASIDE}{secrets.token_hex(8)}")
    try:
        path.rename(aside)
    except OSError:  # gone by now, or not to be written
        aside = path
    failpoint("derived.discarded")
    if aside.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        with suppress(OSError):
            aside.unlink()


def _move_into_place(fresh: Path, folder: Path, expected: Mapping[str, str | int]) -> None:
    if folder.exists() and not is_intact(folder, expected):
        logger.warning("%s is damaged or of another version: made again", folder)
        aside = folder.with_name(f"{ASIDE}{secrets.token_hex(8)}")
        with suppress(FileNotFoundError):  # another process has just done the same
            folder.replace(aside)
        failpoint("derived.moved_aside")
        shutil.rmtree(aside, ignore_errors=True)
        failpoint("derived.aside_removed")
    try:
        fresh.rename(folder)
    except OSError:
        if not is_intact(folder, expected):  # else another process was quicker
            raise


def _write_manifest(folder: Path, expected: Mapping[str, str | int]) -> None:
    hashes = {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.is_file()}
    manifest = json.dumps({"expected": dict(expected), "files": hashes}, indent=1)
    with (folder / MANIFEST).open("w", encoding="utf-8") as stream:
        stream.write(manifest)
        stream.flush()
        failpoint("derived.manifest_before_sync")
        os.fsync(stream.fileno())


def is_intact(folder: Path, expected: Mapping[str, str | int]) -> bool:
    """Whether a folder's manifest says what is expected, and every file is as it was written.

    A file that the manifest does not name is damage too: what lies there is read as a whole.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = dict(manifest["files"])
        return (
            manifest["expected"] == dict(expected)
            and _strangers(folder, files) == []
            and all(hash_file(folder / name) == sha256 for name, sha256 in files.items())
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _strangers(folder: Path, known: Collection[str]) -> list[str]:
    """What lies in a folder that nobody wrote there; a lock may be made by who reads."""
    names = (path.name for path in folder.iterdir())
    return [
        name
        for name in names
        if name not in known and name != MANIFEST and not (name[0] == "." and name[-5:] == ".lock")
    ]


def digest_of(folder: Path, name: str) -> str:
    """The hash of a file as the folder's manifest has it; empty where it cannot be read."""
    try:
        return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"][name])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def throw_away(folder: Path) -> None:
    """Remove a folder that is as it was written and yet not what it should be."""
    logger.warning("%s is not what its name says: made again", folder)
    aside = folder.with_name(f".old-{folder.name}-{secrets.token_hex(4)}")
    with suppress(OSError):  # gone by now, or not ours to remove
        folder.replace(aside)
        shutil.rmtree(aside, ignore_errors=True)


def earlier(folder: Path, purges: int) -> Path | None:
    """The newest intact folder of an earlier generation, of after so many purges.

    Another process may remove it.
    """
    kind, _, generation = folder.name.rpartition("-")
    found = [
        int(number)
        for path in (folder.parent.iterdir() if folder.parent.is_dir() else ())
        for its_kind, _, number in [path.name.rpartition("-")]
        if its_kind == kind and number.isdecimal() and int(number) < int(generation)
    ]
    for number in sorted(found, reverse=True):
        path = folder.with_name(f"{kind}-{number}")
        said = said_of(path)
        if said.get(PURGES) == purges and is_intact(path, said):
            return path
    return None


def said_of(folder: Path) -> dict[str, str | int]:
    """What a folder's manifest says that it was made from; nothing where it cannot be read."""
    try:
        return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["expected"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _remove_older(folder: Path) -> None:
    """Remove earlier generations; a later one is another process's, which knows more."""
    kind, _, generation = folder.name.rpartition("-")
    for sibling in folder.parent.iterdir():
        its_kind, _, its_generation = sibling.name.rpartition("-")
        is_older = its_generation.isdecimal() and int(its_generation) < int(generation)
        is_unfinished = sibling.name.startswith((UNFINISHED, ASIDE))
        if its_kind == kind and is_older:
            shutil.rmtree(sibling, ignore_errors=True)
        elif is_unfinished:
            remove_abandoned(sibling)
