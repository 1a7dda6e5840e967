"""What a question reads of the catalog: the chunks that were found, and the pages around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from rag.domain import Document, Page, Scope, Span
from rag.intake import Chunk, Table
from rag.store.isolation import PRINCIPAL
from rag.store.rows import StoredChunk, document_of, page_of, table_of
from rag.store.tables import chunks, documents, pages, table_parts

Place = tuple[str, int]  # a document's id and the number of a page
PlacedRow = tuple[Span, tuple[str, ...], tuple[str, ...]]  # as in `Passage.rows`
BATCH_PLACES = 100
WITHOUT_BORDERS = "application/pdf"  # what has tables whose cells only spaces part


# Built once: putting a statement together takes as long as running it.
_OWNERS: Select[Any] = select(documents).where(documents.c.id.in_(bindparam("ids", expanding=True)))
_FOUND: Select[Any] = (
    select(
        chunks.c.id,
        chunks.c.library_id,
        chunks.c.document_id,
        chunks.c.page,
        chunks.c.start,
        chunks.c.end,
        chunks.c.heading,
        chunks.c.tokens,
        chunks.c.header,
        pages.c.label,
        func.substr(pages.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start).label("text"),
    )
    .join_from(
        chunks,
        pages,
        (pages.c.document_id == chunks.c.document_id) & (pages.c.number == chunks.c.page),
    )
    .where(chunks.c.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class PlacedChunk:
    """A chunk with its catalog key."""

    id: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class ChunkedPage:
    """A page with its chunks in reading order, and its tables where no borders part their cells."""

    page: Page
    chunks: tuple[PlacedChunk, ...]
    tables: tuple[Table, ...] = ()

    def rows(self, start: int, end: int) -> tuple[PlacedRow, ...]:
        """The rows of tables with heads that lie in a span of the page, in order."""
        found = [
            (row.start, row.end, row.cells, table.header)
            for table in self.tables
            if any(table.header)
            for row in table.rows
            if start <= row.start and row.end <= end
        ]
        return tuple(
            (Span(begin - start, stop - start), cells, header)
            for begin, stop, cells, header in sorted(found)
        )


def found_chunks(
    connection: Connection, ids: Sequence[int], scope: Scope
) -> dict[int, StoredChunk]:
    """Those of the chunks that exist within the scope, by id."""
    found: list[Row[Any]] = []
    if not is_own_scope(connection, scope):
        return {}
    for start in range(0, len(ids), BATCH_PLACES):
        rows = connection.execute(_FOUND, {"ids": ids[start : start + BATCH_PLACES]})
        found += [row for row in rows if _is_within(row, scope)]
    owners = list({row.document_id for row in found})
    known: dict[str, Document] = {}
    for start in range(0, len(owners), BATCH_PLACES):
        rows = connection.execute(_OWNERS, {"ids": owners[start : start + BATCH_PLACES]})
        known |= {row.id: document_of(row) for row in rows}
    return {
        row.id: StoredChunk(
            row.id,
            Chunk(row.page, row.start, row.end, tuple(row.heading), row.tokens, row.header),
            row.text,
            known[row.document_id],
            row.label,
        )
        for row in found
        if row.document_id in known
    }


def is_own_scope(connection: Connection, scope: Scope) -> bool:
    """Whether a scope is the principal's whom a connection acts for; else nothing is in it."""
    return scope.principal == connection.get_execution_options().get(PRINCIPAL)


def _is_within(row: Any, scope: Scope) -> bool:
    """Whether a question may see a chunk.

    Asked here and not of SQLite, which would rather read the whole library by its index than look
    up the few rows that are wanted.
    """
    visible = scope.document_ids
    return row.library_id == scope.library_id and (visible is None or row.document_id in visible)


def _at(
    document: ColumnElement[str], number: ColumnElement[int], count: int
) -> ColumnElement[bool]:
    """Being at one of so many places; SQLite has no use of its indexes for a list of pairs."""
    return or_(
        *(
            and_(document == bindparam(f"document_{each}"), number == bindparam(f"page_{each}"))
            for each in range(count)
        )
    )


@lru_cache(maxsize=BATCH_PLACES)
def _at_places(count: int) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """What reads the chunks, the pages, and the tables without borders, at so many places."""
    of_chunks = (
        select(
            *(chunks.c.id, chunks.c.library_id, chunks.c.document_id, chunks.c.page),
            *(chunks.c.start, chunks.c.end, chunks.c.heading, chunks.c.tokens),
            chunks.c.header,
        )
        .where(_at(chunks.c.document_id, chunks.c.page, count))
        .order_by(chunks.c.start)
    )
    of_tables = (
        select(table_parts)
        .join_from(table_parts, documents, documents.c.id == table_parts.c.document_id)
        .where(documents.c.media_type == WITHOUT_BORDERS)
        .where(_at(table_parts.c.document_id, table_parts.c.page, count))
        .order_by(table_parts.c.number)
    )
    of_pages = select(pages).where(_at(pages.c.document_id, pages.c.number, count))
    return of_chunks, of_pages, of_tables


def _asked(places: Sequence[Place]) -> dict[str, str | int]:
    asked: dict[str, str | int] = {}
    for each, (name, page) in enumerate(places):
        asked |= {f"document_{each}": name, f"page_{each}": page}
    return asked


def chunked_pages(
    connection: Connection, places: Sequence[Place], scope: Scope
) -> dict[Place, ChunkedPage]:
    """These pages, those that are there and have chunks within the scope."""
    found: dict[Place, list[PlacedChunk]] = {}
    tables: dict[Place, list[Table]] = {}
    if not is_own_scope(connection, scope):
        return {}
    read: dict[Place, Page] = {}
    for start in range(0, len(places), BATCH_PLACES):
        wanted = places[start : start + BATCH_PLACES]
        of_chunks, of_pages, of_tables = _at_places(len(wanted))
        asked = _asked(wanted)
        for row in connection.execute(of_chunks, asked):
            if not _is_within(row, scope):
                continue
            heading = tuple(row.heading)
            chunk = Chunk(row.page, row.start, row.end, heading, row.tokens, row.header)
            found.setdefault((row.document_id, row.page), []).append(PlacedChunk(row.id, chunk))
        for page in connection.execute(of_pages, asked):
            read[page.document_id, page.number] = page_of(page)
        for part in connection.execute(of_tables, asked):
            tables.setdefault((part.document_id, part.page), []).append(table_of(part))
    return {
        place: ChunkedPage(read[place], tuple(on_page), tuple(tables.get(place, ())))
        for place, on_page in found.items()
        if place in read
    }
