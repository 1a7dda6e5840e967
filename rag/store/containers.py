"""What archives, mails and other files held, and what became of each file in them.

A record outlives the job that made it. Only what was found is written down; what became of it is
looked up whenever it is asked for, so that it is true by then.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from rag.domain import Document, DocumentState
from rag.failpoints import failpoint
from rag.intake import Container, Content, Fate, Job, Member, Stage
from rag.store.jobs import ENDED
from rag.store.rows import storable
from rag.store.superseding import IS_MEMBER
from rag.store.tables import containers, documents, jobs, kept_documents, libraries, members

OPENED = "The files in it are taken in by themselves."
_READ = {DocumentState.READY: Fate.READ, DocumentState.PARTIAL: Fate.PARTLY}


class Containers:
    """Reads and writes what files held. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader, self._writer = reader, writer

    def keep(self, job: Job, contents: Sequence[Content]) -> None:
        """Write down what the file of a job holds, in place of what it held before."""
        if not contents:
            return
        own: dict[str, object] = {"library_id": job.library_id, "name": storable(job.name)}
        own |= {"content": job.sha256, "size_bytes": job.size_bytes}
        own |= {"origin": storable(job.origin.place)}
        before = (
            containers.c.library_id == job.library_id,
            containers.c.name == own["name"],
            (containers.c.origin == own["origin"]) | (containers.c.content == job.sha256),
        )
        with self._writer.begin() as connection:
            connection.execute(delete(containers).where(*before))
            failpoint("contents.forgotten")
            done = connection.execute(insert(containers).values(own | {"added_at": time.time()}))
            (number,) = done.inserted_primary_key or (0,)
            connection.execute(insert(members), _rows(int(number), contents))
            failpoint("contents.before_commit")
        failpoint("contents.committed")

    def of(self, library_id: str) -> list[Container]:
        """All that a library has been given, the last first."""
        query = _CONTAINERS.where(containers.c.library_id == library_id)
        with self._reader.begin() as connection:
            return [_container_of(row) for row in connection.execute(query)]

    def named(self, library_id: str, name: str, place: str = "") -> list[Container]:
        """Those that are no documents, of a name or from a place."""
        is_it = containers.c.name == name
        if place:
            is_it |= containers.c.origin == place
        query = _CONTAINERS.where(containers.c.library_id == library_id, is_it)
        with self._reader.begin() as connection:
            rows = connection.execute(query.where(documents.c.id.is_(None))).all()
        return [_container_of(row) for row in rows]

    def with_id(self, number: int) -> Container | None:
        """One of them, if there is one of that number."""
        with self._reader.begin() as connection:
            row = connection.execute(_CONTAINERS.where(containers.c.id == number)).first()
        return None if row is None else _container_of(row)

    def members(self, container: Container) -> list[Member]:
        """The files that were in it, in order, and what has become of each by now."""
        query = select(members).where(members.c.container_id == container.id)
        with self._reader.begin() as connection:
            rows = connection.execute(query.order_by(members.c.number)).all()
            tell = _Telling(connection, container.library_id, [row.content for row in rows])
        return [tell.member(row) for row in rows]

    def has(self, document: Document) -> bool:
        """Whether it is written down what a document held."""
        query = select(containers.c.id).where(
            containers.c.library_id == document.library_id,
            containers.c.content == document.sha256,
        )
        with self._reader.begin() as connection:
            return connection.execute(query).first() is not None

    def within(self, document: Document) -> list[Member]:
        """The files that were in a document, such as what a mail brought."""
        query = _CONTAINERS.where(
            containers.c.library_id == document.library_id,
            containers.c.content == document.sha256,
        )
        with self._reader.begin() as connection:
            row = connection.execute(query).first()
        return [] if row is None else self.members(_container_of(row))

    def places(self, library_id: str) -> dict[str, Container]:
        """What held each document last that came in another file, by the documents' hashes.

        What was handed over by itself, too, is called by its own name, and left out.
        """
        held = _CONTAINERS.add_columns(members.c.content.label("held"))
        query = held.join(members, members.c.container_id == containers.c.id).where(
            containers.c.library_id == library_id, members.c.content != ""
        )
        came = select(documents.c.sha256).where(documents.c.library_id == library_id, IS_MEMBER)
        with self._reader.begin() as connection:
            rows = connection.execute(query).all()
            called = set(connection.execute(came).scalars())
        return {row.held: _container_of(row) for row in reversed(rows) if row.held in called}

    def left_out(self, library_id: str, reason: str) -> dict[tuple[str, str], list[Content]]:
        """What could not be taken out of each container, or was not for this reason.

        By the container's name and hash.
        """
        query = (
            select(containers.c.name, containers.c.content, members.c.name, members.c.reason)
            .join(members, members.c.container_id == containers.c.id)
            .where(containers.c.library_id == library_id, members.c.reason != "")
            .where(members.c.passed.is_(False))
            .where((members.c.content == "") | (members.c.reason == storable(reason)))
            .order_by(containers.c.id, members.c.number)
        )
        found: dict[tuple[str, str], list[Content]] = {}
        with self._reader.begin() as connection:
            for container, sha256, name, why in connection.execute(query):
                found.setdefault((container, sha256), []).append(Content(name, reason=why))
        return found

    def holding(self, document: Document) -> list[str]:
        """The names of what else has held a document than that which it is called by."""
        query = select(containers.c.name).where(
            members.c.container_id == containers.c.id,
            members.c.content == document.sha256,
            containers.c.library_id == document.library_id,
            containers.c.name + "/" + members.c.name != document.name,
        )
        with self._reader.begin() as connection:
            return sorted(set(connection.execute(query).scalars()))

    def troubled(self, library_id: str) -> list[tuple[Container, int, int]]:
        """What is no document itself, with how many files, and how many were not read whole.

        What a person has hidden is left out, and what lost none.
        """
        with self._reader.begin() as connection:
            rows = connection.execute(_troubled(library_id)).all()
        return [(_container_of(row), row.files, row.lost) for row in rows if row.lost]

    def hide(self, number: int) -> None:
        """Show one no more among those that lost files; what it held stays to be asked for.

        One of which nothing is in the library or its trash is forgotten.
        """
        with self._writer.begin() as connection:
            hidden = update(containers).where(containers.c.id == number).values(hidden=True)
            connection.execute(hidden)
            forget_emptied(connection, [number])

    def refuse(self, library_id: str, sha256: str, reason: str) -> None:
        """Note why a file that is no document was not taken in, before its job is forgotten."""
        here = select(containers.c.id).where(containers.c.library_id == library_id)
        own = and_(members.c.container_id.in_(here), members.c.content == sha256)
        with self._writer.begin() as connection:
            connection.execute(update(members).where(own).values(reason=storable(reason)))


class _Telling:
    """What is known of files by their hashes, in one moment of the catalog."""

    def __init__(self, connection: Connection, library_id: str, hashes: Collection[str]) -> None:
        there = documents.c.library_id == library_id
        self._documents = _by_hash(connection, select(documents).where(there), documents, hashes)
        kept = select(kept_documents).where(kept_documents.c.library_id == library_id)
        kept = kept.order_by(kept_documents.c.version_of.is_(None))  # the trash tells more
        self._kept = _by_hash(connection, kept, kept_documents, hashes)
        known = select(jobs).where(jobs.c.library_id == library_id)
        known = known.order_by(jobs.c.stage.not_in(ENDED), jobs.c.id)  # the last goes before
        self._jobs = _by_hash(connection, known, jobs, hashes)
        opened = select(containers.c.content).where(
            containers.c.library_id == library_id, containers.c.content.in_(set(hashes))
        )
        self._opened = set(connection.execute(opened).scalars())
        anywhere = select(documents.c.sha256).where(documents.c.sha256.in_(set(hashes)))
        self._elsewhere = set(connection.execute(anywhere).scalars())

    def member(self, row: Row[Any]) -> Member:
        """A file and what has become of it."""
        job = self._jobs.get(row.content)
        is_going = job is not None and job.stage not in ENDED
        if (document := self._documents.get(row.content)) is not None:
            fate = _READ.get(document.state, Fate.GOING if is_going else Fate.NOT_READ)
            reason = "" if fate is Fate.GOING else document.reason
            return Member(row.name, fate, reason, document.id, document.name)
        if row.reason:
            return Member(row.name, Fate.PASSED if row.passed else Fate.NOT_READ, row.reason)
        return Member(row.name, *self._without_document(row.content, job, is_going=is_going))

    def _without_document(
        self, sha256: str, job: Row[Any] | None, *, is_going: bool
    ) -> tuple[Fate, str]:
        kept = self._kept.get(sha256)
        if is_going:
            return Fate.GOING, ""
        if kept is not None:
            return (Fate.REMOVED if kept.version_of is None else Fate.REPLACED), ""
        if sha256 in self._elsewhere:
            return Fate.ELSEWHERE, ""
        if job is not None and job.stage == Stage.FAILED and job.document_id is None:
            return Fate.NOT_READ, job.outcome
        if sha256 in self._opened:
            return Fate.READ, OPENED
        if job is not None and job.stage == Stage.CANCELLED and job.document_id is None:
            return Fate.CANCELLED, ""
        return Fate.DELETED, ""


def forget_contents_of(connection: Connection, document_id: str) -> set[int]:
    """Forget what a document of the trash and its versions held, and their names in others.

    Returns:
        The records that its name was in, for `forget_emptied` once its row is gone.
    """
    own = (kept_documents.c.id == document_id) | (kept_documents.c.version_of == document_id)
    touched: set[int] = set()
    for row in connection.execute(select(kept_documents).where(own)).all():
        touched |= _forget_content(connection, row.library_id, row.sha256)
    return touched


def forget_emptied(connection: Connection, touched: Iterable[int]) -> None:
    """Forget those of these records of which nothing is in the library or its trash any more.

    Their names are part of the names of what they held. Their jobs that have ended go with them.
    """
    left = set(touched)
    while left:
        number = left.pop()
        row = connection.execute(select(containers).where(containers.c.id == number)).first()
        if row is None or _is_there(connection, row):
            continue
        left |= _forget_content(connection, row.library_id, row.content)
        # An earlier version of it has no record any more: its job is known by where it came from.
        earlier = (jobs.c.name == row.name) & (jobs.c.origin == row.origin)
        earlier &= jobs.c.document_id.is_(None)
        same = (jobs.c.library_id == row.library_id) & ((jobs.c.sha256 == row.content) | earlier)
        own = connection.execute(select(jobs.c.id).where(same, jobs.c.stage.in_(ENDED)))
        numbers = list(own.scalars())
        of_it = jobs.c.id.in_(numbers) | jobs.c.parent_id.in_(numbers)
        connection.execute(delete(jobs).where(of_it, jobs.c.stage.in_(ENDED)))


def _forget_content(connection: Connection, library_id: str, sha256: str) -> set[int]:
    """Forget what bytes held, and their name in others; those others.

    They may have come into another library of the same owner, and have been moved from it.
    """
    touched = _forget_content_in(connection, library_id, sha256)
    for other in _moved_from(connection, library_id, sha256):
        touched |= _forget_content_in(connection, other, sha256)
        same = (jobs.c.library_id == other) & (jobs.c.sha256 == sha256)
        connection.execute(delete(jobs).where(same, jobs.c.stage.in_(ENDED)))
    return touched


def _forget_content_in(connection: Connection, library_id: str, sha256: str) -> set[int]:
    here = containers.c.library_id == library_id
    connection.execute(delete(containers).where(here, containers.c.content == sha256))
    own = and_(
        members.c.content == sha256,
        members.c.container_id.in_(select(containers.c.id).where(here)),
    )
    touched = set(connection.execute(select(members.c.container_id).where(own)).scalars())
    blank = {"name": "", "content": "", "size_bytes": 0, "reason": ""}
    connection.execute(update(members).where(own).values(blank))
    return touched


def _moved_from(connection: Connection, library_id: str, sha256: str) -> list[str]:
    """The other libraries of an owner where bytes are written down that are nowhere in them."""
    mine = select(libraries.c.owner).where(libraries.c.id == library_id).scalar_subquery()
    query = select(libraries.c.id).where(libraries.c.owner == mine, libraries.c.id != library_id)
    others = list(connection.execute(query).scalars())
    here = containers.c.library_id.in_(others)
    holding = (
        select(containers.c.library_id)
        .join(members, members.c.container_id == containers.c.id)
        .where(here, members.c.content == sha256)
    )
    being = select(containers.c.library_id).where(here, containers.c.content == sha256)
    told = {id_ for each in (holding, being) for id_ in connection.execute(each).scalars()}
    return [id_ for id_ in others if id_ in told and not _has_bytes(connection, id_, sha256)]


def _has_bytes(connection: Connection, library_id: str, sha256: str) -> bool:
    """Whether a library has a document of these bytes, or a job that could still give one."""
    for table in (documents, kept_documents, jobs):
        query = select(table.c.id).where(table.c.library_id == library_id, table.c.sha256 == sha256)
        if table is jobs:
            query = query.where(jobs.c.stage.not_in((Stage.DONE, Stage.CANCELLED)))
        if connection.execute(query).first() is not None:
            return True
    return False


def _is_there(connection: Connection, container: Row[Any]) -> bool:
    """Whether a document, a kept one or a job that goes on is of a container or in it."""
    held = select(members.c.content).where(
        members.c.container_id == container.id, members.c.content != ""
    )
    for table in (documents, kept_documents, jobs):
        of_it = (table.c.sha256 == container.content) | table.c.sha256.in_(held)
        query = select(func.count()).select_from(table)
        query = query.where(table.c.library_id == container.library_id, of_it)
        if table is jobs:
            query = query.where(jobs.c.stage.not_in(ENDED))
        if connection.execute(query).scalar_one():
            return True
    return False


def _rows(number: int, contents: Sequence[Content]) -> list[dict[str, Any]]:
    return [
        {"container_id": number, "number": place, "name": storable(each.name)}
        | {"content": each.sha256, "size_bytes": each.size_bytes}
        | {"reason": storable(each.reason), "passed": each.passed}
        for place, each in enumerate(contents, 1)
    ]


def _by_hash(
    connection: Connection, query: Select[Any], table: Any, hashes: Collection[str]
) -> dict[str, Row[Any]]:
    found = connection.execute(query.where(table.c.sha256.in_(set(hashes) - {""})))
    return {row.sha256: row for row in found}


def _container_of(row: Row[Any]) -> Container:
    return Container(
        row.id, row.library_id, row.name, row.content, row.size_bytes, row.document_id or ""
    )


def _troubled(library_id: str) -> Select[Any]:
    """The containers that are no documents, with their files and those that were not read."""
    known = documents.alias("known")
    failed = exists().where(
        jobs.c.library_id == containers.c.library_id,
        jobs.c.sha256 == members.c.content,
        jobs.c.stage == Stage.FAILED,
        jobs.c.document_id.is_(None),
    )
    is_nowhere = known.c.id.is_(None)
    is_lost = (is_nowhere & ((members.c.reason != "") | failed)) | (
        known.c.state != DocumentState.READY
    )
    return (
        _CONTAINERS.add_columns(
            func.count(members.c.number).label("files"),
            func.count(members.c.number).filter(is_lost).label("lost"),
        )
        .join(members, members.c.container_id == containers.c.id)
        .outerjoin(
            known,
            (known.c.library_id == containers.c.library_id) & (known.c.sha256 == members.c.content),
        )
        .where(containers.c.library_id == library_id, containers.c.hidden.is_(False))
        .where(documents.c.id.is_(None), members.c.passed.is_(False))
        .group_by(containers.c.id)
    )


_CONTAINERS = (
    select(containers, documents.c.id.label("document_id"))
    .outerjoin(
        documents,
        (documents.c.library_id == containers.c.library_id)
        & (documents.c.sha256 == containers.c.content),
    )
    .order_by(containers.c.id.desc())
)
