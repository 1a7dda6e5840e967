from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.domain import Library
from rag.store.catalog import Catalog
from tests.rag.store.shelves import library_in


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return library_in(catalog)
