"""Which documents a file takes the place of, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, or_, select, update

from rag.domain import Document, DocumentState
from rag.intake import WITHIN, Job, Origin, Stage
from rag.store.document_jobs import end_jobs_of, end_jobs_of_removed
from rag.store.keeping import keep
from rag.store.rows import Reading, document_of, storable
from rag.store.tables import containers, documents, jobs, kept_documents, members

# Whether a document is called by a file in another of these bytes, and so came in that.
IS_MEMBER = exists().where(
    members.c.container_id == containers.c.id,
    members.c.content == documents.c.sha256,
    containers.c.library_id == documents.c.library_id,
    containers.c.name + "/" + members.c.name == documents.c.name,
)

# Whether the file that the one of a job came in still holds it, as far as is known.
_IS_STILL_HELD = exists().where(
    members.c.container_id == containers.c.id,
    members.c.content == jobs.c.sha256,
    containers.c.library_id == jobs.c.library_id,
    containers.c.name + "/" + members.c.name == jobs.c.name,
)


def supersede(connection: Connection, reading: Reading) -> None:
    """Make the document that this is a new version of an earlier version of it, if there is one.

    It is of the same name, and came from the same place; or both were handed over by themselves,
    no other of the name was, and it is not known that they came from two places. What could not be
    read of it in between goes with it. What cannot be asked takes nobody's place. Where the same
    bytes lie in another place too, as far as is known, the document stays, and is called by that;
    earlier versions that were called by this name are those of the new document then.
    """
    if reading.chunks:
        _take_place(connection, reading.document, reading.origin)


def adopt(connection: Connection, job: Job) -> bool:
    """Call a document that came in another file by the name of a job that has the same bytes.

    That file was handed over by itself, and so is a document of its own, whatever becomes of the
    other: it takes the place of its earlier version too. The record of what the other held tells
    that it is there.

    Returns:
        Whether there is such a document.
    """
    query = select(documents).where(
        documents.c.library_id == job.library_id, documents.c.sha256 == job.sha256, IS_MEMBER
    )
    row = connection.execute(query).first()
    if row is None:
        return False
    name, place = storable(job.name), storable(job.origin.place)
    call = {"name": name, "origin": place, "alone": job.origin.alone}
    connection.execute(update(documents).where(documents.c.id == row.id).values(call))
    _call_after(connection, row, name, place)
    if row.chunks:
        _take_place(connection, replace(document_of(row), name=name), job.origin)
    return True


def displaced(connection: Connection, job: Job) -> bool:
    """Whether the name and place of a job stand for a document of other bytes than its own."""
    document = _of_bytes(connection, job)
    return document is not None and bool(_before(connection, document, job.origin))


def displace(connection: Connection, job: Job) -> None:
    """Make what the name and place of a job stood for an earlier version of what has its bytes.

    That is there already, under another name.
    """
    document = _of_bytes(connection, job)
    if document is not None:
        _take_place(connection, document, job.origin)


def _of_bytes(connection: Connection, job: Job) -> Document | None:
    """The document of a job's bytes, by the job's name.

    None where it cannot be asked, and where it is called so: then it took its place long ago.
    """
    query = select(documents).where(
        documents.c.library_id == job.library_id, documents.c.sha256 == job.sha256
    )
    row = connection.execute(query).first()
    if row is None or not row.chunks:
        return None
    name, place = storable(job.name), storable(job.origin.place)
    if row.name == name and place in ("", row.origin):
        return None
    return replace(document_of(row), name=job.name)


def _take_place(connection: Connection, document: Document, origin: Origin) -> None:
    for row in _before(connection, document, origin):
        here = (storable(document.name), storable(origin.place))
        if _is_called_by_copy(connection, row, [here]):
            _take_versions(connection, document, row.id)
            continue
        keep(connection, document_of(row), document.id)
        end_jobs_of(connection, row.id)


def _take_versions(connection: Connection, document: Document, from_id: str) -> None:
    """Make a document's what another had as earlier versions when it was called by this one's name.

    That other is there still, by another name or from another place: what came from there stays.
    """
    there = select(documents.c.origin).where(documents.c.id == from_id).scalar_subquery()
    connection.execute(
        update(kept_documents)
        .where(
            kept_documents.c.version_of == from_id,
            kept_documents.c.name == storable(document.name),
            kept_documents.c.origin != there,
        )
        .values(version_of=document.id)
    )


def _before(connection: Connection, new: Document, origin: Origin) -> Sequence[Row[Any]]:
    query = select(documents).where(
        documents.c.library_id == new.library_id,
        documents.c.name == storable(new.name),
        documents.c.id != new.id,
    )
    named = connection.execute(query).all()
    found = [row for row in named if origin.place and row.origin == storable(origin.place)]
    if not any(row.chunks for row in found):
        found += [row for row in named if row not in found and _may_be_from(row, origin)]
    read = [row for row in found if row.chunks]
    waiting = [row for row in found if row.state == DocumentState.NEEDS_OCR]
    return found if len(read or waiting) <= 1 else []


def _may_be_from(row: Row[Any], origin: Origin) -> bool:
    """Whether a document and a file of its name, each handed over by itself, may be the same."""
    alone = origin.alone and (row.alone or not row.origin)
    here, there = storable(origin.place), row.origin
    is_known = not any(not place or place.startswith(WITHIN) for place in (here, there))
    return alone and not is_known and (here.endswith(there) or there.endswith(here))


def remove_members(connection: Connection, job: Job, places: Collection[str]) -> bool:
    """Remove what came in an earlier version of a mail or an archive, except from these places.

    Returns:
        Whether there was something.
    """
    before, within = f"{storable(job.name)}/", f"{storable(job.origin.place)}{WITHIN}"
    query = select(documents).where(
        documents.c.library_id == job.library_id,
        func.substr(documents.c.name, 1, len(before)) == before,
        func.substr(documents.c.origin, 1, len(within)) == within,
    )
    there = tuple(storable(place) for place in places)
    deeper = tuple(f"{place}{WITHIN}" for place in there)
    gone = [
        row
        for row in connection.execute(query)
        if row.origin not in there and not row.origin.startswith(deeper)
    ]
    staying: list[str] = []  # mails that lie elsewhere too, with what they brought
    for row in sorted(gone, key=lambda each: len(each.origin)):
        if row.origin.startswith(tuple(f"{place}{WITHIN}" for place in staying)):
            continue
        if _is_called_by_copy(connection, row, [(each.name, each.origin) for each in gone]):
            staying.append(row.origin)
        else:
            keep(connection, document_of(row), None)
            end_jobs_of_removed(connection, row)
    return bool(gone)


def _is_called_by_copy(
    connection: Connection, document: Row[Any], gone: Collection[tuple[str, str]]
) -> bool:
    """Whether a document is called by another place of its bytes now, having lost its own."""
    copy = _copy_of(connection, document, gone)
    if copy is not None:
        call = {"name": copy.name, "origin": copy.origin, "alone": copy.alone}
        connection.execute(update(documents).where(documents.c.id == document.id).values(call))
        _call_after(connection, document, copy.name, copy.origin)
    return copy is not None


def _call_after(connection: Connection, file: Row[Any], name: str, place: str) -> None:
    """Call what came in a file after it, now that it has another name and place."""
    for table in (documents, containers):
        inner = and_(
            func.substr(table.c.name, 1, len(file.name) + 1) == f"{file.name}/",
            func.substr(table.c.origin, 1, len(file.origin) + len(WITHIN))
            == f"{file.origin}{WITHIN}",
        )
        itself = and_(table.c.name == file.name, table.c.origin == file.origin)
        is_it = inner if table is documents else or_(inner, itself)
        called = {
            "name": name + func.substr(table.c.name, len(file.name) + 1),
            "origin": place + func.substr(table.c.origin, len(file.origin) + 1),
        }
        own = table.c.library_id == file.library_id
        connection.execute(update(table).where(own, is_it).values(called))


def _copy_of(
    connection: Connection, document: Row[Any], gone: Collection[tuple[str, str]]
) -> Row[Any] | None:
    """The job of the same bytes from another place, if nothing else came from there since.

    Not from those that are `gone`: their names, and the places.
    """
    of_bytes = select(jobs).where(
        jobs.c.library_id == document.library_id,
        jobs.c.sha256 == document.sha256,
        jobs.c.origin != "",
        jobs.c.stage.not_in((Stage.CANCELLED, Stage.FAILED)),
        or_(jobs.c.parent_id.is_(None), _IS_STILL_HELD),
    )
    for job in connection.execute(of_bytes.order_by(jobs.c.id.desc())):
        there = (job.name, job.origin)
        since = select(jobs.c.id).where(
            jobs.c.library_id == job.library_id,
            jobs.c.name == job.name,
            jobs.c.origin == job.origin,
            jobs.c.id > job.id,
            jobs.c.sha256 != job.sha256,
        )
        is_elsewhere = there not in (*gone, (document.name, document.origin))
        if is_elsewhere and connection.execute(since).first() is None:
            return job
    return None
