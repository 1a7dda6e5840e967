"""Other names of documents: those under which the same bytes were handed over once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, or_, select

from rag.failpoints import failpoint
from rag.intake import Job
from rag.store.libraries import advance
from rag.store.rows import storable
from rag.store.superseding import IS_MEMBER, adopt, displace, displaced
from rag.store.tables import aliases, containers, documents, kept_documents, members


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a document was added, in seconds since 1970, and from where (see `Origin.place`)."""

    added_at: float
    place: str


class Aliases:
    """Reads and writes the names of files. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def note(self, job: Job) -> bool:
        """Note under which name, and from where, the bytes of a document were handed over.

        The same name and place stood for other bytes before: for those it stands no more. What
        came in another file is known by that one's record: a document that did, and was handed
        over by itself now, is called by its own name from now on. A document of other bytes that
        this name and place called before becomes an earlier version of what has the bytes.

        Returns:
            Whether one does.
        """
        has_displaced = self._displace(job)
        if job.parent_id is None:
            self._note(job)
        return has_displaced

    def _note(self, job: Job) -> None:
        name, origin = storable(job.name), storable(job.origin.place)
        here = (
            aliases.c.library_id == job.library_id,
            aliases.c.name == name,
            aliases.c.origin == origin,
        )
        with self._reader.begin() as connection:
            known = set(connection.execute(select(aliases.c.content).where(*here)).scalars())
            is_new = not _is_called(connection, job, name, origin)
            is_member = _is_member(connection, job)
        if not is_member and known == ({job.sha256} if is_new else set()):
            return
        with self._writer.begin() as connection:
            if is_member and adopt(connection, job):
                advance(connection, job.library_id)
                is_new = False
            connection.execute(delete(aliases).where(*here))
            if is_new and _is_there(connection, job):  # else it was purged in this very moment
                own = {"library_id": job.library_id, "content": job.sha256}
                connection.execute(insert(aliases).values(own | {"name": name, "origin": origin}))
            failpoint("alias.before_commit")
        failpoint("alias.committed")

    def _displace(self, job: Job) -> bool:
        with self._reader.begin() as connection:
            if not displaced(connection, job):
                return False
        with self._writer.begin() as connection:
            displace(connection, job)
            advance(connection, job.library_id)
            failpoint("displaced.before_commit")
        failpoint("displaced.committed")
        return True

    def hashes(self, library_id: str, name: str, place: str = "") -> set[str]:
        """The hashes of what was handed over under a name, or from a place.

        A file in another is called by both names: `bundle.zip/inner.pdf`.
        """
        of_alias = select(aliases.c.content).where(
            aliases.c.library_id == library_id,
            or_(aliases.c.name == name, (aliases.c.origin == place) & (aliases.c.origin != "")),
        )
        of_member = (
            select(members.c.content)
            .join(containers, containers.c.id == members.c.container_id)
            .where(
                containers.c.library_id == library_id,
                containers.c.name + "/" + members.c.name == name,
                members.c.content != "",
            )
        )
        found = [of_alias, of_member]
        for table in (documents, kept_documents) if place else ():
            from_there = (table.c.library_id == library_id) & (table.c.origin == place)
            found.append(select(table.c.sha256).where(from_there))
        with self._reader.begin() as connection:
            return {sha256 for each in found for sha256 in connection.execute(each).scalars()}

    def of(self, library_id: str, sha256: str) -> list[str]:
        """The other names under which bytes were handed over."""
        query = select(aliases.c.name).where(
            aliases.c.library_id == library_id, aliases.c.content == sha256
        )
        with self._reader.begin() as connection:
            return sorted(set(connection.execute(query).scalars()))

    def arrivals(self, library_id: str) -> dict[str, Arrival]:
        """When and from where each document of a library came, by the documents' ids."""
        columns = documents.c
        query = select(columns.id, columns.added_at, columns.origin)
        with self._reader.begin() as connection:
            rows = connection.execute(query.where(columns.library_id == library_id))
            return {row.id: Arrival(row.added_at, row.origin) for row in rows}


def forget_names_of(connection: Connection, document_id: str) -> None:
    """Forget the other names of a document of the trash, and of its versions."""
    own = (kept_documents.c.id == document_id) | (kept_documents.c.version_of == document_id)
    for row in connection.execute(select(kept_documents).where(own)).all():
        connection.execute(
            delete(aliases).where(
                aliases.c.library_id == row.library_id, aliases.c.content == row.sha256
            )
        )


def move_names_of(connection: Connection, document: Row[Any], library_id: str) -> None:
    """Have the other names of a document go with it into another library.

    They stay too where something of the same bytes does, in the trash.
    """
    here = (aliases.c.library_id == document.library_id, aliases.c.content == document.sha256)
    there = select(aliases.c.name, aliases.c.origin).where(
        aliases.c.library_id == library_id, aliases.c.content == document.sha256
    )
    known = {tuple(row) for row in connection.execute(there)}
    for row in connection.execute(select(aliases).where(*here)).all():
        if (row.name, row.origin) not in known:
            values = {"library_id": library_id, "content": row.content}
            values |= {"name": row.name, "origin": row.origin}
            connection.execute(insert(aliases).values(values))
    kept = select(kept_documents.c.id).where(
        kept_documents.c.library_id == document.library_id,
        kept_documents.c.sha256 == document.sha256,
    )
    if connection.execute(kept).first() is None:
        connection.execute(delete(aliases).where(*here))


def _is_called(connection: Connection, job: Job, name: str, origin: str) -> bool:
    """Whether a document of these bytes has this name and place itself, or no place is known."""
    query = select(documents.c.id).where(
        documents.c.library_id == job.library_id,
        documents.c.sha256 == job.sha256,
        documents.c.name == name,
    )
    if origin:
        query = query.where(documents.c.origin == origin)
    return connection.execute(query).first() is not None


def _is_member(connection: Connection, job: Job) -> bool:
    """Whether the document of these bytes came in another file."""
    query = select(documents.c.id).where(
        documents.c.library_id == job.library_id, documents.c.sha256 == job.sha256, IS_MEMBER
    )
    return connection.execute(query).first() is not None


def _is_there(connection: Connection, job: Job) -> bool:
    return any(
        connection.execute(
            select(table.c.id).where(
                table.c.library_id == job.library_id, table.c.sha256 == job.sha256
            )
        ).first()
        for table in (documents, kept_documents)
    )
