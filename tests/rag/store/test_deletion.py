from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rag.domain import Library
from rag.errors import NotFoundError
from rag.store.blobs import ABANDONED_SECONDS
from rag.store.catalog import Catalog
from rag.store.database import journal_mode
from tests.rag.store.shelves import reading

CANARY = "canary-7f3a91"


def bytes_of(folder: Path) -> bytes:
    """Every byte of the database, its log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("catalog.sqlite*")))


@pytest.mark.parametrize("length", [1, 40_000], ids=["in a page", "over many pages"])
def test_the_words_of_a_removed_document_are_nowhere_in_the_database(
    length: int, tmp_path: Path
) -> None:
    catalog = Catalog(tmp_path / "data")
    library = catalog.create_library("documents", "test-embedder", 8)
    catalog.publish(reading(library, "what stays", name="stays.txt"))
    text = f"{CANARY} " + " ".join(f"{CANARY}-{number}" for number in range(length // 20))
    document = catalog.publish(reading(library, text, name=f"{CANARY}.txt"))
    assert CANARY.encode() in bytes_of(tmp_path / "data")
    catalog.remove(document.id)
    assert CANARY.encode() not in bytes_of(tmp_path / "data")  # while the catalog is open
    assert b"what stays" in bytes_of(tmp_path / "data")
    catalog.close()
    assert CANARY.encode() not in bytes_of(tmp_path / "data")
    assert len((tmp_path / "data" / "catalog.sqlite").read_bytes()) > length  # zeros, not cut


@pytest.mark.skipif(journal_mode() != "wal", reason="there is no write-ahead log")
def test_a_removal_beside_a_reader_waits_for_nobody_and_the_next_one_empties_the_log(
    catalog: Catalog, library: Library
) -> None:
    documents = [catalog.publish(reading(library, f"{CANARY} {n}")) for n in range(2)]
    with catalog._reader.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM document").scalar_one() == 2
        started = time.monotonic()
        catalog.remove(documents[0].id)
        assert time.monotonic() - started < 5
    catalog.remove(documents[1].id)
    assert CANARY.encode() not in bytes_of(catalog.data_dir)


def test_files_of_no_document_are_swept(catalog: Catalog, library: Library, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("words")
    catalog.blobs.put(path)
    catalog.publish(reading(library, "words"))
    path.write_text("killed before it was published")
    orphan = catalog.blobs.path(catalog.blobs.put(path))
    half = orphan.parent / ".new-half"
    fresh = orphan.parent / ".new-fresh"
    for unfinished in (half, fresh):
        unfinished.write_text("half a file")
    long_ago = time.time() - 2 * ABANDONED_SECONDS
    os.utime(half, (long_ago, long_ago))
    assert catalog.discard_orphans() == 1
    assert [orphan.exists(), half.exists(), fresh.exists()] == [False, False, True]
    (document,) = catalog.documents(library.id)
    assert catalog.original(document.id).read_text() == "words"
    assert catalog.discard_orphans() == 0


def test_a_page_number_that_cannot_be_is_not_found(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    for number in (0, -1, 2**63, 10**400):
        with pytest.raises(NotFoundError, match="has no page"):
            catalog.page(document.id, number)
