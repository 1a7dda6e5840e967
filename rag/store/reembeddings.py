"""Embedding libraries anew: which are to be, with what model, how far it is, and who does it.

There is one row a library, which outlives the process that works on it. As with jobs, whoever does
holds it for a while and renews the hold; one whose process is gone is anybody's. The switch itself
ends it (`rag.store.embedding`), in the transaction that puts the new vectors in place.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, insert, select, update

from rag.errors import LibraryError
from rag.intake import Stage
from rag.store.holds import LostHoldError, is_held
from rag.store.jobs import CANCEL, HOLD_SECONDS, MOST_ATTEMPTS
from rag.store.libraries import library_with_id
from rag.store.row_policy import WHATEVER
from rag.store.rows import StoredChunk, chunk_query, stored_chunk
from rag.store.tables import chunks, libraries, reembeddings

UNDER_WAY = (
    "The library {!r} is being embedded with {} already. Wait until that is done, or cancel it."
)
ENDED_OFTEN = (
    f"Tramontane ended {MOST_ATTEMPTS} times while it embedded this library, so it was left alone."
)
BATCH_CHUNKS = 500  # SQLite takes at most 32,766 variables in a statement


@dataclass(frozen=True, slots=True)
class Reembedding:
    """A library that is to be embedded with a model, or was: `done` of `total` passages.

    Its `stage` is `EMBEDDING`, also while nobody works on it, `DONE`, or `FAILED`, with `outcome`
    in words. `is_stopping` once a person does not want it any more.
    """

    library_id: str
    model: str
    stage: Stage
    done: int = 0
    total: int = 0
    outcome: str = ""
    is_stopping: bool = False


@dataclass(frozen=True, slots=True)
class HeldReembedding:
    """One that somebody works on, and who."""

    library_id: str
    model: str
    holder: str


class Reembeddings:
    """Reads and writes how libraries are embedded anew. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader, self._writer = reader, writer

    def of(self, library_id: str) -> Reembedding | None:
        """What there is to say of a library, if anything."""
        with self._reader.begin() as connection:
            row = _row(connection, library_id)
        return None if row is None else _reembedding(row)

    def ask(self, library_id: str, model: str) -> None:
        """Have a library embedded with a model by whoever works on that.

        Raises:
            LibraryError: it is being embedded already.
            NotFoundError: it was deleted.
        """
        with self._writer.begin() as connection:
            _start(connection, library_id, model, "")

    def begin(self, library_id: str, model: str, holder: str) -> HeldReembedding:
        """Work on a library oneself. Raises as `ask`."""
        with self._writer.begin() as connection:
            _start(connection, library_id, model, holder)
        return HeldReembedding(library_id, model, holder)

    def claim(self, holder: str) -> HeldReembedding | None:
        """Hold one that is to be done and nobody works on, if there is any.

        One that was held too often without getting any further is given up.
        """
        query = (
            select(reembeddings)
            .where(reembeddings.c.stage == Stage.EMBEDDING)
            .execution_options(**{WHATEVER: True})
        )
        with self._reader.begin() as connection:
            if not connection.execute(query).all():
                return None  # as a rule: nobody is to wait for it to write
        with self._writer.begin() as connection:
            now = time.time()
            for row in connection.execute(query).all():
                if is_held(row, now) or _is_of_deleted(connection, row):
                    continue
                if row.wish == CANCEL:
                    connection.execute(delete(reembeddings).where(_of(row.library_id)))
                elif row.attempts >= MOST_ATTEMPTS:
                    _end(connection, row.library_id, ENDED_OFTEN)
                else:
                    values = _hold(holder) | {"attempts": row.attempts + 1}
                    connection.execute(
                        update(reembeddings).where(_of(row.library_id)).values(values)
                    )
                    return HeldReembedding(row.library_id, row.model, holder)
        return None

    def report(self, held: HeldReembedding, done: int, total: int) -> bool:
        """Say how far it is, and renew the hold; whether it is still wanted.

        Raises:
            LostHoldError: it was taken over, or the library was deleted.
        """
        with self._writer.begin() as connection:
            row = _held_row(connection, held)
            values: dict[str, object] = _hold(held.holder) | {"done": done, "total": total}
            if done > row.done:
                values["attempts"] = 1
            connection.execute(update(reembeddings).where(_of(held.library_id)).values(values))
        return str(row.wish) != CANCEL

    def renew(self, held: HeldReembedding) -> None:
        """Go on holding it, as long as it is held."""
        with self._writer.begin() as connection:
            connection.execute(
                update(reembeddings)
                .where(_of(held.library_id), reembeddings.c.holder == held.holder)
                .values(_hold(held.holder))
            )

    def put_back(self, held: HeldReembedding) -> None:
        """Leave it to whoever works on such next, as it is."""
        with self._writer.begin() as connection:
            connection.execute(
                update(reembeddings)
                .where(_of(held.library_id), reembeddings.c.holder == held.holder)
                .values(holder="", held_until=0.0, attempts=0)
            )

    def fail(self, held: HeldReembedding, outcome: str) -> None:
        """Say why it could not be done; a person can have it taken up again."""
        with self._writer.begin() as connection:
            own = _of(held.library_id) & (reembeddings.c.holder == held.holder)
            if connection.execute(select(reembeddings.c.library_id).where(own)).first():
                _end(connection, held.library_id, outcome)

    def forget(self, held: HeldReembedding) -> None:
        """Have it be nothing: a person did not want it any more."""
        own = _of(held.library_id) & (reembeddings.c.holder == held.holder)
        with self._writer.begin() as connection:
            connection.execute(delete(reembeddings).where(own))

    def cancel(self, library_id: str) -> None:
        """Want it no more: whoever works on it stops at the next batch. What has ended goes."""
        with self._writer.begin() as connection:
            row = _row(connection, library_id)
            if row is None:
                return
            if row.stage == Stage.EMBEDDING and is_held(row, time.time()):
                own = update(reembeddings).where(_of(library_id))
                connection.execute(own.values(wish=CANCEL))
            else:
                connection.execute(delete(reembeddings).where(_of(library_id)))

    def sweep(self) -> set[str]:
        """Forget what has ended well or is wanted no more; the libraries of which there is more.

        What waits, was cut off or failed is gone on with, or cancelled by a person.
        """
        query = select(reembeddings).execution_options(**{WHATEVER: True})
        with self._writer.begin() as connection:
            rows, now = connection.execute(query).all(), time.time()
            over = [
                row.library_id
                for row in rows
                if not is_held(row, now) and (row.stage == Stage.DONE or row.wish == CANCEL)
            ]
            for library_id in over:
                connection.execute(delete(reembeddings).where(_of(library_id)))
        return {row.library_id for row in rows}.difference(over)

    def models(self) -> dict[str, tuple[str, int]]:
        """The model that each library has now, in the trash too, and how long its vectors are."""
        query = select(libraries).execution_options(**{WHATEVER: True})
        with self._reader.begin() as connection:
            rows = connection.execute(query).all()
        return {row.id: (row.embedding_model, row.dimension) for row in rows}

    def changes(
        self, library_id: str, known: Collection[int]
    ) -> tuple[frozenset[int], list[StoredChunk]]:
        """The ids of the chunks of a library as it is now, and those chunks that are not known."""
        every = select(chunks.c.id).where(chunks.c.library_id == library_id)
        with self._reader.begin() as connection:
            ids = frozenset(connection.execute(every).scalars())
            new = sorted(ids.difference(known))
            found: list[StoredChunk] = []
            for start in range(0, len(new), BATCH_CHUNKS):
                some = chunk_query().where(chunks.c.id.in_(new[start : start + BATCH_CHUNKS]))
                found += map(stored_chunk, connection.execute(some.order_by(chunks.c.id)))
        return ids, found


_ROW: Select[Any] = select(reembeddings).where(reembeddings.c.library_id == bindparam("id"))


def _row(connection: Connection, library_id: str) -> Row[Any] | None:
    return connection.execute(_ROW, {"id": library_id}).first()


def _of(library_id: str) -> Any:
    return reembeddings.c.library_id == library_id


def _hold(holder: str) -> dict[str, object]:
    return {"holder": holder, "held_until": time.time() + HOLD_SECONDS}


def _start(connection: Connection, library_id: str, model: str, holder: str) -> None:
    library = library_with_id(connection, library_id)
    row = _row(connection, library_id)
    if row is not None and row.stage == Stage.EMBEDDING and is_held(row, time.time()):
        raise LibraryError(UNDER_WAY.format(library.name, row.model))
    connection.execute(delete(reembeddings).where(_of(library_id)))
    first = {"model": model, "stage": Stage.EMBEDDING, "done": 0, "total": 0, "outcome": ""}
    values = first | {"library_id": library_id, "attempts": 1 if holder else 0, "wish": ""}
    hold = _hold(holder) if holder else {"holder": "", "held_until": 0.0}
    connection.execute(insert(reembeddings).values(values | hold))


def _held_row(connection: Connection, held: HeldReembedding) -> Row[Any]:
    row = _row(connection, held.library_id)
    if row is None or row.holder != held.holder or row.stage != Stage.EMBEDDING:
        raise LostHoldError
    if _is_of_deleted(connection, row):
        raise LostHoldError
    return row


def _is_of_deleted(connection: Connection, row: Row[Any]) -> bool:
    """Whether the library lies in the trash: it goes on once that is brought back."""
    query = select(libraries.c.removed_at).where(libraries.c.id == row.library_id)
    return connection.execute(query).scalar_one() is not None


def _end(connection: Connection, library_id: str, outcome: str) -> None:
    ended = {"stage": Stage.FAILED, "outcome": outcome, "wish": "", "attempts": 0}
    connection.execute(
        update(reembeddings)
        .where(_of(library_id))
        .values(ended | {"holder": "", "held_until": 0.0})
    )


def end_with_switch(connection: Connection, library_id: str, model: str) -> None:
    """End what led to a switch, in its transaction: somebody chose the model.

    Of another model nothing is to be done any more.
    """
    row = _row(connection, library_id)
    if row is None:
        return
    if row.model != model:
        connection.execute(delete(reembeddings).where(_of(library_id)))
        return
    chosen = update(libraries).where(libraries.c.id == library_id).values(chosen=True)
    connection.execute(chosen)
    ended = {"stage": Stage.DONE, "done": row.total, "wish": "", "holder": "", "held_until": 0.0}
    connection.execute(update(reembeddings).where(_of(library_id)).values(ended))


def _reembedding(row: Row[Any]) -> Reembedding:
    return Reembedding(
        row.library_id,
        row.model,
        Stage(row.stage),
        row.done,
        row.total,
        row.outcome,
        row.wish == CANCEL,
    )
