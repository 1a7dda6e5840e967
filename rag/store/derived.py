"""Folders of files that can be made again from the catalog.

Each carries the generation of the library it was made from, a format number, the embedding model
and the hash of every file. It is written beside its place and renamed into it, so that any number
of processes may build and use one at the same time; one that disagrees with what is expected is
made again.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from rag.store.blobs import hash_file

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"


def provide(
    folder: Path, expected: Mapping[str, str | int], build: Callable[[Path], None]
) -> Path | None:
    """Return the folder, built when it is absent, stale or damaged.

    Args:
        folder: its place; older siblings whose names start alike are removed.
        expected: what its manifest must say.
        build: writes the files into an empty folder.

    Returns:
        The folder, or None where it cannot be written.
    """
    if _is_intact(folder, expected):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    except OSError as error:
        logger.warning("%s cannot be written (%s): working in memory", folder.parent, error)
        return None
    try:
        build(fresh)
        _write_manifest(fresh, expected)
        _move_into_place(fresh, folder, expected)
    except OSError as error:
        logger.warning("%s cannot be written (%s): working in memory", folder, error)
        return None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _remove_older(folder)
    return folder


def _move_into_place(fresh: Path, folder: Path, expected: Mapping[str, str | int]) -> None:
    if folder.exists() and not _is_intact(folder, expected):
        logger.warning("%s is damaged or of another version: made again", folder)
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-"))
        folder.replace(aside / folder.name)
        shutil.rmtree(aside, ignore_errors=True)
    try:
        fresh.rename(folder)
    except OSError:
        if not _is_intact(folder, expected):  # else another process was quicker
            raise


def _write_manifest(folder: Path, expected: Mapping[str, str | int]) -> None:
    hashes = {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.is_file()}
    manifest = json.dumps({"expected": dict(expected), "files": hashes}, indent=1)
    with (folder / MANIFEST).open("w", encoding="utf-8") as stream:
        stream.write(manifest)
        stream.flush()
        os.fsync(stream.fileno())


def _is_intact(folder: Path, expected: Mapping[str, str | int]) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest["expected"] == dict(expected) and all(
            hash_file(folder / name) == sha256 for name, sha256 in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _remove_older(folder: Path) -> None:
    kind = folder.name.rsplit("-", 1)[0] + "-"
    for sibling in folder.parent.iterdir():
        if sibling.name.startswith(kind) and sibling != folder:
            shutil.rmtree(sibling, ignore_errors=True)
