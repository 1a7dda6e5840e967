"""Large libraries, with the sizes at which they are treated as large lowered."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.domain import Library
from rag.store.approximate import LISTED_ROWS, encode
from rag.store.catalog import Catalog
from rag.store.halves import Halves, halves_in_memory, mapped_halves, write_halves
from rag.store.indexes import Indexes
from rag.store.vectors import FILTERED_ROWS, Base, VectorIndex, open_codes
from tests.rag.store.shelves import reading, vector_of

WIDE = 32
ROWS = 24_000


@pytest.fixture(scope="module")
def matrix() -> NDArray[np.float16]:
    random = np.random.default_rng(7)
    centres = random.standard_normal((300, WIDE))
    rows = centres[random.integers(0, 300, ROWS)] + 0.5 * random.standard_normal((ROWS, WIDE))
    units: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units.astype(np.float16)


@pytest.fixture(scope="module", params=[LISTED_ROWS, ROWS], ids=["codes", "codes in lists"])
def coded(matrix: NDArray[np.float16], request: pytest.FixtureRequest) -> VectorIndex:
    rows = halves_in_memory((row.tobytes() for row in matrix), WIDE)
    base = Base(np.arange(ROWS, dtype=np.int64), rows, frozenset())
    base.approximate = encode(rows, threading.Event(), listed_rows=request.param)
    assert base.approximate is not None
    return VectorIndex(base)


def exact(matrix: NDArray[np.float16], query: NDArray[np.float32], among: list[range]) -> set[int]:
    ids = np.concatenate([np.arange(part.start, part.stop) for part in among])
    similarities = matrix[ids].astype(np.float32) @ query
    return set(ids[np.argsort(-similarities)[:10]].tolist())


FILTERS = {
    "all": [range(ROWS)],
    "one document": [range(500, 530)],
    "a few documents": [range(start, start + 40) for start in range(0, ROWS, 1_000)],
    "a tenth": [range(start, start + 40) for start in range(0, ROWS, 400)],
    "half": [range(start, start + 40) for start in range(0, ROWS, 80)],
    "one half": [range(ROWS // 2, ROWS)],
}


@pytest.mark.parametrize("name", FILTERS)
def test_codes_lose_nothing_under_any_filter(
    name: str, matrix: NDArray[np.float16], coded: VectorIndex
) -> None:
    allowed = FILTERS[name]
    kept = 0
    for place in range(0, 1_000, 50):
        query = matrix[place].astype(np.float32)
        found = coded.search(query, 10, None if name == "all" else allowed)
        best = exact(matrix, query, allowed)
        kept += len(best & {id_ for id_, _ in found})
        assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
    assert kept >= 198


def test_a_filter_far_from_the_question_is_scanned(
    matrix: NDArray[np.float16], coded: VectorIndex
) -> None:
    query = matrix[3].astype(np.float32)
    order = np.argsort(matrix.astype(np.float32) @ query)[: FILTERED_ROWS + 1_000]
    allowed = [range(id_, id_ + 1) for id_ in sorted(order.tolist())]
    found = {id_ for id_, _ in coded.search(query, 10, allowed)}
    assert found == exact(matrix, query, allowed)


def test_a_file_holds_the_rows_bit_by_bit(tmp_path: Path, matrix: NDArray[np.float16]) -> None:
    write_halves(tmp_path / "rows", (row.tobytes() for row in matrix[:50]), WIDE)
    halves: Halves = mapped_halves(tmp_path / "rows")
    assert halves.is_mapped
    assert np.array_equal(halves.read(np.array([49, 0, 7])), matrix[[49, 0, 7]])
    assert np.array_equal(halves.block(10, 20), matrix[10:20].astype(np.float32))


@pytest.fixture
def many(catalog: Catalog, library: Library) -> Library:
    for number in range(4):
        texts = [f"boat {number} {place}" for place in range(30)]
        catalog.publish(reading(library, *texts, name=f"{number}.txt"))
    return catalog.library("documents")


def folders(catalog: Catalog, library: Library) -> set[str]:
    return {path.name for path in (catalog.data_dir / "derived" / library.id).iterdir()}


def test_codes_are_made_beside_the_search_and_found_again(catalog: Catalog, many: Library) -> None:
    for _ in ("as made", "as found"):
        indexes = Indexes(catalog, exact_rows=50)
        index = indexes.current(many.id)
        indexes.wait()
        assert index.vectors.base.approximate is not None
        assert [id_ for id_, _ in index.vectors.search(vector_of("boat 2 7"), 1)] == [68]
        assert folders(catalog, many) == {"vectors-4", "codes-4", "lexical-4"}
        indexes.close()


def test_damaged_codes_are_made_again(catalog: Catalog, many: Library) -> None:
    indexes = Indexes(catalog, exact_rows=50)
    indexes.current(many.id)
    indexes.wait()
    path = catalog.data_dir / "derived" / many.id / "codes-4" / "codes.index"
    path.write_bytes(path.read_bytes()[:-9])
    again = Indexes(catalog, exact_rows=50)
    index = again.current(many.id)
    again.wait()
    assert index.vectors.base.approximate is not None


def test_a_change_leaves_the_file_and_the_codes_as_they_are(
    catalog: Catalog, many: Library
) -> None:
    indexes = Indexes(catalog, exact_rows=50)
    base = indexes.current(many.id).vectors.base
    indexes.wait()
    catalog.publish(reading(many, "a boat that came later", name="later.txt"))
    first = catalog.documents(many.id)[0]
    catalog.remove(first.id)
    for opened in (indexes, Indexes(catalog, exact_rows=50)):
        vectors = opened.current(many.id).vectors
        opened.wait()
        assert len(vectors) == 91
        assert [id_ for id_, _ in vectors.search(vector_of("a boat that came later"), 1)] == [121]
        assert vectors.search(vector_of("boat 0 3"), 1)[0][0] > 30
        assert {id_ for id_, _ in vectors.search(vector_of("x"), 200)} == set(range(31, 122))
        assert {"vectors-4", "codes-4"} <= folders(catalog, many)
    assert indexes.current(many.id).vectors.base is base


def test_too_many_changes_write_the_file_again(catalog: Catalog, many: Library) -> None:
    indexes = Indexes(catalog)
    indexes.current(many.id)
    texts = [f"ship {place}" for place in range(130)]
    catalog.publish(reading(many, *texts, name="fleet.txt"))
    vectors = indexes.current(many.id).vectors
    assert vectors.base.generation == 5
    assert "vectors-4" not in folders(catalog, many)
    assert [id_ for id_, _ in vectors.search(vector_of("ship 9"), 1)] == [130]


def test_closing_stops_what_is_being_made_and_leaves_nothing(
    catalog: Catalog, many: Library
) -> None:
    base = Indexes(catalog).current(many.id).vectors.base
    stop = threading.Event()
    stop.set()
    open_codes(catalog, many, base, stop)
    assert base.approximate is None
    assert folders(catalog, many) == {"vectors-4", "lexical-4"}
    indexes = Indexes(catalog, exact_rows=50)
    indexes.current(many.id)
    indexes.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("codes-")]
