"""Backing up a data directory, while others use it, into one file that was read back.

What the archive holds is one moment of the catalog, and the original files that it names at that
moment. Search indexes are left out, since they are made again, and so are uploads on their way.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sqlalchemy import Engine, func, select

from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.store.archives import (
    FORMAT,
    Manifest,
    Member,
    Missing,
    Report,
    manifest_of,
    verify_archive,
    write_archive,
)
from rag.store.blobs import Blobs, hash_file, sync_folder
from rag.store.catalog import CATALOG
from rag.store.database import copy_database, frozen, lock_in_turn, whole_store
from rag.store.isolation import Upkeep
from rag.store.originals import Owners, named_originals, original_names
from rag.store.sizes import told
from rag.store.standing import BLOBS, refuse_lost
from rag.store.tables import SCHEMA_VERSION, chunks, documents, libraries, pages
from rag.store.workplaces import workplace

QUESTIONS = "questions"  # a folder of the data directory
COUNTED = {"libraries": libraries, "documents": documents, "pages": pages, "chunks": chunks}
BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was written and read back."""

    path: Path
    size_bytes: int
    manifest: Manifest


def back_up(data_dir: Path, target: Path, report: Report) -> BackedUp:
    """Write a backup of a data directory, verify it, and give it its name at the end.

    A backup that has the name already is replaced in one moment. Originals that are missing or
    damaged are left out, and named in the manifest.

    Raises:
        StoreError: there is nothing to back up, the catalog is damaged, or the backup cannot be
            written; then nothing is left of it.
    """
    target = target.absolute()
    _check_target(data_dir, target)
    refuse_lost(data_dir / CATALOG)
    if not (data_dir / CATALOG).exists():
        raise StoreError(f"There is no catalog in {data_dir}, so there is nothing to back up.")
    try:
        with ExitStack() as stack:
            # On a disk that nobody can write, nothing has to be kept from being deleted.
            is_frozen = not os.access(data_dir, os.W_OK)
            held = None if is_frozen else stack.enter_context(workplace(data_dir, BACKUP))
            folder = stack.enter_context(workplace(target.parent, BACKUP))
            failpoint("backup.folders_made")
            if held is None:
                held = folder / "held"
                held.mkdir()
                manifest = _collect(
                    frozen(data_dir / CATALOG, Upkeep.BACKUP), data_dir, held, folder
                )
            else:
                engines = whole_store(data_dir / CATALOG, Upkeep.BACKUP)
                manifest = _collect(engines, data_dir, held, folder)
            failpoint("backup.collected")
            archive = folder / "archive"
            _check_room(target, manifest)
            write_archive(archive, manifest, lambda name: _source(name, held, folder), report)
            failpoint("backup.written")
            if verify_archive(archive) != manifest:
                raise StoreError(f"The backup {target} was not written as it should be. Try again.")
            size = archive.stat().st_size
            failpoint("backup.verified")
            archive.replace(target)
            failpoint("backup.renamed")
            sync_folder(target.parent)
            failpoint("backup.lasting")
    except OSError as error:
        raise _failed(data_dir, target, error) from error
    return BackedUp(target, size, manifest)


def _failed(data_dir: Path, target: Path, error: OSError) -> StoreError:
    """What is said where a backup cannot be made, of the place where that is so."""
    place = Path(str(error.filename or target)).absolute()
    if place.is_relative_to(data_dir.absolute()):
        return StoreError(
            f"The backup cannot be made: {place} cannot be used ({error.strerror}). Check that "
            f"{data_dir} can be read and written, and has room."
        )
    return StoreError(
        f"The backup {target} cannot be written ({error.strerror}). Check that the folder can "
        "be written and has room."
    )


def _check_target(data_dir: Path, target: Path) -> None:
    if target.is_dir():
        raise StoreError(f"{target} is a folder. Name a file in it, such as {target}/backup.tar.")
    if not target.parent.is_dir():
        raise StoreError(f"There is no folder {target.parent} to write the backup into.")
    if target.resolve().is_relative_to(data_dir.resolve()):
        raise StoreError(
            f"{target} lies in the data directory, and would be lost with it. Choose another place."
        )
    if target.exists() and not _is_backup(target):
        raise StoreError(f"{target} exists and is no backup of Tramontane. Choose another name.")


def _is_backup(path: Path) -> bool:
    try:
        return path.is_file() and bool(manifest_of(path))
    except (OSError, StoreError):
        return False


def _collect(engines: tuple[Engine, Engine], data_dir: Path, held: Path, folder: Path) -> Manifest:
    """Copy the catalog, hold the originals that it names, and say what there is."""
    reader, writer = engines
    try:
        owners, names, counts = _snapshot(reader, writer, Blobs(data_dir / BLOBS), held, folder)
    finally:
        reader.dispose()
    _hold_questions(data_dir / QUESTIONS, held)
    files, missing = [_member(CATALOG, folder / CATALOG)], []
    for sha256 in sorted(owners):
        reason = _fault_of(held / sha256, sha256)
        if reason:
            missing.append(Missing(sha256=sha256, names=names.get(sha256, ()), reason=reason))
        else:
            size = (held / sha256).stat().st_size
            name = f"{BLOBS}/{sha256[:2]}/{sha256}"
            files.append(Member(name=name, size=size, sha256=sha256))
    files += [_member(f"{QUESTIONS}/{path.name}", path) for path in sorted(held.glob("*.jsonl"))]
    return Manifest(
        format=FORMAT,
        made_by=f"tramontane {metadata.version('tramontane')}",
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        schema_version=SCHEMA_VERSION,
        counts={**counts, "originals": len(owners) - len(missing)},
        files=tuple(files),
        missing=tuple(missing),
    )


def _snapshot(
    reader: Engine, writer: Engine, blobs: Blobs, held: Path, folder: Path
) -> tuple[Owners, Mapping[str, tuple[str, ...]], Mapping[str, int]]:
    """Copy one moment of the catalog; every original that it names is held.

    Files are deleted under the lock that a writing transaction takes, so under it the moment is
    chosen: what is named then is still there, apart from what was lost before. Most files are held
    before that, so that the lock is short.
    """
    with reader.begin() as connection:
        _hold(blobs, named_originals(connection), held)
    known = {path.name for path in held.iterdir()}
    with ExitStack() as stack:
        with lock_in_turn(writer):  # rolled back: in a rollback journal commits wait for readers
            moment = stack.enter_context(reader.connect())
            stack.enter_context(moment.begin())
            owners = named_originals(moment)
            _hold(blobs, owners.keys() - known, held)
            failpoint("backup.moment_chosen")
        copy_database(moment, folder / CATALOG)
        counts = {
            name: int(moment.execute(select(func.count()).select_from(table)).scalar_one())
            for name, table in COUNTED.items()
        }
        return owners, original_names(moment), counts


def _hold(blobs: Blobs, hashes: Iterable[str], held: Path) -> None:
    """Keep originals under a second name, which their removal leaves alone; lost ones are not."""
    for sha256 in hashes:
        source, target = blobs.path(sha256), held / sha256
        if not source.is_file():  # or something else lies in its place
            continue
        with suppress(FileNotFoundError):
            try:
                target.hardlink_to(source)
                failpoint("backup.held")
            except FileNotFoundError:
                raise
            except OSError:  # a file system without second names
                if held.is_relative_to(blobs.folder.parent):
                    shutil.copyfile(source, target)
                else:  # what is frozen stays as it is
                    target.symlink_to(source.absolute())


def _hold_questions(folder: Path, held: Path) -> None:
    """Copy the marked answers as they are now, each file to the end of its last whole line."""
    for path in folder.glob("*.jsonl"):
        content = path.read_bytes()
        (held / path.name).write_bytes(content[: content.rfind(b"\n") + 1])


def _fault_of(path: Path, sha256: str) -> str:
    try:
        return "" if hash_file(path) == sha256 else "damaged"
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "damaged"


def _member(name: str, path: Path) -> Member:
    return Member(name=name, size=path.stat().st_size, sha256=hash_file(path))


def _source(name: str, held: Path, folder: Path) -> Path:
    return folder / name if name == CATALOG else held / Path(name).name


def _check_room(target: Path, manifest: Manifest) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < manifest.size_bytes:
        raise StoreError(
            f"The backup needs {told(manifest.size_bytes)} in {target.parent}, where {told(free)} "
            "are free. Make room, or choose another folder."
        )
