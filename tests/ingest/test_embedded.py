"""What is embedded of a chunk, and how often."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.embedded import LONGEST_HEADER, embedded_text
from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.domain import Library
from rag.store.catalog import Catalog
from tests.ingest.test_pipeline import LIMITS, LengthEmbedder


@pytest.fixture
def embedder() -> LengthEmbedder:
    return LengthEmbedder()


@pytest.fixture
def library(catalog: Catalog, embedder: LengthEmbedder) -> Library:
    return catalog.create_library("documents", embedder.model, embedder.dimension)


@pytest.fixture
def ingestor(catalog: Catalog, embedder: LengthEmbedder) -> Ingestor:
    return Ingestor(catalog, embedder, LIMITS, load)


def test_what_is_embedded_is_the_headings_then_the_words() -> None:
    assert embedded_text("Guide", ("Guide", "Boats"), "forty-\none  boats") == (
        "Guide · Boats\nfortyone boats"
    )
    assert embedded_text("x" * 500, (), "words") == f"{'x' * LONGEST_HEADER}\nwords"
    assert embedded_text("Sales", (), "Mops | 7", "Product | 2023") == (
        "Sales\nProduct | 2023\nMops | 7"
    )


def test_rows_of_a_table_are_embedded_below_its_header(
    catalog: Catalog, library: Library, ingestor: Ingestor, embedder: LengthEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "sales.csv"
    rows = "".join(f"Product number {number},{number}\n" for number in range(400))
    path.write_text(f"Product,Sold in 2023\n{rows}")
    ingestor.add(path, library)
    assert len(embedder.embedded) > 3
    assert all("Product | Sold in 2023" in text for text in embedder.embedded)


def test_a_text_that_stands_twice_is_embedded_once(
    catalog: Catalog, library: Library, ingestor: Ingestor, embedder: LengthEmbedder, tmp_path: Path
) -> None:
    paths = [tmp_path / "a" / "note.txt", tmp_path / "b" / "note.txt"]
    paragraph = "The harbour holds forty-one boats in winter. " * 40
    for path, more in zip(paths, ("", "And one more."), strict=True):
        path.parent.mkdir()
        path.write_text(f"{paragraph}\n\n" * 6 + more)
    documents = [ingestor.take(path, library).added for path in paths]
    for added in documents:
        assert added is not None
        ingestor.embed(added.document.id)
    chunks = catalog.all_chunks(library.id)
    assert len(embedder.embedded) == len(set(embedder.embedded)) < len(chunks) / 3
    assert {each.embedded - each.chunks for each in catalog.documents(library.id)} == {0}
