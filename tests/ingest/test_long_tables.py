"""Long tables of PDFs: every chunk has the heads of its columns, and no row is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.domain import Scope
from rag.intake import TableRow
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from tests import long_tables
from tests.fakes import HashEmbedder

COLUMNS = " | ".join(long_tables.HEADS)
KINDS = [(lined, repeated) for lined in (False, True) for repeated in (False, True)]


@pytest.mark.parametrize(("lined", "repeated"), KINDS)
def test_every_chunk_of_a_long_table_has_its_heads(
    tmp_path: Path, lined: bool, repeated: bool
) -> None:
    path = tmp_path / "riders.pdf"
    path.write_bytes(long_tables.table(lined=lined, repeated=repeated))
    catalog, embedder = Catalog(tmp_path / "data"), HashEmbedder()
    library = catalog.create_library("documents", embedder.model, embedder.dimension)

    document = Ingestor(catalog, embedder, Limits(1_000_000, 100), load).add(path, library).document

    chunks = list(catalog.all_chunks(library.id))
    begins = sum(long_tables.INTRODUCTION in chunk.text for chunk in chunks)
    headed = [chunk for chunk in chunks if chunk.chunk.header == COLUMNS]
    assert begins == 1
    named = [chunk for chunk in chunks if chunk.text.startswith("Station 2019 2020 2021")]
    assert len(headed) >= len(chunks) - begins
    assert len(named) == 2 * repeated
    rows = [line for chunk in chunks for line in chunk.text.splitlines() if "Metro" in line]
    wanted = range(1, long_tables.ROWS + 1)
    assert rows == [" ".join(long_tables.row(station)) for station in wanted]
    embedded = [text for text in embedder.embedded if "Metro" in text]
    assert len(embedded) == len(chunks)
    assert all(COLUMNS in text or "Station 2019" in text for text in embedded)
    words = Indexes(catalog).current(library.id).words
    found = {id_ for id_, _ in words.search("Station", len(chunks))}
    assert found == {chunk.id for chunk in chunks}
    tables = catalog.tables(document.id)
    assert {table.header for table in tables} == {long_tables.HEADS}
    assert [part.page for part in tables] == [1, 2, 3]
    catalog.close()


def test_the_rows_of_a_page_come_with_its_chunks(tmp_path: Path) -> None:
    path, text = tmp_path / "riders.pdf", tmp_path / "riders.csv"
    path.write_bytes(long_tables.table(lined=False, repeated=False))
    text.write_text("Station,2019\nMetro 001,5\n", encoding="utf-8")
    catalog, embedder = Catalog(tmp_path / "data"), HashEmbedder()
    library = catalog.create_library("documents", embedder.model, embedder.dimension)
    ingestor = Ingestor(catalog, embedder, Limits(1_000_000, 100), load)
    document, other = (ingestor.add(each, library).document for each in (path, text))
    places = [(document.id, 2), (other.id, 1)]

    pages = catalog.chunked_pages(places, catalog.scope(library.id))

    page = pages[document.id, 2]
    begin = page.page.text.index("Metro 042")
    rows = page.rows(begin, page.page.text.index("Metro 044"))
    assert [(cells, heads) for _, cells, heads in rows] == [
        (long_tables.row(station), long_tables.HEADS) for station in (42, 43)
    ]
    shown = page.page.text[begin:]
    assert [shown[at.start : at.end] for at, _, _ in rows] == [
        " ".join(long_tables.row(station)) for station in (42, 43)
    ]
    assert pages[other.id, 1].tables == ()  # its borders part them
    assert isinstance(page.tables[0].rows[0], TableRow)
    assert catalog.chunked_pages(places, Scope(library.id, frozenset())) == {}
    catalog.close()
