"""The libraries of a catalog: made, renamed, deleted and brought back, each in one transaction."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)

from rag.domain import Document, Library
from rag.errors import LibraryError, NotFoundError
from rag.failpoints import failpoint
from rag.intake import Estimate
from rag.store.document_jobs import end_jobs_in, queue_again
from rag.store.jobs import queue_embedding
from rag.store.keeping import keep, put_back
from rag.store.libraries import advance, library_with_id
from rag.store.moving import move_document
from rag.store.names import cleaned, folded, unknown_library
from rag.store.row_policy import WHATEVER
from rag.store.rows import document_of, library_of
from rag.store.tables import documents, kept_documents, libraries
from rag.store.trash import purged_at

OWNER = "local"
MOMENT_SECONDS = 0.001
USUAL = "documents"  # the library that is meant where none is named
TAKEN = "There is a library named {!r} already. Choose another name."
ONLY_ONE = "{!r} is the only library. Create another one before you delete it."


@dataclass(frozen=True, slots=True)
class RemovedLibrary:
    """A library in the trash, and since when, in seconds since 1970."""

    library: Library
    since: float

    @property
    def until(self) -> float:
        """When it is purged."""
        return purged_at(self.since)


@dataclass(frozen=True, slots=True)
class NewLibrary:
    """What a library begins with: who embeds it, and how long the vectors are."""

    name: str
    embedding_model: str
    dimension: int
    language: str = ""
    stays_here: bool = False
    chosen: bool = False


class Holdings:
    """The libraries of one owner. Safe from many threads and processes."""

    def __init__(self, reader: Engine, writer: Engine, owner: str | None = OWNER) -> None:
        """Take the engines of the catalog, and whose libraries are meant; None for upkeep."""
        self._reader, self._writer, self._owner = reader, writer, owner

    def all(self) -> list[Library]:
        """Every library, the oldest first."""
        with self._reader.begin() as connection:
            return [library_of(row) for row in self._rows(connection)]

    def sizes(self) -> dict[str, int]:
        """How many documents each library has, by its id; those that have none are left out."""
        query = (
            select(documents.c.library_id, func.count())
            .group_by(documents.c.library_id)
            .execution_options(**{WHATEVER: True})
        )
        with self._reader.begin() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query)}

    def named(self, name: str) -> Library:
        """The library of that name, in capitals or not; `USUAL` is also what was called so once.

        Raises:
            NotFoundError: there is none; it says which there are.
        """
        with self._reader.begin() as connection:
            row = self._named(connection, name) or self._usual(connection, name)
        if row is None:
            known = [library.name for library in self.all()]
            removed = [each.library.name for each in self.removed()]
            raise NotFoundError(unknown_library(name, known, removed))
        return library_of(row)

    def create(self, new: NewLibrary) -> Library:
        """Make a library.

        Raises:
            LibraryError: its name is none, or is taken.
        """
        name = cleaned(new.name)
        with self._writer.begin() as connection:
            if self._named(connection, name) is not None:
                raise LibraryError(TAKEN.format(name))
            id_ = self._insert(connection, new, name)
            failpoint("library.create.before_commit")
            return library_with_id(connection, id_)

    def provide(self, new: NewLibrary) -> Library:
        """The library of that name, made if there is none.

        Raises:
            LibraryError: its name is none.
        """
        with self._writer.begin() as connection:
            row = self._named(connection, new.name) or self._usual(connection, new.name)
            if row is not None:
                return library_of(row)
            return library_with_id(connection, self._insert(connection, new, cleaned(new.name)))

    def rename(self, library_id: str, name: str) -> Library:
        """Call a library otherwise.

        Raises:
            LibraryError: the name is none, or is taken by another.
            NotFoundError: it was deleted.
        """
        name = cleaned(name)
        with self._writer.begin() as connection:
            library = library_with_id(connection, library_id)
            taken = self._named(connection, name)
            if taken is not None and taken.id != library_id:
                raise LibraryError(TAKEN.format(name))
            if folded(library.name) == USUAL:
                self._set_usual(connection, library_id)
            _set(connection, library_id, {"name": name})
            failpoint("library.rename.before_commit")
            return library_with_id(connection, library_id)

    def set_policy(self, library_id: str, *, stays_here: bool) -> Library:
        """Say whether a library may leave this machine.

        Raises:
            NotFoundError: it was deleted.
        """
        return self._changed(library_id, {"stays_here": stays_here})

    def set_language(self, library_id: str, language: str) -> Library:
        """Say which language documents are in that are too short to tell; empty for none.

        Raises:
            NotFoundError: it was deleted.
        """
        with self._writer.begin() as connection:
            library_with_id(connection, library_id)
            _set(connection, library_id, {"language": language})
            advance(connection, library_id)  # its words are stemmed in another language
            failpoint("library.language.before_commit")
            return library_with_id(connection, library_id)

    def _changed(self, library_id: str, values: Mapping[str, object]) -> Library:
        with self._writer.begin() as connection:
            library_with_id(connection, library_id)
            _set(connection, library_id, values)
            return library_with_id(connection, library_id)

    def remove(self, library_id: str) -> int:
        """Take a library out of every answer at once, into the trash with its documents.

        Returns:
            How many documents it had.

        Raises:
            LibraryError: it is the only one.
            NotFoundError: it was deleted.
        """
        with self._writer.begin() as connection:
            library = library_with_id(connection, library_id)
            others = [row.id for row in self._rows(connection) if row.id != library_id]
            if not others:
                raise LibraryError(ONLY_ONE.format(library.name))
            is_usual = self._usual(connection, USUAL)
            if folded(library.name) == USUAL or (is_usual and is_usual.id == library_id):
                self._set_usual(connection, "")  # no other is chosen in anybody's place
            since = _later_than_all(connection, library_id)
            rows = connection.execute(
                select(documents).where(documents.c.library_id == library_id)
            ).all()
            for row in rows:
                keep(connection, document_of(row), None, since)
            failpoint("library.remove.kept")
            end_jobs_in(connection, library_id)
            advance(connection, library_id)
            # Its name is free at once; no other library can have a name of two lines.
            removed = {"removed_name": library.name, "name": f"\n{library_id}"}
            _set(connection, library_id, removed | {"removed_at": since})
            failpoint("library.remove.before_commit")
        failpoint("library.removed")
        return len(rows)

    def removed(self) -> list[RemovedLibrary]:
        """The libraries in the trash, the last that was deleted first."""
        query = (
            select(libraries)
            .where(libraries.c.removed_at.is_not(None))
            .order_by(libraries.c.removed_at.desc())
            .execution_options(**{WHATEVER: True})
        )
        with self._reader.begin() as connection:
            rows = connection.execute(query).all()
        return [RemovedLibrary(library_of(row), row.removed_at) for row in rows]

    def expired(self, now: float | None = None) -> list[RemovedLibrary]:
        """The libraries that have been in the trash for longer than they are kept."""
        now = time.time() if now is None else now
        return [each for each in self.removed() if each.until < now]

    def bring_back(self, library_id: str) -> Library:
        """Put a library back with what was deleted with it: documents, and files on their way.

        Raises:
            LibraryError: another has its name by now.
            NotFoundError: it is not in the trash.
        """
        own = (libraries.c.id == library_id) & libraries.c.removed_at.is_not(None)
        with self._writer.begin() as connection:
            row = connection.execute(select(libraries).where(own)).first()
            if row is None:
                raise NotFoundError("This library is not in the trash (any more).")
            if self._named(connection, row.removed_name) is not None:
                raise LibraryError(
                    f"There is another library named {row.removed_name!r} by now. Rename that one "
                    "first."
                )
            back = {"name": row.removed_name, "removed_name": "", "removed_at": None}
            _set(connection, library_id, back)
            failpoint("library.bring_back.named")
            begun = queue_again(connection, library_id)
            for document_id in _removed_with(connection, row):
                document = put_back(connection, document_id)
                if document.embedded < document.chunks and document_id not in begun:
                    queue_embedding(connection, document)
            advance(connection, library_id)
            failpoint("library.bring_back.before_commit")
            return library_with_id(connection, library_id)

    def move(
        self, document_id: str, library_id: str, asked: Estimate | None = None
    ) -> tuple[Document, bool]:
        """Put a document into another library with its earlier versions, as the one it is.

        Vectors are kept where both are embedded with one model, and taken where they are known;
        what is left to embed is queued. Where it is `asked` about, a person has to say so first.

        Returns:
            The document, and whether something of it is left to embed.

        Raises:
            LibraryError: it is in that library already, or the same file is.
            NotFoundError: the document or the library is gone.
        """
        with self._writer.begin() as connection:
            target = library_with_id(connection, library_id)
            document = move_document(connection, document_id, target, asked)
            failpoint("move.before_commit")
        failpoint("move.committed")
        return document, document.embedded < document.chunks

    def _insert(self, connection: Connection, new: NewLibrary, name: str) -> str:
        id_ = secrets.token_hex(8)
        values = asdict(new) | {"id": id_, "name": name, "owner": self._owner, "generation": 0}
        connection.execute(insert(libraries).values(values))
        return id_

    def _rows(self, connection: Connection) -> list[Row[Any]]:
        return list(connection.execute(_LIVE, {"owner": self._owner}).all())

    def _named(self, connection: Connection, name: str) -> Row[Any] | None:
        """The row of that very name, or of the oldest that differs from it in case alone."""
        rows = self._rows(connection)
        same = [row for row in rows if row.name == name]
        alike = [row for row in rows if folded(row.name) == folded(name)]
        return next(iter([*same, *alike]), None)

    def _set_usual(self, connection: Connection, library_id: str) -> None:
        own = update(libraries).where(libraries.c.owner == self._owner)
        connection.execute(own.values(usual=libraries.c.id == library_id))

    def _usual(self, connection: Connection, name: str) -> Row[Any] | None:
        """The row of the library that took the place of the usual one, where that is meant."""
        if folded(name) != USUAL:
            return None
        return next((row for row in self._rows(connection) if row.usual), None)


_LIVE: Select[Any] = (
    select(libraries)
    .where(libraries.c.removed_at.is_(None), libraries.c.owner == bindparam("owner"))
    .order_by(literal_column("library.rowid"))
)


def _set(connection: Connection, library_id: str, values: Mapping[str, object]) -> None:
    own = libraries.c.id == library_id
    connection.execute(update(libraries).where(own).values(dict(values)))


def _later_than_all(connection: Connection, library_id: str) -> float:
    """Now, or the moment after the last document of a library was removed, if clocks went back.

    What is removed with the library bears this moment, and nothing that was removed before does.
    """
    last = select(func.max(kept_documents.c.kept_at)).where(
        kept_documents.c.library_id == library_id, kept_documents.c.version_of.is_(None)
    )
    return max(time.time(), (connection.execute(last).scalar_one() or 0.0) + MOMENT_SECONDS)


def _removed_with(connection: Connection, library: Row[Any]) -> list[str]:
    """The documents that went into the trash with their library, not before it."""
    query = select(kept_documents.c.id).where(
        kept_documents.c.library_id == library.id,
        kept_documents.c.version_of.is_(None),
        kept_documents.c.kept_at >= library.removed_at,
    )
    return list(connection.execute(query.order_by(kept_documents.c.added_at)).scalars())
