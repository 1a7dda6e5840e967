from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from rag.domain import Scope
from rag.store.catalog import CATALOG, Catalog
from rag.store.indexes import Indexes
from rag.store.tables import SCHEMA_VERSION, metadata
from tests.rag.store.shelves import DIMENSION, MODEL, reading, vector_of

SCHEMAS = Path(__file__).parent
TEXT = "The harbour holds forty-one boats."


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data directory of the first release, with one document."""
    connection = sqlite3.connect(tmp_path / CATALOG)
    connection.executescript((SCHEMAS / "schema_1.sql").read_text())
    packed = vector_of(TEXT).astype("<f2").tobytes()
    connection.execute("INSERT INTO mark VALUES ('samples', 'offered')")
    connection.execute(
        "INSERT INTO library VALUES ('lib', 'local', 'documents', ?, ?, 1)", (MODEL, DIMENSION)
    )
    connection.execute(
        "INSERT INTO document VALUES "
        "('doc', 'lib', 'a.txt', 'a', 'text/plain', ?, 34, 'ready', '', 1, 1, 5.0)",
        ("0" * 64,),
    )
    connection.execute("INSERT INTO page VALUES ('doc', 1, '1', 'text', '', 0, ?)", (TEXT,))
    connection.execute(
        "INSERT INTO chunk VALUES (7, 'lib', 'doc', 1, 0, ?, '[\"Heading\"]', 5, ?)",
        (len(TEXT), packed),
    )
    connection.commit()
    connection.close()
    return tmp_path


def test_a_catalog_of_the_first_release_is_brought_up_and_answers(old: Path) -> None:
    catalog = Catalog(old)
    try:
        library = catalog.library("documents")
        (document,) = catalog.documents(library.id)
        assert (document.chunks, document.embedded) == (1, 1)
        index = Indexes(catalog).current(library.id)
        ((found, _),) = index.vectors.search(vector_of(TEXT), 3)
        assert [chunk.text for chunk in catalog.chunks([found], Scope(library.id))] == [TEXT]
        assert index.words.search("boats", 3)[0][0] == 7
        assert catalog.words("doc", 1) == ()
        assert catalog.tables("doc") == []
        assert catalog.jobs.of(library.id) == []
        assert catalog.mark("samples") == "offered"
        catalog.publish(reading(library, "more"))
        assert len(catalog.all_chunks(library.id)) == 2
        catalog.verify()
    finally:
        catalog.close()


def test_a_catalog_brought_up_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    Catalog(old).close()
    (tmp_path / "new").mkdir()
    Catalog(tmp_path / "new").close()
    for table in metadata.sorted_tables:
        shapes = []
        for folder in (old, tmp_path / "new"):
            connection = sqlite3.connect(folder / CATALOG)
            columns = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
            indexes = connection.execute(f"PRAGMA index_list({table.name})").fetchall()
            version = connection.execute("PRAGMA user_version").fetchone()
            connection.close()
            shapes.append(
                (
                    sorted(column[1:4] for column in columns),
                    sorted(index[1] for index in indexes),
                    version,
                )
            )
        assert shapes[0] == shapes[1]
        assert shapes[0][2] == (SCHEMA_VERSION,)


def test_two_processes_may_bring_it_up_at_once(old: Path) -> None:
    first, second = Catalog(old), Catalog(old)
    try:
        assert first.documents("lib") == second.documents("lib")
    finally:
        first.close()
        second.close()


def test_the_vectors_are_as_they_were(old: Path) -> None:
    catalog = Catalog(old)
    try:
        ((id_, packed),) = catalog.packed_vectors(catalog.library("documents"))
        assert id_ == 7
        assert np.frombuffer(packed, dtype="<f2").shape == (DIMENSION,)
    finally:
        catalog.close()
