"""Which tables hold what belongs to somebody, and by which of their columns that is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, select
from sqlalchemy.sql.expression import FromClause, UnaryExpression
from sqlalchemy.sql.operators import custom_op

from rag.store import tables
from rag.store.tables import libraries

OWNER = "owner"


class Whose(StrEnum):
    """Whose the rows of a table are."""

    PERSON = "a person's, whom a column of the row names"
    THROUGH = "whose the library, the document or the like is that a column refers to"
    STORE = "the store's as a whole: nothing in them is anybody's"


# Every table of the schema. What a table refers to is told by its foreign keys.
WHOSE: Mapping[Table, Whose] = {
    tables.alembic_versions: Whose.STORE,  # the number of the schema
    # Facts about the data directory by names that the code gives; what is left of a purge to be
    # done, whoever it was of, is among them until it is done.
    tables.marks: Whose.STORE,
    tables.libraries: Whose.PERSON,
    tables.spending: Whose.PERSON,  # but a cap is on what all spend together
    tables.reservations: Whose.PERSON,
    tables.documents: Whose.THROUGH,
    tables.pages: Whose.THROUGH,
    tables.table_parts: Whose.THROUGH,
    tables.chunks: Whose.THROUGH,
    tables.kept_documents: Whose.THROUGH,
    tables.kept_pages: Whose.THROUGH,
    tables.kept_table_parts: Whose.THROUGH,
    tables.kept_chunks: Whose.THROUGH,
    tables.jobs: Whose.THROUGH,
    tables.containers: Whose.THROUGH,
    tables.members: Whose.THROUGH,
    tables.aliases: Whose.THROUGH,
    tables.reembeddings: Whose.THROUGH,
}
# The column that names the person.
NAMED_BY = {tables.libraries: OWNER, tables.spending: "person", tables.reservations: "person"}


@dataclass(frozen=True, slots=True)
class Link:
    """A column that tells whose a row is: by its owner's name, or by the row of `parent`."""

    column: str
    parent: Table | None = None


def links_of(table: Table) -> tuple[Link, ...]:
    """What tells whose a table's rows are, the nearest to the owner first; nothing if nobody's."""
    if WHOSE[table] is not Whose.THROUGH:
        return (Link(NAMED_BY[table]),) if table in NAMED_BY else ()
    parents = [
        Link(key.parent.name, key.column.table)
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        if links_of(key.column.table)
    ]
    return tuple(sorted(parents, key=lambda link: link.parent is not libraries))


OWNED: dict[Table, tuple[Link, ...]] = {
    table: links for table in WHOSE if (links := links_of(table))
}

_OWN_LIBRARY = libraries.alias("own_library")  # so that no statement around it takes it for its own
_PLUS = custom_op[Any]("+")


@lru_cache(maxsize=1_024)  # putting it together takes longer than all the rest
def is_own(rows: FromClause, table: Table, principal: str) -> ColumnElement[bool]:
    """That rows of an owned table, or of an alias of it, are a principal's."""
    link = OWNED[table][0]
    return is_own_value(rows.c[link.column], link, principal)


def is_own_value(value: ColumnElement[Any], link: Link, principal: str) -> ColumnElement[bool]:
    """That what stands in such a column is a principal's."""
    if link.parent is None:
        return value == principal
    if link.parent is libraries:
        # Plus: the rows are not to be looked up by it. SQLite would rather read a whole library by
        # its index than the few rows that are wanted.
        bare: ColumnElement[Any] = UnaryExpression(value, operator=_PLUS, type_=value.type)
        return bare.in_(_own_libraries(principal))
    parent = link.parent.alias(f"own_{link.parent.name}")
    return exists(
        select(parent.c.id)
        .where(parent.c.id == value, is_own(parent, link.parent, principal))
        .correlate_except(parent)
    )


def _own_libraries(principal: str) -> Select[Any]:
    return select(_OWN_LIBRARY.c.id).where(_OWN_LIBRARY.c.owner == principal).correlate(None)


def row_with_id(table: Table) -> Select[Any]:
    """Whether a row of an owned table is there."""
    return select(table.c.id).where(table.c.id == bindparam("id"))
