"""What is left of purged documents outside their rows: noted by the purge, deleted after it."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, delete, func, insert, select, update

from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.marks import Marks
from rag.store.blobs import Blobs
from rag.store.database import rewrite
from rag.store.derived import DERIVED, KEPT_VECTORS, discard_before, left_before
from rag.store.document_jobs import wants_file
from rag.store.isolation import Upkeep, for_whole_store
from rag.store.keeping import has_file
from rag.store.leftovers import copies_left, sweep_copies
from rag.store.tables import documents, libraries, marks
from rag.store.workplaces import workplaces

logger = logging.getLogger(__name__)

UNCLEAN = "bytes of purged documents"
EVER = 1 << 62
ALL = ""  # in place of the name of a document: whatever is marked in the library


class Cleaning:
    """Deletes what a purge noted. Safe from many threads and processes."""

    def __init__(
        self, reader: Engine, writer: Engine, data_dir: Path, discard: Callable[[str], bool]
    ) -> None:
        """Take the engines of the catalog, and what deletes a stored file that nobody needs."""
        self._reader, self._writer = reader, writer
        self._data_dir, self._discard = data_dir, discard

    def clean(self) -> bool:
        """Delete all that can be, and forget the note once nothing is left; whether that is so.

        It goes on where a crash ended it. What fails is logged: the purge itself is done.
        """
        try:
            note = self._note()
            return note is None or self._clean(note)
        except StoreError as error:
            logger.warning("what is left of purged documents cannot be deleted yet: %s", error)
            return False

    def left(self) -> list[Path]:
        """The files and folders that hold something of purged documents at this moment."""
        unclean = json.loads(self._note() or '{"files": [], "libraries": []}')
        with for_whole_store(self._reader, Upkeep.SHARED_FILES).begin() as connection:
            gone = [each for each in unclean["files"] if not is_wanted(connection, each)]
        blobs = Blobs(self._data_dir / "blobs")
        found = [blobs.path(sha256) for sha256 in gone]
        # A backup that is being written has second names of what it began with.
        found += [folder / each for folder in workplaces(self._data_dir) for each in gone]
        for library_id in dict.fromkeys(unclean["libraries"]):
            found += self._kept_vectors(library_id)
            found += left_before(self._data_dir / DERIVED / library_id, self._purges(library_id))
        return [path for path in found if path.exists()] + copies_left(self._data_dir)

    def _note(self) -> str | None:
        with self._reader.begin() as connection:
            return mark_of(connection, UNCLEAN)

    def _clean(self, note: str) -> bool:
        unclean = json.loads(note)
        if unclean.get("names") and self._forget_marks(note):
            return self.clean()
        for sha256 in unclean["files"]:
            self._discard_file(sha256)
            failpoint("clean.file_discarded")
        for library_id in unclean["libraries"]:  # whose words are in the files of the search
            for path in self._kept_vectors(library_id):
                with suppress(OSError):  # `left` finds it
                    path.unlink(missing_ok=True)
            self._discard_derived(library_id)
            failpoint("clean.index_removed")
        sweep_copies(self._data_dir)
        if not rewrite(self._reader) or unclean.get("names") or self.left():
            return False
        with self._writer.begin() as connection:
            failpoint("clean.rewritten")
            own = (marks.c.name == UNCLEAN) & (marks.c.value == note)  # not of a purge since
            connection.execute(delete(marks).where(own))
            failpoint("clean.before_commit")
        failpoint("clean.committed")
        return True

    def _discard_file(self, sha256: str) -> None:
        try:
            self._discard(sha256)
        except StoreError as error:
            logger.warning("a file of a purged document is still there: %s", error)

    def _forget_marks(self, note: str) -> bool:
        """Delete the marked answers that tell of purged documents, then the names of those."""
        unclean, kept = json.loads(note), []
        for library_id, name in unclean["names"]:
            try:
                if name == ALL:
                    Marks(self._data_dir).forget_all(library_id)
                else:
                    Marks(self._data_dir).forget(library_id, name)
            except StoreError as error:
                logger.warning("marks of purged documents could not be deleted: %s", error)
                kept.append([library_id, name])
        if kept:
            return False
        failpoint("clean.marks_forgotten")
        try:
            with self._writer.begin() as connection:
                if mark_of(connection, UNCLEAN) == note:  # else something was purged since
                    set_mark(connection, UNCLEAN, json.dumps(unclean | {"names": []}))
                failpoint("clean.names_before_commit")
        except StoreError as error:  # no room, which deleting the files may make
            logger.warning("names of purged documents are still noted: %s", error)
            return False
        return True

    def _discard_derived(self, library_id: str) -> None:
        """Remove the files of the search that were begun before the last purge of a library."""
        folder, purges = self._data_dir / DERIVED / library_id, self._purges(library_id)
        discard_before(folder, purges)
        if purges == EVER:
            shutil.rmtree(folder, ignore_errors=True)

    def _kept_vectors(self, library_id: str) -> list[Path]:
        return sorted((self._data_dir / KEPT_VECTORS).glob(f"{library_id}-*"))

    def _purges(self, library_id: str) -> int:
        """How often something of a library was purged; more than ever of one that is gone."""
        with for_whole_store(self._reader, Upkeep.SHARED_FILES).begin() as connection:
            purges = purges_of(connection, library_id)
            return EVER if purges is None else purges


def is_wanted(connection: Connection, sha256: str) -> bool:
    """Whether a stored file is of a document, there or kept, or of a job that goes on."""
    query = select(func.count()).select_from(documents).where(documents.c.sha256 == sha256)
    return bool(
        connection.execute(query).scalar_one()
        or has_file(connection, sha256)
        or wants_file(connection, sha256)
    )


def note_purge(
    connection: Connection,
    library_ids: Collection[str],
    files: Collection[str],
    names: Collection[list[str]],
) -> None:
    """Note, in the transaction of a purge, what is to be cleaned after it, and count it.

    Args:
        connection: of the purge.
        library_ids: whose documents were purged.
        files: the hashes of their files.
        names: the library and the name of each.
    """
    own = update(libraries).where(libraries.c.id.in_(library_ids))
    connection.execute(own.values(purges=libraries.c.purges + 1))
    before = json.loads(mark_of(connection, UNCLEAN) or "{}")
    after = {
        "libraries": [*before.get("libraries", ()), *library_ids],
        "files": [*before.get("files", ()), *files],
        "names": [*before.get("names", ()), *names],
    }
    set_mark(connection, UNCLEAN, json.dumps(after))


def purges_of(connection: Connection, library_id: str) -> int | None:
    """How often something of a library was purged; None where there is no such library."""
    return connection.execute(_PURGES, {"id": library_id}).scalar_one_or_none()


def mark_of(connection: Connection, name: str) -> str | None:
    """A remembered fact about the data directory, if it was set."""
    return connection.execute(_MARK, {"name": name}).scalar_one_or_none()


def set_mark(connection: Connection, name: str, value: str) -> None:
    """Remember a fact about the data directory."""
    connection.execute(delete(marks).where(marks.c.name == name))
    connection.execute(insert(marks).values(name=name, value=value))


# Built once: both are asked for whenever a library has changed, while somebody waits for an answer.
_PURGES: Select[Any] = select(libraries.c.purges).where(libraries.c.id == bindparam("id"))
_MARK: Select[Any] = select(marks.c.value).where(marks.c.name == bindparam("name"))
