from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic.script import ScriptDirectory

from rag.domain import Scope
from rag.errors import StoreError
from rag.store.catalog import CATALOG, Catalog
from rag.store.indexes import Indexes
from rag.store.migrations import REVISIONS
from rag.store.tables import SCHEMA_VERSION, metadata
from tests.rag.store.shelves import DIMENSION, MODEL, reading, vector_of

SCHEMAS = Path(__file__).parent
TEXT = "The harbour holds forty-one boats."


def filled(folder: Path, schema: int) -> Path:
    """A data directory of that schema, with one document, as the release that had it left it."""
    connection = sqlite3.connect(folder / CATALOG)
    connection.executescript((SCHEMAS / f"schema_{schema}.sql").read_text())
    packed = vector_of(TEXT).astype("<f2").tobytes()
    library = {"id": "lib", "owner": "local", "name": "documents", "generation": 1}
    document: dict[str, object] = {"id": "doc", "library_id": "lib", "name": "a.txt", "title": "a"}
    document |= {"media_type": "text/plain", "sha256": "0" * 64, "size_bytes": 34}
    document |= {"state": "ready", "reason": "", "page_count": 1, "paginated": 1, "added_at": 5.0}
    page = {"document_id": "doc", "number": 1, "label": "1", "state": "text", "reason": ""}
    chunk = {"id": 7, "library_id": "lib", "document_id": "doc", "page": 1, "start": 0}
    chunk |= {"end": len(TEXT), "heading": '["Heading"]', "tokens": 5, "vector": packed}
    rows: list[tuple[str, dict[str, object]]] = [
        ("mark", {"name": "samples", "value": "offered"}),
        ("library", library | {"embedding_model": MODEL, "dimension": DIMENSION}),
        ("document", document | ({"chunks": 1, "embedded": 1} if schema > 1 else {})),
        ("page", page | {"offset": 0, "text": TEXT}),
        ("chunk", chunk),
    ]
    for table, values in rows:
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join("?" for _ in values)
        insert = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608
        connection.execute(insert, tuple(values.values()))
    connection.commit()
    connection.close()
    return folder


@pytest.fixture(params=[1, 2, 3, 4, 5, 6])
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return filled(tmp_path, request.param)


def test_a_catalog_of_each_release_is_brought_up_and_answers(old: Path) -> None:
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
        assert catalog.containers.of(library.id) == []
        assert catalog.aliases.hashes(library.id, "a.txt") == set()
        assert catalog.mark("samples") == "offered"
        catalog.publish(reading(library, "more"))
        assert len(catalog.all_chunks(library.id)) == 2
        catalog.remove("doc")
        assert catalog.trash.bring_back("doc") == document
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


def test_what_was_noted_of_a_library_by_its_id_lies_with_it(old: Path) -> None:
    with closing(sqlite3.connect(old / CATALOG)) as connection:
        insert = "INSERT INTO library (id, owner, name, embedding_model, dimension, generation)"
        connection.execute(f"{insert} VALUES ('hers', 'ann', 'mine', 'm', 8, 0)")
        marks = [("usual library", "lib"), ("usual library of ann", "hers"), ("purges: hers", "3")]
        connection.executemany("INSERT INTO mark VALUES (?, ?)", marks)
        connection.commit()
    with closing(Catalog(old)) as catalog:
        ann = catalog.acting("ann")
        assert ann.library("documents").id == "hers"
        catalog.libraries.rename("lib", "letters")
        assert catalog.library("documents").id == "lib"
        assert (ann.trash.purges("hers"), catalog.trash.purges("hers")) == (3, 0)
        assert [catalog.mark(name) for name, _ in marks] == [None] * 3
        assert catalog.mark("samples") == "offered"


def test_the_last_revision_is_the_schema_of_a_new_catalog() -> None:
    revisions = ScriptDirectory(str(REVISIONS))
    assert revisions.get_heads() == [str(SCHEMA_VERSION)]
    assert revisions.get_bases() == ["1"]


def test_a_catalog_that_cannot_be_brought_up_is_left_as_it_was(old: Path) -> None:
    connection = sqlite3.connect(old / CATALOG)
    connection.execute("CREATE TABLE reembedding (id INTEGER)")  # stands in the way
    connection.commit()
    before = sorted(connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    with pytest.raises(StoreError, match="already exists"):
        Catalog(old)
    after = sorted(connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    assert after == before
    assert connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION
    connection.close()


def test_a_catalog_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    Catalog(tmp_path).close()
    connection = sqlite3.connect(tmp_path / CATALOG)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = (tmp_path / CATALOG).read_bytes()
    with pytest.raises(StoreError, match="newer Tramontane"):
        Catalog(tmp_path)
    assert (tmp_path / CATALOG).read_bytes() == before
