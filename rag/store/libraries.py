"""A library as it is at this moment, within a transaction, and the count of its changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, delete, select, update

from rag.domain import Library
from rag.errors import NotFoundError
from rag.store.isolation import PRINCIPAL
from rag.store.rows import library_of
from rag.store.tables import libraries

# Built once: it is asked for with every question.
_LIBRARY: Select[Any] = select(libraries).where(
    libraries.c.id == bindparam("id"), libraries.c.removed_at.is_(None)
)


def library_with_id(connection: Connection, library_id: str) -> Library:
    """The library.

    Raises:
        NotFoundError: it was deleted.
    """
    row = connection.execute(_LIBRARY, {"id": library_id}).first()
    if row is None:
        raise NotFoundError("This library no longer exists.")
    return library_of(row)


# What this process has changed itself its next search shows in full, whatever that takes.
_own_changes: Counter[tuple[str | None, str | None, str]] = Counter()


def own_changes(engine: Engine, library_id: str) -> int:
    """How often this process began to change a library for the principal of an engine."""
    principal = engine.get_execution_options().get(PRINCIPAL)
    return _own_changes[engine.url.database, principal, library_id]


def advance(connection: Connection, library_id: str) -> None:
    """Raise the generation of a library: its documents have changed."""
    principal = connection.get_execution_options().get(PRINCIPAL)
    _own_changes[connection.engine.url.database, principal, library_id] += 1
    connection.execute(
        update(libraries)
        .where(libraries.c.id == library_id)
        .values(generation=libraries.c.generation + 1)
    )


def forget_libraries(connection: Connection, library_ids: Collection[str]) -> None:
    """Delete libraries of the trash for good, of which no document is left.

    Raises:
        NotFoundError: one is not in the trash.
    """
    for library_id in library_ids:
        own = (libraries.c.id == library_id) & libraries.c.removed_at.is_not(None)
        if connection.execute(delete(libraries).where(own)).rowcount != 1:
            raise NotFoundError("This library is not in the trash (any more).")
