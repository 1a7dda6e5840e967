"""Libraries that are embedded anew behind the page, with what others do meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.embedded import text_of
from ingest.reembedding import price_of_reembedding, reembed
from ingest.reembedding_runs import ReembeddingRuns
from rag.domain import Library
from rag.errors import (
    LibraryError,
    PolicyError,
    RagError,
    SettingsError,
    StoreError,
    UnavailableError,
)
from rag.intake import Stage
from rag.protocols import Embedder, Vectors
from rag.store.catalog import Catalog
from rag.store.holds import LostHoldError, new_holder
from rag.store.isolation import Upkeep
from rag.store.jobs import HOLD_SECONDS
from rag.store.reembeddings import ENDED_OFTEN, Reembedding
from rag.store.tables import reembeddings as rows
from tests.fakes import HashEmbedder
from tests.rag.store.shelves import MODEL, finish, library_in, reading, start_python
from tests.stored import vectors_of

TEXTS = [f"Boat {number} lies at pier {number}." for number in range(6)]
KILLED = """
import sys
from pathlib import Path
from ingest import reembedding
from rag.store.catalog import Catalog
from tests.fakes import HashEmbedder
import os

reembedding.BATCH_CHUNKS = 1
catalog = Catalog(Path(sys.argv[1]))
count = 0

class Dying(HashEmbedder):
    def embed(self, texts):
        global count
        count += 1
        if count == 4:
            print(count, flush=True)
            os._exit(0)
        return super().embed(texts)

reembedding.reembed(catalog, catalog.library("documents"), Dying("new", 16), lambda _: None)
"""


class Acting(HashEmbedder):
    """Does something before each batch."""

    def __init__(self, act: Callable[[int], None]) -> None:
        super().__init__("new", 16)
        self._act, self.batches = act, 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.batches += 1
        self._act(self.batches)
        return super().embed(texts)


@pytest.fixture(autouse=True)
def _batches_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.reembedding.BATCH_CHUNKS", 1)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog(tmp_path / "data")) as catalog:
        catalog.publish(reading(library_in(catalog), *TEXTS, name="boats.txt"))
        yield catalog


class Watch:
    """Runs in a catalog, and what they came to."""

    def __init__(self, catalog: Catalog, embedder: Callable[[Library, str], Embedder]) -> None:
        self.catalog, self.switched = catalog, threading.Event()
        self.runs = ReembeddingRuns(catalog, embedder, lambda _id: self.switched.set())

    def stage(self) -> Stage | None:
        found = self.now()
        return None if found is None else found.stage

    def now(self) -> Reembedding | None:
        return self.catalog.reembeddings.of(self.catalog.library("documents").id)


@pytest.fixture
def watch(catalog: Catalog) -> Iterator[Callable[[Embedder], Watch]]:
    opened: list[Watch] = []

    def begin(embedder: Embedder) -> Watch:
        opened.append(Watch(catalog, lambda _library, _model: embedder))
        return opened[-1]

    yield begin
    for each in opened:
        each.runs.close()


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, a minute at most."""
    beat = threading.Event()
    for _ in range(1200):
        if is_so():
            return
        beat.wait(0.05)
    raise AssertionError("it never was")


def assert_embedded(catalog: Catalog, embedder: Embedder) -> None:
    """Every chunk has the vector of the new model for its own text."""
    now = catalog.library("documents")
    assert (now.embedding_model, now.dimension) == (embedder.model, embedder.dimension)
    texts = [text_of(chunk) for chunk in catalog.all_chunks(now.id)]
    expected = HashEmbedder(embedder.model, embedder.dimension).embed(texts)
    assert abs(vectors_of(catalog, now)[1] - expected).max() < 1e-3


def test_what_was_asked_for_is_done_and_told(
    catalog: Catalog, watch: Callable[[Embedder], Watch]
) -> None:
    embedder = HashEmbedder("new", 16)
    seen = watch(embedder)
    seen.runs.ask(catalog.library("documents").id, "new")
    assert seen.switched.wait(60)
    assert seen.now() == Reembedding(
        catalog.library("documents").id, "new", Stage.DONE, len(TEXTS), len(TEXTS)
    )
    assert_embedded(catalog, embedder)
    assert catalog.library("documents").chosen


def test_documents_that_come_and_go_meanwhile_are_taken_up(catalog: Catalog) -> None:
    library = catalog.library("documents")
    (document,) = catalog.documents(library.id)

    def act(batch: int) -> None:
        if batch == 2:
            catalog.publish(reading(library, "The lighthouse.", name="light.txt"))
        if batch == len(TEXTS) + 1:  # it is tried again, and something else came
            catalog.publish(reading(library, "The mole.", "The quay.", name="mole.txt"))
            catalog.remove(document.id)

    embedder = Acting(act)
    assert reembed(catalog, library, embedder, lambda _: None) == 3
    assert embedder.batches == len(TEXTS) + 3
    assert {each.name for each in catalog.documents(library.id)} == {"light.txt", "mole.txt"}
    assert all(each.embedded == each.chunks for each in catalog.documents(library.id))
    assert_embedded(catalog, embedder)


def test_a_process_that_is_killed_repeats_one_batch_and_another_goes_on(
    catalog: Catalog, watch: Callable[[Embedder], Watch]
) -> None:
    assert finish(start_python(KILLED, str(catalog.data_dir)), "") == "4"
    now = catalog.reembeddings.of(catalog.library("documents").id)
    assert now is not None
    assert (now.stage, now.done, now.total) == (Stage.EMBEDDING, 3, len(TEXTS))
    embedder = HashEmbedder("new", 16)
    seen = watch(embedder)
    seen.runs.wake()
    assert seen.switched.wait(60)
    assert len(embedder.embedded) == len(TEXTS) - 3
    assert_embedded(catalog, embedder)


def test_one_is_cancelled_at_the_next_batch_and_nothing_is_lost(
    catalog: Catalog, watch: Callable[[Embedder], Watch]
) -> None:
    library = catalog.library("documents")
    embedder = Acting(lambda batch: catalog.reembeddings.cancel(library.id) if batch == 3 else None)
    seen = watch(embedder)
    seen.runs.ask(library.id, "new")
    until(lambda: seen.now() is None)
    assert (embedder.batches, catalog.library("documents")) == (3, library)
    again = HashEmbedder("new", 16)
    assert (
        price_of_reembedding(catalog, library, again).tokens
        < price_of_reembedding(catalog, library, HashEmbedder("other", 16)).tokens
    )
    assert reembed(catalog, library, again, lambda _: None) == len(TEXTS)
    assert len(again.embedded) == len(TEXTS) - 3


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("The server is away."),
        PolicyError("The library never leaves this machine."),
        StoreError("There is no room."),
    ],
)
def test_a_fault_is_told_and_it_can_be_taken_up_again(
    catalog: Catalog, watch: Callable[[Embedder], Watch], error: RagError
) -> None:
    library = catalog.library("documents")

    def act(batch: int) -> None:
        if batch == 3:
            raise error

    embedder = Acting(act)
    seen = watch(embedder)
    seen.runs.ask(library.id, "new")
    until(lambda: seen.stage() is Stage.FAILED)
    found = seen.now()
    assert found is not None
    assert (found.outcome, found.done) == (str(error), 2)
    assert catalog.library("documents") == library
    seen.runs.ask(library.id, "new")
    assert seen.switched.wait(60)
    assert embedder.batches == len(TEXTS) + 1


def test_who_cannot_be_had_is_told(catalog: Catalog) -> None:
    def nobody(_library: Library, model: str) -> Embedder:
        raise SettingsError(f"{model} needs a key.")

    seen = Watch(catalog, nobody)
    with closing(seen.runs):
        seen.runs.ask(catalog.library("documents").id, "new")
        until(lambda: seen.stage() is Stage.FAILED)
    found = seen.now()
    assert found is not None
    assert found.outcome == "new needs a key."


def test_a_program_that_ends_leaves_it_to_the_next(
    catalog: Catalog, watch: Callable[[Embedder], Watch]
) -> None:
    library, begun, go_on = catalog.library("documents"), threading.Event(), threading.Event()

    def act(batch: int) -> None:
        if batch == 3:
            begun.set()
            assert go_on.wait(60)

    embedder = Acting(act)
    first = watch(embedder)
    first.runs.ask(library.id, "new")
    assert begun.wait(60)
    closing_ = threading.Thread(target=first.runs.close)
    closing_.start()
    until(lambda: first.runs._closed)
    go_on.set()
    closing_.join()
    assert (first.stage(), embedder.batches) == (Stage.EMBEDDING, 3)
    second = watch(embedder)
    second.runs.wake()
    assert second.switched.wait(60)
    assert embedder.batches == len(TEXTS)


def test_a_library_is_embedded_by_one_alone(catalog: Catalog) -> None:
    library, told = catalog.library("documents"), list[str]()

    def act(batch: int) -> None:
        if batch == 1:
            for begin in (
                lambda: reembed(catalog, library, HashEmbedder("third", 4), lambda _: None),
                lambda: catalog.reembeddings.ask(library.id, "third"),
            ):
                with pytest.raises(LibraryError) as caught:
                    begin()
                told.append(str(caught.value))

    reembed(catalog, library, Acting(act), lambda _: None)
    expected = "The library 'documents' is being embedded with new already."
    assert [sentence.startswith(expected) for sentence in told] == [True, True]
    assert catalog.library("documents").embedding_model == "new"


def test_one_that_ends_its_process_each_time_is_left_alone(catalog: Catalog) -> None:
    library = catalog.library("documents")
    catalog.reembeddings.ask(library.id, "new")
    for _ in range(3):
        held = catalog.reembeddings.claim("nowhere:1:1")
        assert held is not None
        assert catalog.reembeddings.claim(new_holder()) is None  # it is held
        with catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
            connection.execute(rows.update().values(held_until=0.0))
    assert catalog.reembeddings.claim(new_holder()) is None
    found = catalog.reembeddings.of(library.id)
    assert found is not None
    assert (found.stage, found.outcome) == (Stage.FAILED, ENDED_OFTEN)


def test_of_a_deleted_library_nothing_is_embedded_until_it_is_back(
    catalog: Catalog, watch: Callable[[Embedder], Watch]
) -> None:
    library, other = catalog.library("documents"), library_in(catalog, "other")
    catalog.reembeddings.ask(library.id, "new")
    catalog.libraries.remove(library.id)
    assert catalog.reembeddings.claim(new_holder()) is None
    catalog.libraries.bring_back(library.id)
    held = catalog.reembeddings.claim(new_holder())
    assert held is not None
    assert (held.library_id, other.embedding_model) == (library.id, MODEL)


def test_a_hold_is_renewed_and_runs_out(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, after = time.time(), [0.0]
    monkeypatch.setattr("rag.store.reembeddings.time.time", lambda: begun + after[0])
    held = catalog.reembeddings.begin(catalog.library("documents").id, "new", "elsewhere:1:1")
    after[0] = HOLD_SECONDS - 1
    catalog.reembeddings.renew(held)
    after[0] = HOLD_SECONDS + 1
    assert catalog.reembeddings.claim("here:1:1") is None
    after[0] = 2 * HOLD_SECONDS
    assert catalog.reembeddings.claim("here:1:1") == replace(held, holder="here:1:1")
    with pytest.raises(LostHoldError):
        catalog.reembeddings.report(held, 1, 2)
