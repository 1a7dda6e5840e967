"""Restoring a backup into an empty folder: whole, or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.store.archives import Manifest, Report, extract_archive, verify_archive
from rag.store.blobs import sync_folder
from rag.store.catalog import CATALOG
from rag.store.database import verify, whole_store
from rag.store.filesystems import refuse_network
from rag.store.isolation import Upkeep
from rag.store.sizes import told
from rag.store.tables import SCHEMA_VERSION
from rag.store.workplaces import abandoned, remove_abandoned, seized, workplace

RESTORE = "restore"
FRESH, MOVING = "data", "moving"  # in the folder that is worked in


@dataclass(frozen=True, slots=True)
class Restored:
    """A data directory that was made from a backup."""

    data_dir: Path
    manifest: Manifest


def restore(archive: Path, data_dir: Path, report: Report) -> Restored:
    """Make a data directory from a backup, which is read and checked as a whole before.

    It appears complete and synced, under its name, in one moment; its catalog is brought to the
    present schema before that.

    Raises:
        StoreError: the folder is not empty or cannot be written, or the backup is damaged or was
            made by a newer version; then nothing is left of it.
    """
    data_dir = data_dir.resolve()
    # What is mounted cannot be renamed over: there the catalog comes last.
    is_mounted = data_dir.is_mount()
    if is_mounted:
        _take_back(data_dir)
    _check_empty(data_dir)
    refuse_network(data_dir)
    manifest = _verified(archive)
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with workplace(data_dir if is_mounted else data_dir.parent, RESTORE) as folder:
            _check_room(folder, manifest)
            fresh = folder / FRESH
            fresh.mkdir(mode=0o700)
            failpoint("restore.folder_made")
            extract_archive(archive, fresh, report)
            failpoint("restore.extracted")
            _bring_up(fresh / CATALOG)
            failpoint("restore.brought_up")
            _sync(fresh)
            failpoint("restore.synced")
            if is_mounted:
                _move_in(folder, data_dir)
                sync_folder(data_dir)
            else:
                fresh.rename(data_dir)
                failpoint("restore.renamed")
                sync_folder(data_dir.parent)
                failpoint("restore.lasting")
    except OSError as error:
        raise StoreError(
            f"The backup cannot be restored into {data_dir} ({error.strerror}). Check that the "
            "folder is empty, can be written and has room."
        ) from error
    return Restored(data_dir, manifest)


def _move_in(folder: Path, data_dir: Path) -> None:
    """Move what was restored into a mounted folder, its names noted first, the catalog last."""
    paths = sorted((folder / FRESH).iterdir(), key=lambda path: path.name == CATALOG)
    with (folder / MOVING).open("w", encoding="utf-8") as stream:
        stream.writelines(f"{path.name}\n" for path in paths)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(folder)
    for path in paths:
        path.rename(data_dir / path.name)


def _take_back(data_dir: Path) -> None:
    """Undo what restores left in a mounted folder that were killed before the catalog was there."""
    for folder in abandoned(data_dir, RESTORE):
        with seized(folder) as is_nobodys:
            if is_nobodys and (folder / FRESH / CATALOG).exists():
                _move_back(folder, data_dir)
        remove_abandoned(folder)


def _move_back(folder: Path, data_dir: Path) -> None:
    with suppress(OSError):  # which then is found in the way
        for name in (folder / MOVING).read_text(encoding="utf-8").splitlines():
            if not (folder / FRESH / name).exists():
                (data_dir / name).rename(folder / FRESH / name)


def _check_empty(data_dir: Path) -> None:
    try:
        is_empty = not any(data_dir.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(
            f"{data_dir} cannot be restored into ({error.strerror}). Name another folder with "
            "--data-dir."
        ) from error
    if not is_empty:
        raise StoreError(
            f"{data_dir} is not empty, and nothing there is replaced. Name another folder with "
            "--data-dir, or move this one away."
        )


def _verified(archive: Path) -> Manifest:
    try:
        manifest = verify_archive(archive)
    except OSError as error:
        raise StoreError(
            f"{archive} cannot be read ({error.strerror}). Name the file that `tramontane backup` "
            "wrote."
        ) from error
    if manifest.schema_version > SCHEMA_VERSION:
        raise StoreError(
            f"The backup {archive} was made by a newer Tramontane (schema "
            f"{manifest.schema_version}, this one knows {SCHEMA_VERSION}). Install the newer "
            "version to restore it."
        )
    return manifest


def _check_room(folder: Path, manifest: Manifest) -> None:
    free = shutil.disk_usage(folder).free
    if free < manifest.size_bytes:
        raise StoreError(
            f"The backup needs {told(manifest.size_bytes)}, and {told(free)} are free. Make room, "
            "or name another folder with --data-dir."
        )


def _bring_up(path: Path) -> None:
    """Bring a catalog to the present schema, and check it."""
    reader, _ = whole_store(path, Upkeep.SOUNDNESS)
    try:
        with reader.begin() as connection:
            verify(connection, path)
    finally:
        reader.dispose()


def _sync(folder: Path) -> None:
    """Make a folder last with all folders in it, and what the catalog wrote when it was opened."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        elif path.parent == folder:
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    sync_folder(folder)
