"""Which tables hold what belongs to somebody, and by which of their columns that is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, select
from sqlalchemy.sql.expression import FromClause, UnaryExpression
from sqlalchemy.sql.operators import custom_op

from rag.store.tables import alembic_versions, libraries, marks, metadata, reservations, spending

OWNER = "owner"
# Facts about the store as a whole, and sums of money, which are asked for by person.
OWNED_BY_NOBODY = frozenset({alembic_versions, marks, reservations, spending})


@dataclass(frozen=True, slots=True)
class Link:
    """A column that tells whose a row is: by its owner's name, or by the row of `parent`."""

    column: str
    parent: Table | None = None


def links_of(table: Table) -> tuple[Link, ...]:
    """What tells whose a table's rows are, the nearest to the owner first; nothing if nobody's."""
    if OWNER in table.c:
        return (Link(OWNER),)
    parents = [
        Link(key.parent.name, key.column.table)
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        if links_of(key.column.table)
    ]
    return tuple(sorted(parents, key=lambda link: link.parent is not libraries))


OWNED: dict[Table, tuple[Link, ...]] = {
    table: links for table in metadata.sorted_tables if (links := links_of(table))
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
