from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from rag.domain import Library
from rag.errors import NotFoundError
from rag.intake import Origin
from rag.store.catalog import Catalog
from rag.store.database import journal_mode
from rag.store.isolation import Upkeep
from rag.store.rows import pack
from rag.store.workplaces import own_file
from tests.rag.store.shelves import MODEL, reading, vector_of

CANARY = "canary-7f3a91"


def bytes_of(folder: Path) -> bytes:
    """Every byte of the database, its log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("catalog.sqlite*")))


@pytest.mark.parametrize("length", [1, 40_000], ids=["in a page", "over many pages"])
def test_the_words_of_a_purged_document_are_nowhere_in_the_database(
    length: int, tmp_path: Path
) -> None:
    catalog = Catalog(tmp_path / "data")
    library = catalog.create_library("documents", "test-embedder", 8)
    catalog.publish(reading(library, "what stays", name="stays.txt"))
    text = f"{CANARY} " + " ".join(f"{CANARY}-{number}" for number in range(length // 20))
    document = catalog.publish(reading(library, text, name=f"{CANARY}.txt"))
    assert CANARY.encode() in bytes_of(tmp_path / "data")
    catalog.remove(document.id)
    assert CANARY.encode() in bytes_of(tmp_path / "data")
    assert catalog.trash.purge([document.id])
    assert CANARY.encode() not in bytes_of(tmp_path / "data")  # while the catalog is open
    assert b"what stays" in bytes_of(tmp_path / "data")
    catalog.close()
    assert CANARY.encode() not in bytes_of(tmp_path / "data")


def test_what_moved_from_page_to_page_leaves_nothing_behind(tmp_path: Path) -> None:
    """Rows that get their vectors grow, and what moves then is not overwritten by SQLite."""
    random = Random(9)  # noqa: S311 - by which bytes stay where nothing is rewritten
    catalog = Catalog(tmp_path)
    library = catalog.create_library("documents", MODEL, 512)
    names = [*(f"doc{number}" for number in range(12)), CANARY, *(f"new{n}" for n in range(4))]
    for name in names:
        count = 20 if name == CANARY else random.randint(1, 30)
        texts = [f"{name} " * random.randint(3, 900) for _ in range(count)]
        read = reading(library, *texts, name=f"{name}.txt", id_=name)
        given = [
            replace(chunk, heading=(f"{name}-heading",) * random.randint(1, 30))
            for chunk in read.chunks
        ]
        catalog.publish(replace(read, chunks=given, vectors=None))
    for name in names:
        pending = catalog.pending_chunks(name)
        vectors = np.stack([vector_of(str(chunk.id), 512) for chunk in pending])
        packed = zip(pending, pack(vectors), strict=True)
        catalog.put_vectors(name, MODEL, {chunk.id: vector for chunk, vector in packed})
    catalog.remove(CANARY)
    assert catalog.trash.purge([CANARY])
    assert CANARY.encode() not in bytes_of(tmp_path)
    catalog.verify()
    catalog.close()


def test_earlier_versions_are_purged_with_their_document(
    catalog: Catalog, library: Library
) -> None:
    for words in (f"{CANARY} one", f"{CANARY} two", "harmless"):
        read = replace(reading(library, words), origin=Origin(f"/{CANARY}/note.txt"))
        now = catalog.publish(read)
    assert len(catalog.trash.versions(now.id)) == 2
    catalog.remove(now.id)
    assert catalog.trash.purge([now.id])
    assert CANARY.encode() not in bytes_of(catalog.data_dir)


@pytest.mark.skipif(journal_mode() != "wal", reason="there is no write-ahead log")
def test_a_purge_beside_a_reader_is_cleaned_up_later(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = catalog.publish(reading(library, CANARY, name="canary.txt"))
    catalog.remove(document.id)
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept_document").scalar_one() == 1
        monkeypatch.setattr("rag.store.database.BUSY_TIMEOUT_MS", 50)
        assert not catalog.trash.purge([document.id])
    assert catalog.trash.of(library.id) == []
    assert catalog.trash.clean()
    assert CANARY.encode() not in bytes_of(catalog.data_dir)


def test_files_of_no_document_are_swept(catalog: Catalog, library: Library, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("words")
    catalog.blobs.put(path)
    catalog.publish(reading(library, "words"))
    path.write_text("killed before it was published")
    orphan = catalog.blobs.path(catalog.blobs.put(path))
    half = orphan.parent / ".new-half"
    half.write_text("half a file")
    with own_file(orphan.parent, ".new-") as in_use:
        os.utime(in_use, (1, 1))  # whatever the clock says
        assert catalog.discard_orphans() == 1
        assert [orphan.exists(), half.exists(), in_use.exists()] == [False, False, True]
    (document,) = catalog.documents(library.id)
    assert catalog.original(document.id).read_text() == "words"
    assert catalog.discard_orphans() == 0


def test_a_page_number_that_cannot_be_is_not_found(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    for number in (0, -1, 2**63, 10**400):
        with pytest.raises(NotFoundError, match="has no page"):
            catalog.page(document.id, number)
