"""Between the rows of the catalog and the values of the domain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from sqlalchemy import Row, Select, func, select

from rag.domain import Document, DocumentState, Library, Page, PageState
from rag.intake import NOWHERE, Chunk, Origin, Table, TableRow, WordBox
from rag.protocols import Vectors
from rag.store.tables import chunks, documents, pages

# SQLite cuts a text at a NUL character, and no UTF-8 can hold half of a surrogate pair.
LEAD = 240  # characters at the head of a page that its other chunks are found by as well
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its catalog key, its text and the document it is in."""

    id: int
    chunk: Chunk
    text: str
    document: Document
    label: str


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """What the search structures are built from."""

    id: int
    document_id: str
    title: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read, ready to be published with its chunks and their vectors.

    `embedding_model` is the one that the vectors come from; without vectors, those known for the
    same `text_hashes` are taken, and the others come later. `words` are those of pages read by OCR.
    `origin` tells which document it takes the place of, if any.
    """

    document: Document
    pages: Sequence[Page]
    chunks: Sequence[Chunk]
    vectors: Vectors | None
    embedding_model: str
    text_hashes: Sequence[bytes] = ()
    tables: Sequence[Table] = ()
    words: Mapping[int, Sequence[WordBox]] = field(default_factory=dict)
    origin: Origin = NOWHERE


def storable(text: str) -> str:
    """The text with each character that cannot be stored replaced by U+FFFD; its length stays."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_reading(reading: Reading) -> Reading:
    """The reading with all its texts storable."""
    document = reading.document
    return replace(
        reading,
        document=replace(
            document,
            name=storable(document.name),
            title=storable(document.title),
            reason=storable(document.reason),
        ),
        pages=[
            replace(page, label=storable(page.label), text=storable(page.text))
            for page in reading.pages
        ],
        chunks=[
            replace(
                chunk,
                heading=tuple(storable(title) for title in chunk.heading),
                header=storable(chunk.header),
            )
            for chunk in reading.chunks
        ],
    )


def pack(vectors: Vectors) -> list[bytes]:
    """Vectors as they are stored: float16, little-endian, one value a row."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def page_rows(reading: Reading) -> list[dict[str, Any]]:
    """The pages of a reading as they are inserted."""
    return [
        {"document_id": reading.document.id}
        | asdict(page)
        | {"words": pack_boxes(reading.words.get(page.number, ()))}
        for page in reading.pages
    ]


def chunk_rows(reading: Reading, packed: Sequence[bytes]) -> list[dict[str, Any]]:
    """The chunks of a reading as they are inserted, with their vectors, empty for those to come."""
    place = {"library_id": reading.document.library_id, "document_id": reading.document.id}
    hashes = reading.text_hashes or [b""] * len(reading.chunks)
    return [
        place
        | asdict(chunk)
        | {"heading": list(chunk.heading), "vector": vector, "text_hash": text_hash}
        for chunk, vector, text_hash in zip(reading.chunks, packed, hashes, strict=True)
    ]


def table_rows(reading: Reading) -> list[dict[str, Any]]:
    """The tables of a reading as they are inserted."""
    return [
        {
            "document_id": reading.document.id,
            "number": table.number,
            "page": table.page,
            "name": storable(table.name),
            "header": [storable(cell) for cell in table.header],
            "rows": [
                [row.start, row.end, [storable(cell) for cell in row.cells]] for row in table.rows
            ],
        }
        for table in reading.tables
    ]


def table_of(row: Row[Any]) -> Table:
    """A part of a table from its row."""
    rows = tuple(TableRow(start, end, tuple(cells)) for start, end, cells in row.rows)
    return Table(row.number, row.page, row.name, tuple(row.header), rows)


def pack_boxes(words: Sequence[WordBox]) -> bytes | None:
    """Boxes as they are stored: six little-endian float64 a word; None for a page without."""
    if not words:
        return None
    values = [(w.start, w.end, w.left, w.top, w.right, w.bottom) for w in words]
    return np.array(values, dtype="<f8").tobytes()


def boxes_of(packed: bytes | None) -> tuple[WordBox, ...]:
    """The boxes that were packed."""
    values = np.frombuffer(packed or b"", dtype="<f8").reshape(-1, 6).tolist()
    return tuple(WordBox(int(start), int(end), *place) for start, end, *place in values)


def library_of(row: Row[Any]) -> Library:
    """A library from its row."""
    return Library(
        row.id,
        row.removed_name or row.name,
        row.embedding_model,
        row.dimension,
        row.generation,
        row.vectors,
        row.owner,
        row.language,
        row.stays_here,
        row.rebuilt,
        row.chosen,
    )


def document_of(row: Row[Any]) -> Document:
    """A document from a row that has its columns, plain."""
    return Document(
        row.id,
        row.library_id,
        row.name,
        row.title,
        row.media_type,
        row.sha256,
        row.size_bytes,
        DocumentState(row.state),
        row.reason,
        row.page_count,
        row.paginated,
        row.chunks,
        row.embedded,
    )


def page_of(row: Row[Any]) -> Page:
    """A page from its row."""
    return Page(row.number, row.label, row.text, row.offset, PageState(row.state), row.reason)


def chunk_query() -> Select[Any]:
    """Select chunks with their text, the label of their page and the whole of their document."""
    text = func.substr(pages.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
    return (
        select(
            documents,
            chunks.c.id.label("chunk_id"),
            chunks.c.page,
            chunks.c.start,
            chunks.c.end,
            chunks.c.heading,
            chunks.c.tokens,
            chunks.c.header,
            pages.c.label,
            text.label("text"),
        )
        .join_from(chunks, documents, documents.c.id == chunks.c.document_id)
        .join(
            pages,
            (pages.c.document_id == chunks.c.document_id) & (pages.c.number == chunks.c.page),
        )
    )


def indexed_query() -> Select[Any]:
    """As `chunk_query`, with the first words of the page: what a table or a statement is called."""
    return chunk_query().add_columns(func.substr(pages.c.text, 1, LEAD).label("lead"))


def stored_chunk(row: Row[Any]) -> StoredChunk:
    """A chunk from a row of `chunk_query`."""
    chunk = Chunk(row.page, row.start, row.end, tuple(row.heading), row.tokens, row.header)
    return StoredChunk(row.chunk_id, chunk, row.text, document_of(row), row.label)


def indexed_chunk(row: Row[Any]) -> IndexedChunk:
    """What is indexed of a chunk, from a row of `indexed_query`."""
    heading = " ".join(filter(None, [*row.heading, row.header]))
    if row.paginated and row.start > 0:  # the page's own heading is not among its words
        heading = f"{heading} {row.lead[: row.start]}".strip()
    return IndexedChunk(row.chunk_id, row.id, f"{row.title} {row.name}", heading, row.text)
