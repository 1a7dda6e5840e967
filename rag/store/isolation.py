"""For whom a connection asks: a statement sees and changes what its principal owns, and no more.

Every statement is held to the rows of that principal's libraries before it is compiled, whatever
it asks for itself, so a row of somebody else is to it as one that never was. One on a connection
of nobody is refused. What rightly spans all owners says why (`for_whole_store`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ClauseElement,
    Connection,
    Engine,
    Insert,
    Select,
    Table,
    TextClause,
    Update,
    event,
)

from rag.errors import NotFoundError
from rag.store.owned import OWNED, OWNER, Link, row_with_id
from rag.store.row_policy import IsolationError, restricted
from rag.store.tables import libraries

PRINCIPAL, UPKEEP = "principal", "upkeep"
GONE = "This document is no longer in the library."
LIBRARY_GONE = "This library no longer exists."


class Upkeep(StrEnum):
    """What has to look at the rows of all owners."""

    MIGRATION = "the schema is brought up to date"
    SOUNDNESS = "the catalog is checked, mended or restored"
    BACKUP = "everything is saved"
    SHARED_FILES = "one stored file may be of several owners"
    CAPS = "a cap is on what all spend together"
    EXPIRY = "what has been in the trash for long is purged, whoever owns it"


def acting(engine: Engine, principal: str) -> Engine:
    """The engine for one principal: whoever uses it reaches that one's rows alone."""
    return engine.execution_options(**{PRINCIPAL: principal, UPKEEP: None})


def for_whole_store(engine: Engine, upkeep: Upkeep) -> Engine:
    """The engine for upkeep, which reaches the rows of all owners."""
    return engine.execution_options(**{PRINCIPAL: None, UPKEEP: upkeep})


def spanning(query: Select[Any], upkeep: Upkeep) -> Select[Any]:
    """A query that rightly reads the rows of all owners, whoever asks."""
    return query.execution_options(**{UPKEEP: upkeep})


def guard(engine: Engine) -> None:
    """Hold every statement of an engine, and of those made of it, to its principal's rows."""
    event.listen(engine, "before_execute", _before_execute, retval=True)
    event.listen(engine, "before_cursor_execute", _before_cursor_execute)


# Putting a condition to a statement takes as long as running it: those that are built once get
# theirs once, for the principal who asked last.
_known: WeakKeyDictionary[ClauseElement, tuple[str, ClauseElement]] = WeakKeyDictionary()


def _before_execute(
    connection: Connection, statement: Any, multiparams: Any, params: Any, _options: Any
) -> tuple[Any, Any, Any]:
    options = connection.get_execution_options()
    if options.get(UPKEEP) is not None or UPKEEP in statement.get_execution_options():
        return statement, multiparams, params
    principal = options.get(PRINCIPAL)
    known = _known.get(statement)
    if known is not None and known[0] == principal:
        return known[1], multiparams, params
    held = restricted(statement, principal)
    if held is not statement:
        _known[statement] = str(principal), held
    return held, multiparams, params


def _before_cursor_execute(
    connection: Connection, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool
) -> None:
    options = connection.get_execution_options()
    if options.get(UPKEEP) is not None:
        return
    statement = None if context.compiled is None else context.compiled.statement
    if statement is None or isinstance(statement, TextClause):
        if _OWNED_NAME.search(sql):
            raise IsolationError(f"A statement in plain SQL touches an owned table: {sql}")
    elif isinstance(statement, Insert | Update) and statement.table in OWNED:
        _refuse_foreign(connection, statement, context.compiled_parameters)


_NAMES = "|".join(re.escape(table.name) for table in OWNED)
_OWNED_NAME = re.compile(rf"\b(?:{_NAMES})\b", re.IGNORECASE)


def _refuse_foreign(
    connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse to write rows that would be somebody else's, or of what is not there, alike.

    Raises:
        IsolationError: it cannot be told whose they would be.
        NotFoundError: the library, or the document, is not the principal's.
    """
    if isinstance(statement, Insert) and statement.select is not None:
        return  # its rows are held where they come from
    table: Any = statement.table
    for link in OWNED[table]:
        if isinstance(statement, Update) and link.column not in _assigned(statement):
            continue
        if any(link.column not in row for row in rows):
            raise IsolationError(f"It cannot be told whose rows are written: {statement}")
        for value in {row[link.column] for row in rows}:
            _refuse_value(connection, link, value)


def _assigned(statement: Update) -> frozenset[str]:
    values: Mapping[Any, Any] = statement._values or {}
    return frozenset(column if isinstance(column, str) else column.key for column in values)


def _refuse_value(connection: Connection, link: Link, value: Any) -> None:
    if link.parent is None:
        if value != connection.get_execution_options()[PRINCIPAL]:
            raise IsolationError(f"A row of another {OWNER} cannot be written.")
        return
    if connection.execute(_ROWS[link.parent], {"id": value}).first() is None:
        raise NotFoundError(LIBRARY_GONE if link.parent is libraries else GONE)


_PARENTS: set[Table] = {
    link.parent for links in OWNED.values() for link in links if link.parent is not None
}
_ROWS = {parent: row_with_id(parent) for parent in _PARENTS}
