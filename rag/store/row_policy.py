"""Holds a statement to the rows of one principal, whatever it asks for itself.

What databases with row-level security do, for one that has none. Each table of a statement that
holds what is owned gets a condition, in every select within it too; it gets none where the
statement ties it to another table's rows that have theirs, since the database would only ask twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Alias,
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    Column,
    ColumnElement,
    CompoundSelect,
    Delete,
    Executable,
    Insert,
    Join,
    Select,
    Table,
    TextClause,
    Update,
)
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.expression import FromClause, SelectBase
from sqlalchemy.sql.operators import and_, eq, in_op

from rag.store.owned import OWNED, is_own, is_own_value

# What names rows: a statement without any of these means whatever there is.
NAMING = frozenset(
    {"id", "library_id", "document_id", "version_of", "parent_id", "owner", "sha256", "text_hash"}
    | {"container_id", "person"}
)
WHATEVER = "whatever_is_owned"  # the option of a statement that means just that
_READING = re.compile(r"\b(?:select|from|join)\b", re.IGNORECASE)
_Place = tuple[FromClause, str]  # a column, by its table or alias
_Told = tuple[Table | None, _Place]  # one whose values are the principal's, and of what they tell


class IsolationError(RuntimeError):
    """A statement that says for nobody, or not for which rows: a mistake in the code."""


def restricted(statement: ClauseElement, principal: str | None) -> ClauseElement:
    """The statement, held to the rows of a principal.

    Raises:
        IsolationError: it touches owned rows and there is no principal, or it does not say which
            rows it means, or it cannot be told which it touches.
    """
    if isinstance(statement, ExecutableDDLElement):
        raise IsolationError("The schema is changed by a migration alone.")
    if isinstance(statement, TextClause):
        return statement  # looked at as it is sent
    if principal is None:
        _refuse_owned(statement)
        return statement
    held = statement
    if _looked_through(statement):
        held = _with_selects_held(statement, principal)
    match held:
        case Select():
            return _held_select(held, principal, is_outermost=True)
        case Update() | Delete():
            return _held_change(held, principal)
        case Insert():
            return _held_insert(held, principal)
        case CompoundSelect():
            return held
    _refuse_owned(held)
    return held


def _refuse_owned(statement: ClauseElement) -> None:
    tables = (_table_of(part) for part in visitors.iterate(statement))
    touched = next((table for table in tables if table in OWNED), None)
    if touched is not None:
        raise IsolationError(f"A statement touches the table {touched.name} without a principal.")


def _looked_through(statement: ClauseElement) -> bool:
    """Whether there are selects within a statement.

    Raises:
        IsolationError: there is plain SQL within it that reads a table by itself.
    """
    has_selects = False
    for part in visitors.iterate(statement):
        has_selects = has_selects or (isinstance(part, SelectBase) and part is not statement)
        is_plain = isinstance(part, TextClause) or getattr(part, "is_literal", False)
        if is_plain and _READING.search(str(part)):
            raise IsolationError(f"It cannot be told what a statement in plain SQL reads: {part}")
    return has_selects


def _table_of(part: Any) -> Table | None:
    """The table that a part of a statement is, reads a column of, or writes."""
    table = part if isinstance(part, FromClause) else getattr(part, "table", None)
    while isinstance(table, Alias):
        table = table.element
    return table if isinstance(table, Table) else None


def _with_selects_held(statement: ClauseElement, principal: str) -> ClauseElement:
    """The statement with each select within it held, but not itself."""

    def held(element: Any) -> Any:
        if isinstance(element, Alias) and isinstance(element.element, Table):
            return element  # the columns of a copy would not be known for its own
        if element is statement or not isinstance(element, Select):
            return None
        within: Any = (
            _with_selects_held(element, principal) if _looked_through(element) else element
        )
        return _held_select(within, principal)

    found: Any = statement  # what selects stand in is typed apart from other clauses
    replace: Any = held  # which is given nothing by name
    replaced: ClauseElement = visitors.replacement_traverse(found, {}, replace)
    return replaced


def _held_select(query: Select[Any], principal: str, *, is_outermost: bool = False) -> Select[Any]:
    criteria: list[ColumnElement[Any]] = [] if query.whereclause is None else [query.whereclause]
    rows: list[FromClause] = []
    outer: list[Join] = []
    for source in query.get_final_froms():
        rows += _rows_of(source, criteria, outer)
    conditions = list(_conditions(rows, _parts(criteria), principal))
    _require_ties(outer, rows, _parts(criteria))
    if not rows:
        return query
    if is_outermost:
        _require_names(query, rows, criteria)
    return query.where(*conditions)


def _held_change(statement: Update | Delete, principal: str) -> Update | Delete:
    table = statement.table
    if not isinstance(table, Table) or table not in OWNED:
        return statement
    where = statement.whereclause
    _require_names(statement, [table], [] if where is None else [where])
    return statement.where(is_own(table, table, principal))


def _held_insert(statement: Insert, principal: str) -> Insert:
    """An insert from a select: what it makes up itself of whose the rows are has to be own."""
    links = OWNED.get(statement.table, ())  # type: ignore[call-overload]
    if not isinstance(statement.select, Select) or not links:
        return statement
    query = statement.select
    names = [column if isinstance(column, str) else column.key for column in _names(statement)]
    given = dict(zip(names, query.selected_columns, strict=True))
    made_up = [link for link in links if not isinstance(given[link.column], Column)]
    owned = (is_own_value(given[link.column], link, principal) for link in made_up)
    return statement.from_select(names, query.where(*owned)) if made_up else statement


def _names(statement: Insert) -> Sequence[Any]:
    return statement._select_names or ()


def _rows_of(
    source: Any, criteria: list[ColumnElement[Any]], outer: list[Join]
) -> Iterator[FromClause]:
    """The owned tables in a FROM, and their aliases; what joins them goes to the criteria.

    Those that need not be there are left aside, with their joins.
    """
    if isinstance(source, Join):
        yield from _rows_of(source.left, criteria, outer)
        if source.isouter or source.full:
            outer.append(source)
        else:
            criteria.append(source.onclause)  # type: ignore[arg-type]
            yield from _rows_of(source.right, criteria, outer)
    elif _table_of(source) in OWNED:
        yield source


def _conditions(
    rows: Sequence[FromClause], parts: Sequence[ColumnElement[Any]], principal: str
) -> Iterator[ColumnElement[bool]]:
    """What holds each of these rows to the principal, as far as no other does it already."""
    same = _same_values(parts)
    told: set[_Told] = set()
    for source in sorted(rows, key=_depth):
        if not _is_tied(source, same, told):
            yield is_own(source, _owned(source), principal)
        told |= _tells(source)


def _is_tied(
    source: FromClause, same: Mapping[_Place, set[_Place]], told: Collection[_Told]
) -> bool:
    """Whether a column that tells whose the rows are has to equal one of the principal's."""
    return any(
        (link.parent, other) in told
        for link in OWNED[_owned(source)]
        for other in same.get((source, link.column), ())
    )


def _tells(source: FromClause) -> set[_Told]:
    """The columns whose values are the principal's where the rows are."""
    table = _owned(source)
    return {(link.parent, (source, link.column)) for link in OWNED[table]} | {
        (table, (source, "id"))
    }


def _require_ties(
    outer: Sequence[Join], rows: Sequence[FromClause], parts: Sequence[ColumnElement[Any]]
) -> None:
    """Refuse an outer join to owned rows that are not tied to others in the join itself.

    A condition beside it would leave out what has no such rows.
    """
    told = {each for source in rows for each in _tells(source)}
    for join in outer:
        same = _same_values([*parts, *_parts([join.onclause])])  # type: ignore[list-item]
        if join.full or isinstance(join.right, Join):
            raise IsolationError("Such a join cannot be held to a principal.")
        if _table_of(join.right) in OWNED and not _is_tied(join.right, same, told):
            raise IsolationError(f"An outer join does not say whose rows of {join.right} it means.")


def _depth(source: FromClause) -> int:
    """How far the rows are from their owner: those that tell of others come before them."""
    table, depth = _owned(source), 0
    while (parent := OWNED[table][0].parent) is not None:
        table, depth = parent, depth + 2
    return depth + len(OWNED[_owned(source)])


def _owned(source: FromClause) -> Table:
    table = _table_of(source)
    if table is None:
        raise IsolationError(f"It cannot be told whose the rows are: {source}")
    return table


def _parts(criteria: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """The conditions that must all hold."""
    found: list[ColumnElement[Any]] = []
    for criterion in criteria:
        inner: Any = criterion.element if isinstance(criterion, Grouping) else criterion
        if isinstance(inner, BooleanClauseList) and inner.operator is and_:
            found += _parts(list(inner.clauses))
        else:
            found.append(inner)
    return found


def _same_values(parts: Sequence[ColumnElement[Any]]) -> dict[_Place, set[_Place]]:
    """The columns that have to be equal to each, itself among them."""
    same: dict[_Place, set[_Place]] = {}
    for part in parts:
        pair = _pair(part)
        if pair is None:
            continue
        first, second = ((column.table, column.key) for column in pair)
        together = same.get(first, {first}) | same.get(second, {second})
        same |= dict.fromkeys(together, together)
    return same


def _pair(part: ColumnElement[Any]) -> tuple[Column[Any], Column[Any]] | None:
    if not isinstance(part, BinaryExpression) or part.operator is not eq:
        return None
    if isinstance(part.left, Column) and isinstance(part.right, Column):
        return part.left, part.right
    return None


def _require_names(
    statement: Executable, rows: Sequence[FromClause], criteria: Sequence[ColumnElement[Any]]
) -> None:
    """Refuse what names no row, nor what the rows belong to, and does not say that it means all."""
    if statement.get_execution_options().get(WHATEVER):
        return
    parts = _parts(criteria)
    named = {source for part in parts for source in _named(part)}
    for _ in rows:  # until nothing more is tied to what is named
        pairs = (pair for part in parts if (pair := _pair(part)) is not None)
        for first, second in pairs:
            if first.table in named or second.table in named:
                named |= {first.table, second.table}
    for source in rows:
        if source not in named:
            raise IsolationError(f"A statement does not say which rows of {source} it means.")


def _named(part: Any) -> set[FromClause]:
    """The tables of which a condition names the rows; in alternatives, those that each names."""
    if isinstance(part, Grouping):
        return _named(part.element)
    if isinstance(part, BooleanClauseList):
        found = [_named(each) for each in part.clauses]
        if not found:
            return set()
        return set.union(*found) if part.operator is and_ else set.intersection(*found)
    if not isinstance(part, BinaryExpression) or part.operator not in (eq, in_op):
        return set()
    pairs = ((part.left, part.right), (part.right, part.left))
    return {
        one.table
        for one, other in pairs
        if isinstance(one, Column) and one.key in NAMING and not isinstance(other, Column)
    }
