"""The queue of files on their way in: rows that outlive the process which works on them.

Whoever works on a job holds it for a while and renews the hold. A hold that was not renewed, or
whose process is gone, is anybody's; a job that was held too often without an end is given up.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, select, update

from rag.domain import Document
from rag.errors import NotFoundError
from rag.failpoints import failpoint
from rag.intake import NOWHERE, Estimate, Job, Origin, Stage
from rag.store.holds import Held, LostHoldError, is_held
from rag.store.job_order import has_to_wait
from rag.store.rows import storable
from rag.store.tables import jobs

HOLD_SECONDS = 60.0
MOST_ATTEMPTS = 3
REMEMBERED_JOBS = 1_000
POISON = (
    f"Tramontane ended {MOST_ATTEMPTS} times while it worked on this file, so it is left alone. "
    "Try it again, or dismiss it."
)
REMOVED, CANCELLED = "The document was removed or replaced meanwhile.", "Cancelled."
CANCEL, CONFIRMED = "cancel", "confirmed"
ENDED = (Stage.DONE, Stage.FAILED, Stage.CANCELLED)

# Asked many times a second while files are taken in, and so built once.
_IS_OF_LIBRARY = jobs.c.library_id == bindparam("library")
_IS_IN_STAGES = jobs.c.stage.in_(bindparam("stages", expanding=True))
_BY_NUMBER = select(jobs).where(jobs.c.id == bindparam("job"))
_OF_LIBRARY = select(jobs).where(_IS_OF_LIBRARY).order_by(jobs.c.id)
_COUNT = select(func.count()).select_from(jobs).where(_IS_OF_LIBRARY, _IS_IN_STAGES)
_WAITING = (
    select(jobs)
    .where(_IS_OF_LIBRARY, _IS_IN_STAGES, jobs.c.not_before <= bindparam("now"))
    .order_by(jobs.c.id)
)


class Jobs:
    """Reads and writes the jobs of all libraries. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def submit(
        self,
        library_id: str,
        name: str,
        sha256: str,
        size_bytes: int,
        *,
        parent_id: int | None = None,
        mark: str = "",
        origin: Origin = NOWHERE,
    ) -> Job:
        """Queue a stored file; once this returns it is taken in, whatever happens.

        `mark` is set in the catalog once there is a document of it. A file that came in another,
        `parent_id`, is queued once, however often that is read.
        """
        values = {
            "library_id": library_id,
            "name": storable(name),
            "sha256": sha256,
            "size_bytes": size_bytes,
            "stage": Stage.WAITING,
            "parent_id": parent_id,
            "mark": mark,
            "origin": storable(origin.place),
            "alone": origin.alone,
        }
        with self._writer.begin() as connection:
            known = _same(connection, values)
            if known is not None:
                return known
            done = connection.execute(insert(jobs).values(values))
            (number,) = done.inserted_primary_key or (0,)
            _forget_old(connection, library_id)
            failpoint("submit.before_commit")
            return _job(connection, int(number))

    def submit_embedding(self, document: Document) -> Job:
        """Queue what is left to embed of a document that is in the library."""
        with self._writer.begin() as connection:
            return queue_embedding(connection, document)

    def of(self, library_id: str) -> list[Job]:
        """Every job of a library that is remembered, in the order of submission."""
        with self._reader.begin() as connection:
            return [job_of(row) for row in connection.execute(_OF_LIBRARY, {"library": library_id})]

    def get(self, number: int) -> Job:
        """One job.

        Raises:
            NotFoundError: it was dismissed, or never existed.
        """
        with self._reader.begin() as connection:
            return _job(connection, number)

    def count(self, library_id: str, stages: Collection[Stage]) -> int:
        """How many jobs of a library are in one of these stages."""
        asked = {"library": library_id, "stages": list(stages)}
        with self._reader.begin() as connection:
            return int(connection.execute(_COUNT, asked).scalar_one())

    def claim(self, library_id: str, holder: str, stages: Collection[Stage]) -> Held | None:
        """The oldest job in one of these stages that nobody holds, held from now on."""
        now = time.time()
        asked = {"library": library_id, "stages": list(stages), "now": now}
        with self._reader.begin() as connection:
            free = [row.id for row in connection.execute(_WAITING, asked) if not is_held(row, now)]
        for number in free:
            held = self._take(number, holder, stages)
            if held is not None:
                return held
        return None

    def _take(self, number: int, holder: str, stages: Collection[Stage]) -> Held | None:
        now = time.time()
        with self._writer.begin() as connection:
            row = _row(connection, number)
            if row is None or row.stage not in stages or is_held(row, now):
                return None  # somebody was quicker
            if has_to_wait(connection, row, now):
                return None
            if row.attempts >= MOST_ATTEMPTS:
                _set(connection, number, {"stage": Stage.FAILED, "outcome": POISON, "holder": ""})
                return None
            attempts = row.attempts + 1
            _set(
                connection,
                number,
                {"holder": holder, "held_until": now + HOLD_SECONDS, "attempts": attempts},
            )
            failpoint("claim.before_commit")
            return Held(_job(connection, number), holder, row.wish, row.mark)

    def report(self, held: Held, stage: Stage, done: int, total: int) -> str:
        """Tell how far a held job is, and hold it longer.

        Returns:
            What a person wishes of it by now: `CANCEL`, `CONFIRMED` or nothing.

        Raises:
            LostHoldError: somebody else has it.
        """
        with self._writer.begin() as connection:
            row = own_row(connection, held)
            # Who makes headway that stays is not what ends the program: another vector, or a page
            # less that waits for OCR than at the attempt before.
            further = stage is Stage.EMBEDDING and done > row.done
            kept = row.stage == stage and (further or (stage is Stage.OCR and total < row.total))
            _set(
                connection,
                held.job.id,
                {
                    "stage": stage,
                    "done": done,
                    "total": total,
                    "held_until": time.time() + HOLD_SECONDS,
                    "attempts": min(row.attempts, 1 if kept else row.attempts),
                },
            )
            return str(row.wish)

    def renew(self, numbers: Collection[int], holder: str) -> None:
        """Hold jobs longer, those of them that are still this holder's."""
        with self._writer.begin() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id.in_(numbers), jobs.c.holder == holder)
                .values(held_until=time.time() + HOLD_SECONDS)
            )

    def advance(
        self,
        held: Held,
        stage: Stage,
        *,
        outcome: str = "",
        document_id: str | None = None,
        estimate: Estimate | None = None,
    ) -> None:
        """Let go of a job, in its next stage or at its end.

        Raises:
            LostHoldError: somebody else has it.
        """
        with self._writer.begin() as connection:
            row = own_row(connection, held)
            if row.wish == CANCEL and stage not in ENDED:  # it came after the last look
                stage, outcome = Stage.CANCELLED, CANCELLED
            failpoint("advance.before_commit")
            _set(
                connection,
                held.job.id,
                {
                    "stage": stage,
                    "done": 0,
                    "total": 0,
                    "outcome": outcome,
                    "document_id": document_id or row.document_id,
                    "estimate": asdict(estimate) if estimate else row.estimate,
                    "attempts": 0,
                    "wish": row.wish if row.wish == CONFIRMED else "",
                    "holder": "",
                    "not_before": 0.0,
                },
            )

    def put_back(self, held: Held, *, tried: bool, seconds: float = 0.0, outcome: str = "") -> None:
        """Let go of a job that is to be tried again, not before some seconds are over.

        What was not really `tried` does not count as an attempt.
        """
        with suppress(LostHoldError), self._writer.begin() as connection:
            row = own_row(connection, held)
            _set(
                connection,
                held.job.id,
                {
                    "stage": Stage.WAITING if row.stage == Stage.READING else row.stage,
                    "outcome": outcome,
                    "attempts": row.attempts if tried else max(row.attempts - 1, 0),
                    "holder": "",
                    "not_before": time.time() + seconds,
                },
            )

    def wish(self, number: int, wish: str) -> None:
        """Leave a wish to whoever holds a job; one that has ended is left as it is."""
        with self._writer.begin() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == number, jobs.c.stage.not_in(ENDED))
                .values(wish=wish)
            )

    def cancel(self, number: int) -> None:
        """End a job: at once where nobody works on it, else as soon as who does asks again."""
        with self._writer.begin() as connection:
            row = _row(connection, number)
            if row is None or row.stage in ENDED:
                return
            if is_held(row, time.time()):
                _set(connection, number, {"wish": CANCEL})
            else:
                _set(
                    connection,
                    number,
                    {"stage": Stage.CANCELLED, "outcome": CANCELLED, "wish": ""},
                )

    def confirm(self, number: int, stage: Stage) -> None:
        """Let a job go on that waits for a person's word; any other is left as it is."""
        with self._writer.begin() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == number, jobs.c.stage == Stage.CONFIRM)
                .values(stage=stage, wish=CONFIRMED)
            )

    def restart(self, number: int, stage: Stage = Stage.WAITING) -> None:
        """Queue a job again that failed or was cancelled; any other is left as it is."""
        with self._writer.begin() as connection:
            row = _row(connection, number)
            if row is None or row.stage not in (Stage.FAILED, Stage.CANCELLED):
                return
            _set(
                connection,
                number,
                {
                    "stage": stage,
                    "outcome": "",
                    "attempts": 0,
                    "not_before": 0.0,
                    "wish": "",
                    "holder": "",
                },
            )

    def dismiss(self, number: int) -> Job | None:
        """Forget a job that has ended; the job, or None where there was nothing to forget."""
        with self._writer.begin() as connection:
            row = _row(connection, number)
            if row is None or row.stage not in ENDED:
                return None
            connection.execute(delete(jobs).where(jobs.c.id == number))
            failpoint("dismiss.before_commit")
            return job_of(row)


def job_of(row: Row[Any]) -> Job:
    """A job from its row."""
    return Job(
        row.id,
        row.library_id,
        row.name,
        row.sha256,
        row.size_bytes,
        Stage(row.stage),
        row.done,
        row.total,
        row.outcome,
        row.document_id,
        row.attempts,
        row.parent_id,
        None if row.estimate is None else Estimate(**row.estimate),
        Origin(row.origin, row.alone),
    )


def queue_embedding(
    connection: Connection,
    document: Document,
    stage: Stage = Stage.EMBEDDING,
    estimate: Estimate | None = None,
) -> Job:
    """Queue what is left to embed of a document; in the stage `CONFIRM` a person is asked first."""
    values = {
        "library_id": document.library_id,
        "name": document.name,
        "sha256": document.sha256,
        "size_bytes": document.size_bytes,
        "stage": stage,
        "document_id": document.id,
        "estimate": asdict(estimate) if estimate else None,
    }
    done = connection.execute(insert(jobs).values(values))
    (number,) = done.inserted_primary_key or (0,)
    return _job(connection, int(number))


def _row(connection: Connection, number: int) -> Row[Any] | None:
    return connection.execute(_BY_NUMBER, {"job": number}).first()


def _job(connection: Connection, number: int) -> Job:
    row = _row(connection, number)
    if row is None:
        raise NotFoundError("This file is no longer in the queue.")
    return job_of(row)


def _same(connection: Connection, values: Mapping[str, object]) -> Job | None:
    """The job of the same file within the same other one, if there is one."""
    if values["parent_id"] is None:
        return None
    same = (jobs.c[name] == values[name] for name in ("parent_id", "sha256", "name"))
    row = connection.execute(select(jobs).where(*same)).first()
    return None if row is None else job_of(row)


def own_row(connection: Connection, held: Held) -> Row[Any]:
    """The row of a held job.

    Raises:
        LostHoldError: somebody else has it, or it was ended.
    """
    row = _row(connection, held.job.id)
    if row is None or row.holder != held.holder:
        raise LostHoldError
    return row


def note_document(connection: Connection, held: Held, document_id: str) -> None:
    """Note which document a job gave, in the transaction that publishes it."""
    _set(connection, held.job.id, {"document_id": document_id})


def _set(connection: Connection, number: int, values: Mapping[str, object]) -> None:
    connection.execute(update(jobs).where(jobs.c.id == number).values(dict(values)))


def _forget_old(connection: Connection, library_id: str) -> None:
    ended = (
        select(jobs.c.id)
        .where(jobs.c.library_id == library_id, jobs.c.stage == Stage.DONE)
        .order_by(jobs.c.id.desc())
        .offset(REMEMBERED_JOBS)
    )
    connection.execute(delete(jobs).where(jobs.c.id.in_(ended)))
