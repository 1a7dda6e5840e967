"""Large libraries, with the sizes at which they are treated as large lowered."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from rag.domain import Library
from rag.errors import EmbeddingMismatchError
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


class Workshop:
    """Stands where codes are made: says what was begun, and works until it is told to stop."""

    def __init__(self) -> None:
        self.begun: list[Base] = []
        self.stops: list[threading.Event] = []
        self._has_begun = threading.Condition()

    def make(self, _: Catalog, library: Library, base: Base, stop: threading.Event) -> None:
        with self._has_begun:
            self.begun.append(base)
            self.stops.append(stop)
            self._has_begun.notify_all()
        assert stop.wait(30)

    def wait_for(self, count: int) -> None:
        with self._has_begun:
            assert self._has_begun.wait_for(lambda: len(self.begun) == count, 30)


def makers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("codes-")]


def test_codes_for_rows_no_longer_searched_are_given_up(
    catalog: Catalog, many: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = Workshop()
    monkeypatch.setattr("rag.store.indexes.open_codes", workshop.make)
    indexes = Indexes(catalog, exact_rows=50)
    first = indexes.current(many.id).vectors.base
    workshop.wait_for(1)
    catalog.publish(reading(many, "one boat more", name="later.txt"))
    assert indexes.current(many.id).vectors.base is first
    assert (len(makers()), workshop.stops[0].is_set()) == (1, False)

    texts = [f"ship {place}" for place in range(130)]
    catalog.publish(reading(many, *texts, name="fleet.txt"))
    second = indexes.current(many.id).vectors.base
    workshop.wait_for(2)

    assert [base is second for base in workshop.begun] == [False, True]
    assert [stop.is_set() for stop in workshop.stops] == [True, False]
    indexes.close()
    assert [stop.is_set() for stop in workshop.stops] == [True, True]


def test_closing_waits_for_codes_that_were_given_up_too(
    catalog: Catalog, many: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop, may_end = Workshop(), threading.Event()

    def slow(catalog_: Catalog, library: Library, base: Base, stop: threading.Event) -> None:
        is_first = not workshop.begun
        workshop.make(catalog_, library, base, stop)
        assert not is_first or may_end.wait(30)

    monkeypatch.setattr("rag.store.indexes.open_codes", slow)
    indexes = Indexes(catalog, exact_rows=50)
    indexes.current(many.id)
    workshop.wait_for(1)
    (given_up,) = makers()
    catalog.publish(reading(many, *map(str, range(130)), name="fleet.txt"))
    indexes.current(many.id)
    workshop.wait_for(2)
    (now,) = set(makers()) - {given_up}

    closing = threading.Thread(target=indexes.close)
    closing.start()
    now.join(30)
    assert (given_up.is_alive(), closing.is_alive()) == (True, True)
    may_end.set()
    closing.join(30)

    assert not closing.is_alive()
    assert not given_up.is_alive()
    assert not makers()
    indexes.current(many.id)
    assert len(workshop.begun) == 2


@pytest.mark.parametrize(
    "fault", [RuntimeError("faiss"), OSError("full"), EmbeddingMismatchError("another model")]
)
def test_codes_that_cannot_be_made_leave_the_search_as_it_is(
    catalog: Catalog,
    many: Library,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("rag.store.indexes.open_codes", fail)
    indexes = Indexes(catalog, exact_rows=50)
    with caplog.at_level(logging.WARNING):
        index = indexes.current(many.id)
        indexes.wait()

    assert f"cannot be made: {fault}" in caplog.text
    assert [id_ for id_, _ in index.vectors.search(vector_of("boat 2 7"), 1)] == [68]


def test_making_codes_leaves_the_other_threads_of_faiss_as_they_are(
    matrix: NDArray[np.float16],
) -> None:
    rows = halves_in_memory((row.tobytes() for row in matrix[:200]), WIDE)
    before = faiss.omp_get_max_threads()
    inside: list[int] = []

    def work() -> None:
        encode(rows, threading.Event())
        inside.append(faiss.omp_get_max_threads())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert inside == [1]
    assert faiss.omp_get_max_threads() == before
