"""The same bytes under two names are one document, which stays as long as one of them does."""

from __future__ import annotations

from pathlib import Path

from ingest.queue import IngestQueue
from rag.domain import Library
from rag.intake import Origin
from rag.store.catalog import Catalog
from tests.ingest.scanning import Counting, settled, start

FERRY = "The ferry leaves Toulon at 9:40."
BEES = "This file is now about bees and honey."


def add(queue: IngestQueue, path: Path, words: str) -> None:
    path.write_text(words)
    queue.submit(path, path.name, keep=True, origin=Origin(str(path)))
    settled(queue)


def texts(catalog: Catalog, library: Library) -> dict[str, str]:
    return {
        document.name: catalog.page(document.id, 1).text.strip()
        for document in catalog.documents(library.id)
    }


def test_a_copy_under_another_name_outlives_the_change_of_the_first(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    queue_of.append(start(catalog, embedder, None, tmp_path))
    first, copy = tmp_path / "z.txt", tmp_path / "a.txt"
    add(queue_of[0], first, FERRY)
    add(queue_of[0], copy, FERRY)
    assert texts(catalog, library) == {"z.txt": FERRY}

    add(queue_of[0], first, BEES)
    assert texts(catalog, library) == {"a.txt": FERRY, "z.txt": BEES}
    (new,) = [each for each in catalog.documents(library.id) if each.name == "z.txt"]
    assert catalog.trash.versions(new.id) == []

    add(queue_of[0], copy, "Now it tells of boats.")  # the last place of the ferry
    assert texts(catalog, library) == {"a.txt": "Now it tells of boats.", "z.txt": BEES}


def test_a_copy_that_changed_before_is_no_copy(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    queue_of.append(start(catalog, embedder, None, tmp_path))
    first, copy = tmp_path / "z.txt", tmp_path / "a.txt"
    add(queue_of[0], first, FERRY)
    add(queue_of[0], copy, FERRY)
    add(queue_of[0], copy, "Now it tells of boats.")
    add(queue_of[0], first, BEES)
    assert len(catalog.documents(library.id)) == 2
    assert texts(catalog, library) == {"a.txt": "Now it tells of boats.", "z.txt": BEES}
