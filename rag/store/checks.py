"""Looks at everything that a data directory holds, and says of each fault what mends it.

Nothing is changed, and others may add, remove and ask meanwhile: what they are in the midst of is
no fault.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, delete, func, select, update

from rag.domain import Library
from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.store.blobs import Blobs
from rag.store.catalog import CATALOG
from rag.store.database import NoCatalogError, NoRoomError, as_it_is, verify, whole_store
from rag.store.filesystems import refuse_network
from rag.store.index_checks import index_faults
from rag.store.invariants import (
    TextHash,
    content_faults,
    documents_under_alien_hashes,
    miscounted,
    row_faults,
    stray_aliases,
)
from rag.store.isolation import Upkeep
from rag.store.leftovers import derived_folders, leftovers, sweep_leftovers
from rag.store.original_checks import (
    faults_of_earlier,
    files_alone,
    original_faults,
    orphans,
)
from rag.store.originals import named_originals
from rag.store.rows import library_of
from rag.store.standing import BLOBS, is_lost, refuse_lost
from rag.store.tables import SCHEMA_VERSION, aliases, chunks, documents, libraries, pages

MADE_SECONDS = 0.5  # in which what somebody makes or removes is locked, or gone
MENDED_BY_REBUILD = "`tramontane rebuild` deletes them."


@dataclass(frozen=True, slots=True)
class Checked:
    """A part that was looked at: how it is where it is well, what is wrong, what is left over."""

    part: str
    sentence: str
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check(data_dir: Path, text_hash: TextHash) -> Iterator[Checked]:
    """Look at the database, its rows, the originals, the indexes and what a crash left.

    `text_hash` tells the text that is embedded for a chunk.

    Raises:
        StoreError: there is no catalog, or no room on its disk to read it.
    """
    path = data_dir / CATALOG
    if not path.exists() and not is_lost(path):
        raise NoCatalogError(path)
    try:
        refuse_lost(path)
        refuse_network(data_dir)
        reader, version = as_it_is(path, Upkeep.SOUNDNESS)
        try:
            with reader.begin() as connection:
                verify(connection, path)
            if version < SCHEMA_VERSION:
                yield from _earlier(reader, data_dir, version)
                return
            yield Checked("database", f"{CATALOG} is sound.")
            yield from _parts(reader, data_dir, text_hash)
        finally:
            reader.dispose()
    except (NoRoomError, NoCatalogError):
        raise
    except StoreError as error:
        yield Checked("database", "", (str(error),))
        present, damaged = files_alone(data_dir / BLOBS)
        yield Checked("originals", f"{present:,} files are as they were.", tuple(damaged))


def mend(data_dir: Path, text_hash: TextHash) -> int:
    """Make again what is derived within the catalog, and sweep what a crash left.

    Returns:
        How many documents were miscounted, or had passages under the hash of another text.
    """
    mended: set[str] = set()
    reader, writer = whole_store(data_dir / CATALOG, Upkeep.SOUNDNESS)
    try:
        with writer.begin() as connection:
            for row, count, embedded in list(miscounted(connection)):
                connection.execute(
                    update(documents)
                    .where(documents.c.id == row.id)
                    .values(chunks=count, embedded=embedded)
                )
                connection.execute(
                    update(libraries)
                    .where(libraries.c.id == row.library_id)
                    .values(generation=libraries.c.generation + 1)
                )
                failpoint("mend.counted")
                mended.add(row.id)
            for row in connection.execute(stray_aliases()).all():
                same = (aliases.c.library_id == row.library_id, aliases.c.content == row.content)
                connection.execute(delete(aliases).where(*same))
        for id_ in documents_under_alien_hashes(reader, text_hash):
            with writer.begin() as connection:
                own = chunks.c.document_id == id_
                connection.execute(update(chunks).where(own).values(text_hash=b""))
                failpoint("mend.hashes_emptied")
            mended.add(id_)
        failpoint("mend.before_sweep")
        folders = derived_folders(data_dir)
        sweep_leftovers(leftovers(data_dir, folders, [each.id for each in _libraries(reader)]))
    finally:
        reader.dispose()
    return len(mended)


def _earlier(reader: Engine, data_dir: Path, version: int) -> Iterator[Checked]:
    """What can be looked at before a catalog of an earlier release is brought up to date."""
    note = (
        f"{CATALOG} is sound, and of an earlier release (schema {version}). The next start brings "
        "it up to date; its documents and indexes can be checked after that."
    )
    yield Checked("database", "", (), (note,))
    with reader.begin() as connection:
        count = connection.execute(select(func.count()).select_from(documents)).scalar_one()
    sentence = f"Those of {count:,} documents are as they were."
    faults = tuple(faults_of_earlier(reader, Blobs(data_dir / BLOBS)))
    yield Checked("originals", sentence, faults)


def _parts(reader: Engine, data_dir: Path, text_hash: TextHash) -> Iterator[Checked]:
    blobs, folder = Blobs(data_dir / BLOBS), data_dir / BLOBS
    with reader.begin() as connection:
        counts = [
            int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for table in (documents, pages, chunks)
        ]
        faults = list(row_faults(connection))
    faults += content_faults(reader, text_hash)
    words = "{:,} documents, {:,} pages, {:,} passages.".format(*counts)
    yield Checked("documents", words, tuple(faults))
    with reader.begin() as connection:
        named = named_originals(connection)
    suspects = orphans(reader, blobs, folder)
    missing = tuple(original_faults(reader, blobs, named))
    folders = derived_folders(data_dir)
    known = _libraries(reader)
    ids = [each.id for each in known]
    before = leftovers(data_dir, folders, ids)
    indexes = tuple(_index_faults(reader, known, folders))
    if before:
        time.sleep(MADE_SECONDS)
    left = [path for path in leftovers(data_dir, folders, ids) if path in before]
    # Looked at again now: a document that is being removed goes before its file.
    nobodys = [sha256 for sha256 in orphans(reader, blobs, folder) if sha256 in suspects]
    note = f"Stored files that no document has: {len(nobodys)}. {MENDED_BY_REBUILD}"
    notes = (note,) if nobodys else ()
    yield Checked("originals", f"{len(named):,} files are as they were.", missing, notes)
    having = sum(any(folder.glob("*-*")) for folder in folders)
    yield Checked("indexes", _index_words(having, len(known)), indexes)
    names = ", ".join(str(path.relative_to(data_dir)) for path in left[:3])
    note = f"Left by a crash: {names}{' and more' if len(left) > 3 else ''}. {MENDED_BY_REBUILD}"
    yield Checked("leftovers", "There are none.", (), (note,) if left else ())


def _index_words(made: int, known: int) -> str:
    """For how many libraries there are search indexes, and what of the others."""
    if made < known:
        words = f"Made for {made:,} of {known:,} libraries so far."
        return f"{words} A library without them gets them with its next question."
    return "Made for the one library." if known == 1 else f"Made for all {known:,} libraries."


def _libraries(reader: Engine) -> list[Library]:
    with reader.begin() as connection:
        return [library_of(row) for row in connection.execute(select(libraries))]


def _index_faults(reader: Engine, known: list[Library], folders: list[Path]) -> Iterator[str]:
    by_id = {library.id: library for library in known}
    for folder in folders:
        if folder.name in by_id:
            yield from index_faults(reader, by_id[folder.name], folder)
