from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Library
from rag.store.catalog import Catalog
from rag.store.halves import halves_in_memory
from rag.store.indexes import Indexes
from rag.store.rows import pack
from rag.store.vectors import Base, VectorIndex, open_vector_index
from tests.rag.store.shelves import DIMENSION, reading, vector_of


def index_of(count: int) -> VectorIndex:
    ids = np.arange(10, 10 + count, dtype=np.int64)
    rows = [vector_of(str(number)) for number in range(count)]
    packed = [row.astype("<f2").tobytes() for row in rows]
    return VectorIndex(Base(ids, halves_in_memory(packed, DIMENSION), frozenset()))


def test_the_nearest_come_first_with_their_cosine() -> None:
    query = vector_of("7")
    found = index_of(50).search(query, 5)
    expected = sorted(((float(vector_of(str(n)) @ query), 10 + n) for n in range(50)), reverse=True)
    assert [id_ for id_, _ in found] == [id_ for _, id_ in expected[:5]]
    assert [score for _, score in found] == pytest.approx(
        [score for score, _ in expected[:5]], abs=1e-3
    )
    assert found[0][0] == 17
    assert found[0][1] == pytest.approx(1.0, abs=1e-3)


@given(st.sets(st.integers(0, 60)), st.integers(1, 70))
def test_a_filter_is_exact(allowed: set[int], k: int) -> None:
    query = vector_of("the question")
    found = index_of(40).search(query, k, [range(id_, id_ + 1) for id_ in allowed])
    within = [n for n in range(40) if 10 + n in allowed]
    best = sorted(within, key=lambda n: -float(vector_of(str(n)) @ query))[:k]
    assert [id_ for id_, _ in found] == [10 + n for n in best]


def test_asking_for_more_than_there_is_gives_all() -> None:
    assert len(index_of(3).search(vector_of("x"), 100)) == 3


def test_nothing_is_found_where_nothing_is() -> None:
    assert index_of(0).search(vector_of("x"), 5) == []
    assert index_of(3).search(vector_of("x"), 5, []) == []
    assert index_of(3).search(vector_of("x"), 5, [range(999, 1000)]) == []


def test_the_matrix_is_mapped_from_a_file_not_loaded(catalog: Catalog, library: Library) -> None:
    catalog.publish(reading(library, "one", "two"))
    library = catalog.library("documents")
    for _ in ("as built", "as found"):
        index = open_vector_index(catalog, library, catalog.embedded_spans(library.id))
        assert index.base.rows.is_mapped
        assert [id_ for id_, _ in index.search(vector_of("two"), 1)] == [2]


def test_an_empty_library_is_found_again_too(catalog: Catalog, library: Library) -> None:
    for _ in ("as built", "as found"):
        index = open_vector_index(catalog, library, catalog.embedded_spans(library.id))
        assert len(index) == 0
        assert index.search(vector_of("x"), 5) == []


def test_an_index_goes_on_after_its_files_are_removed(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    catalog.publish(reading(library, "one", "two"))
    library = catalog.library("documents")
    index = open_vector_index(catalog, library, catalog.embedded_spans(library.id))
    folder = catalog.data_dir / "derived" / library.id / f"vectors-{library.generation}"
    folder.replace(tmp_path / "away")
    for path in (tmp_path / "away").iterdir():
        path.unlink()
    assert [id_ for id_, _ in index.search(vector_of("one"), 1)] == [1]


def test_a_folder_removed_before_it_is_opened_is_read_from_the_catalog(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, "one", "two"))
    library = catalog.library("documents")
    gone = catalog.data_dir / "gone"
    monkeypatch.setattr("rag.store.vectors.provide", lambda *_: gone)
    index = open_vector_index(catalog, library, catalog.embedded_spans(library.id))
    assert [id_ for id_, _ in index.search(vector_of("two"), 1)] == [2]


def test_without_a_folder_it_works_in_memory(catalog: Catalog, library: Library) -> None:
    catalog.publish(reading(library, "one", "two"))
    (catalog.data_dir / "derived").write_text("a file where the folder should be")
    index = open_vector_index(catalog, library, catalog.embedded_spans(library.id))
    assert [id_ for id_, _ in index.search(vector_of("two"), 1)] == [2]
    assert (catalog.data_dir / "derived").is_file()


def test_vectors_made_anew_by_a_model_of_the_same_name_take_the_place_of_the_old(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "one", "two"))
    elsewhere, here = Indexes(catalog), Indexes(catalog)
    for indexes in (elsewhere, here):
        assert indexes.current(library.id).vectors.search(vector_of("two"), 1)[0][0] == 2
    turned = pack(np.stack([vector_of("two"), vector_of("one")]))
    now = catalog.library("documents")
    catalog.replace_vectors(now, now.embedding_model, now.dimension, {1: turned[0], 2: turned[1]})
    for indexes in (elsewhere, Indexes(catalog)):
        assert indexes.current(library.id).vectors.search(vector_of("two"), 1)[0][0] == 1
