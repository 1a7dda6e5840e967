"""What becomes of documents that are removed: kept for a while, brought back, or purged."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, func, insert, select

from rag.domain import Document
from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.intake import Job
from rag.marks import Marks
from rag.store.aliases import forget_names_of
from rag.store.blobs import Blobs
from rag.store.containers import forget_contents_of, forget_emptied
from rag.store.database import rewrite
from rag.store.derived import DERIVED, discard_before
from rag.store.document_jobs import end_jobs_of_removed, forget_jobs_of, wants_file
from rag.store.holds import Held
from rag.store.isolation import Upkeep, for_whole_store
from rag.store.jobs import own_row, queue_embedding
from rag.store.keeping import forget, has_file, keep, put_back
from rag.store.libraries import advance, forget_libraries
from rag.store.row_policy import WHATEVER
from rag.store.rows import document_of
from rag.store.superseding import remove_members
from rag.store.tables import documents, kept_documents, libraries, marks

logger = logging.getLogger(__name__)

KEPT_DAYS = 30
DAY_SECONDS = 24 * 60 * 60
PURGES, UNCLEAN = "purges", "bytes of purged documents"
ALL = ""  # in place of the name of a document: whatever is marked in the library


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that no question sees, and since when, in seconds since 1970."""

    document: Document
    since: float

    @property
    def until(self) -> float:
        """When it is purged, if it is in the trash."""
        return self.since + KEPT_DAYS * DAY_SECONDS


class Trash:
    """The documents that were removed. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine, data_dir: Path, blobs: Blobs) -> None:
        self._reader, self._writer = reader, writer
        self._data_dir = data_dir
        self._blobs = blobs

    def of(self, library_id: str) -> list[Kept]:
        """What is in the trash of a library, the last that was removed first."""
        query = (
            select(kept_documents)
            .where(kept_documents.c.library_id == library_id, kept_documents.c.version_of.is_(None))
            .order_by(kept_documents.c.kept_at.desc(), kept_documents.c.name)
        )
        with self._reader.begin() as connection:
            return [_kept_of(row) for row in connection.execute(query)]

    def versions(self, document_id: str) -> list[Kept]:
        """The earlier versions of a document, the newest first."""
        query = (
            select(kept_documents)
            .where(kept_documents.c.version_of == document_id)
            .order_by(kept_documents.c.kept_at.desc())
        )
        with self._reader.begin() as connection:
            return [_kept_of(row) for row in connection.execute(query)]

    def remove(self, document_id: str) -> None:
        """Take a document out of every answer at once; it stays in the trash.

        What was handed over of it before, and still waits or is worked on, ends with it.

        Raises:
            NotFoundError: it is not there.
        """
        with self._writer.begin() as connection:
            row = connection.execute(select(documents).where(documents.c.id == document_id)).first()
            if row is None:
                raise NotFoundError("This document is no longer in the library.")
            keep(connection, document_of(row), None)
            end_jobs_of_removed(connection, row)
            advance(connection, row.library_id)
            failpoint("remove.before_commit")
        failpoint("remove.committed")

    def remove_members(self, job: Job, places: Collection[str]) -> None:
        """Remove what came in an earlier version of a job's file, except from these places.

        What lies elsewhere too, as far as is known, stays, and is called by that.
        """
        with self._writer.begin() as connection:
            if remove_members(connection, job, places):
                advance(connection, job.library_id)
            failpoint("members.before_commit")
        failpoint("members.committed")

    def bring_back(self, document_id: str, held: Held | None = None) -> Document:
        """Put a document back that was removed, as it was, with its vectors and versions.

        An earlier version comes back as a document of its own, beside the one that replaced it.
        What is left to embed is queued.

        Raises:
            LostHoldError: the job `held`, in whose course it is done, was ended meanwhile.
            NotFoundError: it is not in the trash.
            StoreError: the library has another document with the same content by now.
        """
        with self._writer.begin() as connection:
            if held is not None:
                own_row(connection, held)
            _refuse_twin(connection, document_id)
            document = put_back(connection, document_id)
            if document.embedded < document.chunks:
                queue_embedding(connection, document)
            advance(connection, document.library_id)
            failpoint("bring_back.before_commit")
        failpoint("bring_back.committed")
        return document

    def bring_back_same(
        self, library_id: str, sha256: str, name: str, held: Held | None = None
    ) -> Document | None:
        """Bring back the document of this name that has these bytes, if the trash has it.

        Raises:
            LostHoldError: the job `held`, in whose course it is done, was ended meanwhile.
            StoreError: it cannot be written.
        """
        for kept in self.of(library_id):
            if (kept.document.sha256, kept.document.name) == (sha256, name):
                try:
                    return self.bring_back(kept.document.id, held)
                except NotFoundError:  # somebody else was quicker
                    return None
                except StoreError:
                    with self._reader.begin() as connection:
                        if _twin_of(connection, kept.document.id) is None:
                            raise
                    return None  # somebody else was quicker
        return None

    def purge(self, document_ids: Collection[str], library_ids: Collection[str] = ()) -> bool:
        """Delete documents of the trash for good, with their versions, files, jobs and names.

        So are libraries of the trash, with all that is in their own.

        Returns:
            Whether no byte of them is left. Else somebody reads the catalog without end, or there
            is no room to write it anew: `clean` does it later.

        Raises:
            NotFoundError: one is not in the trash; then nothing is deleted.
        """
        if not document_ids and not library_ids:
            return self.clean()
        hashes: list[str] = []
        with self._writer.begin() as connection:
            in_libraries = _in_trash_of(connection, library_ids)
            document_ids = list(dict.fromkeys([*document_ids, *in_libraries]))
            touched = self._libraries_of(connection, document_ids)
            records: set[int] = set()
            touched += [id_ for id_ in library_ids if id_ not in touched]
            names = _names_of(connection, document_ids) + [[id_, ALL] for id_ in library_ids]
            for document_id in document_ids:
                forget_jobs_of(connection, document_id)
                forget_names_of(connection, document_id)
                records |= forget_contents_of(connection, document_id)
                hashes += forget(connection, document_id)
                failpoint("purge.forgotten")
            forget_emptied(connection, records)
            for library_id in touched:
                advance(connection, library_id)
                _count_purge(connection, library_id)
            forget_libraries(connection, library_ids)
            _add_unclean(connection, touched, hashes, names)
            failpoint("purge.before_commit")
        failpoint("purge.committed")
        return self.clean()

    def clean(self) -> bool:
        """Delete what is left of purged documents outside their rows; whether none is.

        The marked answers that tell of them, their files, what is derived of their libraries, and
        bytes in the database, which is written anew. It goes on where a crash ended it.
        """
        with self._reader.begin() as connection:
            left = _mark(connection, UNCLEAN)
        if left is None:
            return True
        unclean = json.loads(left)
        if unclean.get("names"):
            return self._forget_marks(left) and self.clean()
        for sha256 in unclean["files"]:
            self.discard_file(sha256)
            failpoint("clean.file_discarded")
        for library_id in unclean["libraries"]:  # whose words are in the files of the search
            self._discard_derived(library_id)
            failpoint("clean.index_removed")
        if not rewrite(self._reader):
            return False
        with self._writer.begin() as connection:
            failpoint("clean.rewritten")
            own = (marks.c.name == UNCLEAN) & (marks.c.value == left)  # not of a purge since
            connection.execute(delete(marks).where(own))
            failpoint("clean.before_commit")
        failpoint("clean.committed")
        return True

    def _forget_marks(self, left: str) -> bool:
        """Delete the marked answers that tell of purged documents, then the names of those."""
        unclean = json.loads(left)
        try:
            for library_id, name in unclean["names"]:
                if name == ALL:
                    Marks(self._data_dir).forget_all(library_id)
                else:
                    Marks(self._data_dir).forget(library_id, name)
        except StoreError as error:
            logger.warning("marks of purged documents could not be deleted: %s", error)
            return False
        failpoint("clean.marks_forgotten")
        with self._writer.begin() as connection:
            if _mark(connection, UNCLEAN) == left:  # else something was purged since
                _set(connection, UNCLEAN, json.dumps(unclean | {"names": []}))
            failpoint("clean.names_before_commit")
        return True

    def expired(self, now: float | None = None) -> list[Kept]:
        """What has been in the trash, of whichever library, for longer than it is kept."""
        before = (time.time() if now is None else now) - KEPT_DAYS * DAY_SECONDS
        query = select(kept_documents).where(
            kept_documents.c.version_of.is_(None), kept_documents.c.kept_at < before
        )
        query = query.execution_options(**{WHATEVER: True})
        with self._reader.begin() as connection:
            return [_kept_of(row) for row in connection.execute(query)]

    def purges(self, library_id: str) -> int:
        """How often something of a library was purged: what was derived before has its words."""
        with self._reader.begin() as connection:
            if connection.execute(_LIBRARY, {"id": library_id}).first() is None:
                return 0
            return int(_mark(connection, f"{PURGES}: {library_id}") or 0)

    def _discard_derived(self, library_id: str) -> None:
        """Remove the files of the search that were begun before the last purge of a library."""
        folder = self._data_dir / DERIVED / library_id
        with self._reader.begin() as connection:
            purges = int(_mark(connection, f"{PURGES}: {library_id}") or 0)
            is_gone = connection.execute(_LIBRARY, {"id": library_id}).first() is None
        discard_before(folder, purges)
        if is_gone:
            shutil.rmtree(folder, ignore_errors=True)

    def discard_file(self, sha256: str) -> bool:
        """Delete a stored file that no document has (any more), and no job that goes on."""
        query = select(func.count()).select_from(documents).where(documents.c.sha256 == sha256)
        # In a transaction of its own: nobody publishes these bytes between look and deletion.
        # A file may be of several owners, who know nothing of each other.
        with for_whole_store(self._writer, Upkeep.SHARED_FILES).begin() as connection:
            is_wanted = (
                connection.execute(query).scalar_one()
                or has_file(connection, sha256)
                or wants_file(connection, sha256)
            )
            if not is_wanted:
                self._blobs.remove(sha256)
        return not is_wanted

    def discard_orphans(self) -> int:
        """Delete the stored files that no document has, which a crash can leave; how many."""
        with for_whole_store(self._reader, Upkeep.SHARED_FILES).begin() as connection:
            known = set(connection.execute(select(documents.c.sha256)).scalars())
        orphans = [sha256 for sha256 in self._blobs.hashes() if sha256 not in known]
        return sum(self.discard_file(sha256) for sha256 in orphans)

    def _libraries_of(self, connection: Connection, document_ids: Collection[str]) -> list[str]:
        query = select(kept_documents.c.library_id).where(kept_documents.c.id.in_(document_ids))
        return list(dict.fromkeys(connection.execute(query).scalars()))


def _in_trash_of(connection: Connection, library_ids: Collection[str]) -> list[str]:
    query = select(kept_documents.c.id).where(
        kept_documents.c.library_id.in_(library_ids), kept_documents.c.version_of.is_(None)
    )
    return list(connection.execute(query).scalars())


def _kept_of(row: Row[Any]) -> Kept:
    return Kept(document_of(row), row.kept_at)


def _twin_of(connection: Connection, document_id: str) -> Row[Any, Any] | None:
    """The names of a document that is kept and of one in its library with the same content."""
    twin = (
        select(kept_documents.c.name, documents.c.name.label("other"))
        .join(
            documents,
            (documents.c.library_id == kept_documents.c.library_id)
            & (documents.c.sha256 == kept_documents.c.sha256),
        )
        .where(kept_documents.c.id == document_id)
    )
    return connection.execute(twin).first()


def _refuse_twin(connection: Connection, document_id: str) -> None:
    row = _twin_of(connection, document_id)
    if row is not None:
        called = "" if row.other == row.name else f" as {row.other}"
        raise StoreError(f"{row.name} was added again meanwhile: it is in the library{called}.")


def _names_of(connection: Connection, document_ids: Collection[str]) -> list[list[str]]:
    """The libraries and the names of documents of the trash, and of their versions, in pairs."""
    kept = kept_documents.c
    own = kept.id.in_(document_ids) | kept.version_of.in_(document_ids)
    rows = connection.execute(select(kept.library_id, kept.name).where(own).distinct())
    return [[row.library_id, row.name] for row in rows]


def _add_unclean(
    connection: Connection, libraries: list[str], files: list[str], names: list[list[str]]
) -> None:
    """Note, in the transaction of a purge, what is to be cleaned after it."""
    before = json.loads(_mark(connection, UNCLEAN) or "{}")
    after = {
        "libraries": [*before.get("libraries", ()), *libraries],
        "files": [*before.get("files", ()), *files],
        "names": [*before.get("names", ()), *names],
    }
    _set(connection, UNCLEAN, json.dumps(after))


def _count_purge(connection: Connection, library_id: str) -> None:
    name = f"{PURGES}: {library_id}"
    _set(connection, name, str(int(_mark(connection, name) or 0) + 1))


def _mark(connection: Connection, name: str) -> str | None:
    return connection.execute(_MARK, {"name": name}).scalar_one_or_none()


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(marks).where(marks.c.name == name))
    connection.execute(insert(marks).values(name=name, value=value))


# Built once: both are asked for whenever a library has changed, while somebody waits for an answer.
_LIBRARY: Select[Any] = select(libraries.c.id).where(libraries.c.id == bindparam("id"))
_MARK: Select[Any] = select(marks.c.value).where(marks.c.name == bindparam("name"))
