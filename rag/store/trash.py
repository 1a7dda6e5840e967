"""What becomes of documents that are removed: kept for a while, brought back, or purged."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from rag.domain import Document
from rag.errors import NotFoundError, StoreError
from rag.failpoints import failpoint
from rag.intake import Job
from rag.store.aliases import forget_names_of
from rag.store.blobs import Blobs
from rag.store.cleaning import ALL, Cleaning, is_wanted, note_purge, purges_of
from rag.store.containers import forget_contents_of, forget_emptied
from rag.store.document_jobs import end_jobs_of_removed, files_of_jobs, forget_jobs_of
from rag.store.holds import Held
from rag.store.isolation import Upkeep, for_whole_store
from rag.store.jobs import own_row, queue_embedding
from rag.store.keeping import forget, keep, put_back
from rag.store.libraries import advance, forget_libraries
from rag.store.row_policy import WHATEVER
from rag.store.rows import document_of
from rag.store.superseding import remove_members
from rag.store.tables import documents, kept_documents

KEPT_DAYS = 30
DAY_SECONDS = 24 * 60 * 60


def purged_at(since: float) -> float:
    """When what has been in the trash since then is deleted for good; seconds since 1970."""
    return since + KEPT_DAYS * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that no question sees, and since when, in seconds since 1970."""

    document: Document
    since: float

    @property
    def until(self) -> float:
        """When it is purged, if it is in the trash."""
        return purged_at(self.since)


class Trash:
    """The documents that were removed. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine, data_dir: Path, blobs: Blobs) -> None:
        self._reader, self._writer = reader, writer
        self._data_dir = data_dir
        self._blobs = blobs
        self._cleaning = Cleaning(reader, writer, data_dir, self.discard_file)

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
            Whether no byte of them is left. Else somebody reads the catalog without end, there is
            no room to write it anew, or a file cannot be deleted (see `left`): `clean` does it
            later.

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
            hashes += files_of_jobs(connection, library_ids)
            forget_libraries(connection, library_ids)
            note_purge(connection, touched, list(dict.fromkeys(hashes)), names)
            failpoint("purge.before_commit")
        failpoint("purge.committed")
        return self.clean()

    def clean(self) -> bool:
        """Delete what is left of purged documents outside their rows; whether none is.

        The marked answers that tell of them, their files, what is derived of their libraries, and
        bytes in the database, which is written anew. It goes on where a crash ended it.
        """
        return self._cleaning.clean()

    def left(self) -> list[Path]:
        """The files and folders that hold something of purged documents at this moment."""
        return self._cleaning.left()

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
            return purges_of(connection, library_id) or 0

    def discard_file(self, sha256: str) -> bool:
        """Delete a stored file that no document has (any more), and no job that goes on."""
        # In a transaction of its own: nobody publishes these bytes between look and deletion.
        # A file may be of several owners, who know nothing of each other.
        with for_whole_store(self._writer, Upkeep.SHARED_FILES).begin() as connection:
            is_needed = is_wanted(connection, sha256)
            if not is_needed:
                self._blobs.remove(sha256)
        return not is_needed

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
