from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.domain import Library
from rag.errors import EmbeddingMismatchError, NotFoundError
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.rows import pack
from rag.store.spans import ChunkSpan
from tests.rag.store.shelves import (
    DIMENSION,
    MODEL,
    finish,
    library_in,
    reading,
    start_python,
    together,
    vector_of,
)

Found = tuple[list[tuple[int, float]], list[tuple[int, float]]]
TEXTS = ["one boat at sea", "two boats in the harbour", "three winters without a boat"]


def search(index: LibraryIndex, text: str) -> Found:
    """What words and vectors find for the exact text of a chunk."""
    return index.words.search(text, 10), index.vectors.search(vector_of(text), 10)


def texts_found(catalog: Catalog, index: LibraryIndex, text: str) -> set[str]:
    known = {chunk.id: chunk.text for chunk in catalog.all_chunks(index.library.id)}
    words, vectors = search(index, text)
    return {known.get(id_, "a removed chunk") for id_, _ in (*words, *vectors)}


@pytest.fixture
def filled(catalog: Catalog, library: Library) -> Library:
    catalog.publish(reading(library, *TEXTS))
    return catalog.library("documents")


def test_an_index_is_opened_once_while_nothing_changes(catalog: Catalog, filled: Library) -> None:
    indexes = Indexes(catalog)
    assert indexes.current(filled.id) is indexes.current(filled.id)


def test_an_index_follows_every_change(catalog: Catalog, filled: Library) -> None:
    indexes = Indexes(catalog)
    assert len(indexes.current(filled.id).vectors) == 3
    document = catalog.publish(reading(filled, "a fourth boat", name="more.txt"))
    index = indexes.current(filled.id)
    assert (len(index.vectors), len(index.words)) == (4, 4)
    assert index.chunks_of([document.id]) == [4]
    catalog.remove(document.id)
    index = indexes.current(filled.id)
    assert (len(index.vectors), len(index.words)) == (3, 3)
    assert index.chunks_of([document.id, "nobody"]) == []


def test_a_library_that_is_gone_is_named(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="no longer exists"):
        Indexes(catalog).current("nobody")


def test_libraries_do_not_share_an_index(catalog: Catalog, filled: Library) -> None:
    other = library_in(catalog, "other")
    catalog.publish(reading(other, "a boat elsewhere"))
    indexes = Indexes(catalog)
    assert texts_found(catalog, indexes.current(other.id), "boat") == {"a boat elsewhere"}
    assert texts_found(catalog, indexes.current(filled.id), "boat") == set(TEXTS)


def derived_files(catalog: Catalog, library: Library) -> list[Path]:
    folder = catalog.data_dir / "derived" / library.id
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip_bytes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(len(content) % 7, len(content), 1 + len(content) // 20):
        content[place] ^= 0x55
    overwrite(path, bytes(content))


def halve(path: Path) -> None:
    overwrite(path, path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path: Path, content: bytes = b"something of another program\n" * 50) -> None:
    path.unlink()  # the old content may be mapped, and cutting it under its user is a crash
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [flip_bytes, halve, overwrite, Path.unlink])
def test_damage_to_any_file_changes_no_result(
    damage: Callable[[Path], None], catalog: Catalog, filled: Library
) -> None:
    expected = search(Indexes(catalog).current(filled.id), TEXTS[1])
    assert expected[0][0][0] == expected[1][0][0] == 2
    names = [path.name for path in derived_files(catalog, filled)]
    assert len(names) > 8
    for place in range(len(names)):
        path = derived_files(catalog, filled)[place]
        if path.stat().st_size or damage is not halve:
            damage(path)
        assert search(Indexes(catalog).current(filled.id), TEXTS[1]) == expected
        assert len(derived_files(catalog, filled)) == len(names)


def test_damage_to_all_files_changes_no_result(catalog: Catalog, filled: Library) -> None:
    expected = search(Indexes(catalog).current(filled.id), TEXTS[0])
    for path in derived_files(catalog, filled):
        overwrite(path)
    assert search(Indexes(catalog).current(filled.id), TEXTS[0]) == expected
    shutil.rmtree(catalog.data_dir / "derived")
    assert search(Indexes(catalog).current(filled.id), TEXTS[0]) == expected


def test_where_nothing_derived_can_be_written_all_is_found_in_memory(
    catalog: Catalog, filled: Library
) -> None:
    expected = search(Indexes(catalog).current(filled.id), TEXTS[2])
    shutil.rmtree(catalog.data_dir / "derived")
    (catalog.data_dir / "derived").write_text("a file where the folder should be")
    assert search(Indexes(catalog).current(filled.id), TEXTS[2]) == expected


def test_a_discarded_index_is_made_again(catalog: Catalog, filled: Library) -> None:
    indexes = Indexes(catalog)
    expected = search(indexes.current(filled.id), TEXTS[1])
    indexes.discard(filled.id)
    assert derived_files(catalog, filled) == []
    assert search(indexes.current(filled.id), TEXTS[1]) == expected


def test_a_catalog_restored_from_a_backup_does_not_use_a_later_index(
    catalog: Catalog, filled: Library, tmp_path: Path
) -> None:
    path = catalog.data_dir / "catalog.sqlite"
    catalog.close()
    backup = path.read_bytes()
    reopened = Catalog(catalog.data_dir)
    reopened.publish(reading(filled, "what the backup never held", name="lost.txt"))
    assert len(Indexes(reopened).current(filled.id).vectors) == 4
    reopened.close()
    path.write_bytes(backup)
    restored = Catalog(catalog.data_dir)
    try:
        restored.publish(reading(filled, "what came after the backup", name="new.txt"))
        index = Indexes(restored).current(filled.id)  # of the same generation as the lost one
        found = texts_found(restored, index, "what came after the backup")
        assert "what came after the backup" in found
        assert "a removed chunk" not in found
        best = index.vectors.search(vector_of("what came after the backup"), 1)
        assert best[0][1] == pytest.approx(1.0, abs=1e-3)
    finally:
        restored.close()


def test_a_library_embedded_again_meanwhile_is_refused_not_misread(
    catalog: Catalog, filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [chunk.id for chunk in catalog.all_chunks(filled.id)]
    packed = [pack(vector_of(str(id_), 16)[None, :])[0] for id_ in ids]
    monkeypatch.setattr(catalog, "library_with_id", lambda _: filled)  # read just before
    catalog.replace_vectors(filled, "wide", 16, dict(zip(ids, packed, strict=True)))
    with pytest.raises(EmbeddingMismatchError, match="Restart Tramontane"):
        Indexes(catalog).current(filled.id)


CHANGE = """
import sys
from pathlib import Path
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from tests.rag.store.shelves import reading
catalog = Catalog(Path(sys.argv[1]))
library = catalog.library("documents")
if sys.argv[2] == "remove":
    catalog.remove(catalog.documents(library.id)[0].id)
else:
    catalog.publish(reading(library, "a boat from another process", name="theirs.txt"))
if sys.argv[3] == "search":
    Indexes(catalog).current(library.id)
catalog.close()
"""


@pytest.mark.parametrize("then", ["leave", "search"])
def test_what_another_process_adds_or_removes_is_seen_at_the_next_search(
    then: str, catalog: Catalog, filled: Library
) -> None:
    indexes = Indexes(catalog)
    assert texts_found(catalog, indexes.current(filled.id), "boat") == set(TEXTS)
    finish(start_python(CHANGE, str(catalog.data_dir), "add", then))
    index = indexes.current(filled.id)
    assert texts_found(catalog, index, "boat") == {*TEXTS, "a boat from another process"}
    finish(start_python(CHANGE, str(catalog.data_dir), "remove", then))
    index = indexes.current(filled.id)
    assert texts_found(catalog, index, "boat") == {"a boat from another process"}


OPEN = """
import sys
from pathlib import Path
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
catalog = Catalog(Path(sys.argv[1]))
library = catalog.library("documents")
print("ready", flush=True)
input()
index = Indexes(catalog).current(library.id)
print(len(index.vectors), [id_ for id_, _ in index.words.search("harbour", 5)])
catalog.close()
"""


def test_processes_that_build_the_same_index_at_once_find_the_same(
    catalog: Catalog, filled: Library
) -> None:
    assert together(OPEN, 3, str(catalog.data_dir)) == ["3 [2]"] * 3
    assert {path.parent.name for path in derived_files(catalog, filled)} == {
        "lexical-1",
        "vectors-1",
    }


def test_threads_that_open_an_index_at_once_share_it(catalog: Catalog, filled: Library) -> None:
    indexes = Indexes(catalog)
    found: list[LibraryIndex] = []
    threads = [
        threading.Thread(target=lambda: found.append(indexes.current(filled.id))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(index is found[0] for index in found)


def test_one_library_is_searched_while_another_is_indexed(
    catalog: Catalog, filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = library_in(catalog, "others")
    began, go_on = threading.Event(), threading.Event()
    spans_of = catalog.chunk_spans

    def slow(library_id: str) -> list[ChunkSpan]:
        if library_id == other.id:
            began.set()
            assert go_on.wait(30)
        return spans_of(library_id)

    monkeypatch.setattr(catalog, "chunk_spans", slow)
    indexes = Indexes(catalog)
    thread = threading.Thread(target=indexes.current, args=(other.id,))
    thread.start()
    assert began.wait(30)
    try:
        assert search(indexes.current(filled.id), TEXTS[0])[0]
    finally:
        go_on.set()
        thread.join()


def test_a_chunk_that_came_while_the_index_was_opened_has_no_document(
    catalog: Catalog, library: Library, filled: Library
) -> None:
    index = Indexes(catalog).current(filled.id)
    ids = index.chunks_of(index.chunks_by_document)

    assert {index.document_of(id_) for id_ in ids} == set(index.chunks_by_document)
    assert index.document_of(max(ids) + 1) == ""
    assert index.document_of(0) == ""


def test_an_empty_library_has_no_documents(catalog: Catalog, library: Library) -> None:
    assert Indexes(catalog).current(library.id).document_of(1) == ""


@pytest.mark.parametrize("is_open", [True, False])
def test_vectors_made_anew_by_the_same_model_are_searched_at_once(
    catalog: Catalog, library: Library, is_open: bool
) -> None:
    catalog.publish(reading(library, "boats", "lamps"))
    indexes = Indexes(catalog)
    indexes.current(library.id)
    first, second = (chunk.id for chunk in catalog.all_chunks(library.id))
    swapped = pack(np.stack([vector_of("lamps"), vector_of("boats")]))
    new = dict(zip((first, second), swapped, strict=True))
    catalog.replace_vectors(catalog.library("documents"), MODEL, DIMENSION, new)

    index = (indexes if is_open else Indexes(catalog)).current(library.id)

    ((found, score), *_) = index.vectors.search(vector_of("boats"), 1)
    assert (found, round(score, 2)) == (second, 1.0)
    # What comes later goes beside them again, and they are not written anew.
    catalog.publish(reading(library, "more", name="more.txt"))
    assert indexes.current(library.id).vectors.base.generation == index.vectors.base.generation
