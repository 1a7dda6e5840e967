"""Which jobs wait for others: those of one document, and of files that may be its versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, or_, select

from rag.intake import Stage
from rag.store.holds import is_held
from rag.store.tables import jobs

TO_READ = (Stage.WAITING, Stage.READING)

# Asked many times a second while files are taken in, and so built once.
_HELD_OF_SAME = select(jobs).where(
    jobs.c.document_id == bindparam("document"),
    jobs.c.id != bindparam("job"),
    jobs.c.holder != "",
)
_EARLIER_NAMESAKE = (
    select(jobs.c.id)
    .where(
        jobs.c.stage.in_(TO_READ),
        jobs.c.library_id == bindparam("library"),
        jobs.c.name == bindparam("name"),
        jobs.c.sha256 != bindparam("sha256"),
        jobs.c.id < bindparam("job"),
        or_(
            and_(jobs.c.origin == bindparam("origin"), jobs.c.origin != ""),
            and_(jobs.c.alone, bindparam("alone")),
        ),
    )
    .limit(1)
)


def has_to_wait(connection: Connection, row: Row[Any], now: float) -> bool:
    """Whether a job is not to be worked on yet.

    Nothing of a document is done, or paid, twice: another job of the same one is held. And of two
    files of which the later may be a new version of the earlier, the earlier is read first: else
    it would take the place of what came after it.
    """
    if row.document_id:
        asked = {"document": row.document_id, "job": row.id}
        if any(is_held(other, now) for other in connection.execute(_HELD_OF_SAME, asked)):
            return True
    if row.stage not in TO_READ:
        return False
    own = {"library": row.library_id, "name": row.name, "sha256": row.sha256, "job": row.id}
    asked = own | {"origin": row.origin, "alone": row.alone}
    return connection.execute(_EARLIER_NAMESAKE, asked).first() is not None
