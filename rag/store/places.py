"""Pages with all their chunks, for passages that grow around what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from rag.domain import Chunk, Page, Scope
from rag.store.rows import page_of, within
from rag.store.tables import chunks, pages

Place = tuple[str, int]  # a document's id and the number of a page
BATCH_PLACES = 500  # SQLite takes at most 32,766 variables in a statement


@dataclass(frozen=True, slots=True)
class PlacedChunk:
    """A chunk with its catalog key."""

    id: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class ChunkedPage:
    """A page with its chunks in reading order."""

    page: Page
    chunks: tuple[PlacedChunk, ...]


def chunked_pages(
    connection: Connection, places: Sequence[Place], scope: Scope
) -> dict[Place, ChunkedPage]:
    """These pages, those that are there and have chunks within the scope."""
    found: dict[Place, list[PlacedChunk]] = {}
    read: dict[Place, Page] = {}
    for start in range(0, len(places), BATCH_PLACES):
        wanted = places[start : start + BATCH_PLACES]
        of_chunks = within(
            select(
                *(chunks.c.id, chunks.c.document_id, chunks.c.page, chunks.c.start),
                *(chunks.c.end, chunks.c.heading, chunks.c.tokens),
            )
            .where(tuple_(chunks.c.document_id, chunks.c.page).in_(wanted))
            .order_by(chunks.c.start),
            scope,
        )
        for row in connection.execute(of_chunks):
            chunk = Chunk(row.page, row.start, row.end, tuple(row.heading), row.tokens)
            found.setdefault((row.document_id, row.page), []).append(PlacedChunk(row.id, chunk))
        of_pages = select(pages).where(tuple_(pages.c.document_id, pages.c.number).in_(wanted))
        for row in connection.execute(of_pages):
            read[row.document_id, row.number] = page_of(row)
    return {
        place: ChunkedPage(read[place], tuple(on_page))
        for place, on_page in found.items()
        if place in read
    }
