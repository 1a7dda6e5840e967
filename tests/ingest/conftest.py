from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.queue import IngestQueue
from rag.domain import Library
from rag.store.catalog import Catalog
from tests.ingest.scanning import Counting


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def library(catalog: Catalog, embedder: Counting) -> Library:
    return catalog.create_library("documents", embedder.model, embedder.dimension)


@pytest.fixture
def queue_of(catalog: Catalog) -> Iterator[list[IngestQueue]]:
    """Queues that are closed before the catalog is."""
    opened: list[IngestQueue] = []
    yield opened
    for queue in opened:
        queue.close()
