from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.incoming import Incoming
from ingest.intake import Intake
from ingest.loaders.load import load
from ingest.pipeline import BATCH_CHUNKS, Ingestor, Limits
from ingest.queue import IngestQueue
from ingest.rendering import render_page
from rag.domain import Library
from rag.errors import StoreError, UnavailableError
from rag.intake import Job, Stage
from rag.protocols import Vectors
from rag.store.catalog import Catalog
from rag.store.jobs import MOST_ATTEMPTS
from tests.ingest.test_incoming import accepted

WAIT_SECONDS = 20.0


class Gate:
    """An embedder that waits at a gate, and fails at texts that say so."""

    model = "gate"
    dimension = 2
    max_tokens = 256

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.open = threading.Event()
        self.seen: list[str] = []
        self.fails = True

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def fluency(self, text: str) -> float:
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        self.reached.release()
        assert self.open.wait(WAIT_SECONDS)
        for text in texts:
            if "unreachable" in text and self.fails:
                raise UnavailableError("The server is away. Try again later.")
            if "surprise" in text:
                raise ZeroDivisionError("a fault of ours")
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return catalog.create_library("documents", Gate.model, Gate.dimension)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "incoming", "documents")


def start(catalog: Catalog, gate: Gate, incoming: Incoming, readers: int = 1) -> IngestQueue:
    intake = Intake(catalog, Ingestor(catalog, gate, Limits(1_000_000, 100), load), render_page)
    where = lambda: catalog.library("documents")  # noqa: E731
    return IngestQueue(intake, where, incoming, readers=readers, retry_seconds=0.0)


@pytest.fixture
def queue(
    catalog: Catalog, library: Library, gate: Gate, incoming: Incoming
) -> Iterator[IngestQueue]:
    made = start(catalog, gate, incoming)
    yield made
    gate.open.set()
    made.close()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def finished(queue: IngestQueue, gate: Gate) -> list[Job]:
    """Every job, once all are done."""
    gate.open.set()
    queue.wait([job.id for job in queue.jobs()])
    return queue.jobs()


def long_text(name: str) -> str:
    return " ".join(f"{name} Sentence {number} about boats." for number in range(12_000))


def blobs(tmp_path: Path) -> list[str]:
    """The text of every stored file."""
    return sorted(path.read_text() for path in (tmp_path / "data/blobs").glob("*/*"))


def names(catalog: Catalog, library: Library) -> list[str]:
    return [document.name for document in catalog.documents(library.id)]


def test_words_are_ready_before_any_vector_is_made(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    queue.close()  # so that all wait before any is read
    wanted = ["c.txt", "a.txt", "b.txt"]
    numbers = [queue.submit(write(tmp_path, name, f"text {name}"), name) for name in wanted]
    queue = start(catalog, gate, incoming)
    assert gate.reached.acquire(timeout=WAIT_SECONDS)  # the first vectors are about to be made
    assert names(catalog, library) == wanted
    assert [(each.chunks, each.embedded) for each in catalog.documents(library.id)] == [(1, 0)] * 3
    assert {job.stage for job in queue.jobs()} == {Stage.EMBEDDING}
    jobs = finished(queue, gate)
    assert [job.id for job in jobs] == numbers == sorted(numbers)
    for job, document in zip(jobs, catalog.documents(library.id), strict=True):
        assert job.stage is Stage.DONE
        assert job.document_id == document.id
        assert job.outcome == f"{document.name} was added."
        assert document.embedded == document.chunks == 1
    queue.close()


def test_a_file_that_fails_does_not_stop_the_others(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    texts = {
        "away.txt": "unreachable",
        "bug.txt": "surprise",
        "empty.txt": "",
        "good.txt": "good",
        "twin.txt": "good",
    }
    for name, text in texts.items():
        queue.submit(write(tmp_path, name, text), name)
    with caplog.at_level(logging.ERROR):
        jobs = {job.name: job for job in finished(queue, gate)}
    assert {name: job.stage for name, job in jobs.items()} == {
        "away.txt": Stage.FAILED,
        "bug.txt": Stage.FAILED,
        "empty.txt": Stage.FAILED,
        "good.txt": Stage.DONE,
        "twin.txt": Stage.DONE,
    }
    assert jobs["away.txt"].outcome == "The server is away. Try again later."
    assert len([text for text in gate.seen if "unreachable" in text]) == MOST_ATTEMPTS
    assert jobs["bug.txt"].outcome == "Something went wrong inside Tramontane. The log says what."
    assert "ZeroDivisionError" in caplog.text
    assert jobs["empty.txt"].outcome == "empty.txt: The file is empty."
    assert jobs["empty.txt"].document_id is not None
    assert jobs["twin.txt"].outcome == "twin.txt is already in the library as good.txt."
    assert names(catalog, library) == ["away.txt", "bug.txt", "empty.txt", "good.txt"]


def test_why_the_queue_cannot_go_on_is_logged_once(
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = threading.Semaphore(0)

    def full() -> Library:
        asked.release()
        raise StoreError("The disk is full.")

    monkeypatch.setattr("ingest.queue.POLL_SECONDS", 0.001)
    intake = Intake(catalog, Ingestor(catalog, Gate(), Limits(1_000, 9), load), render_page)
    with caplog.at_level(logging.WARNING):
        queue = IngestQueue(intake, full, incoming, readers=1)
        for _ in range(10):
            assert asked.acquire(timeout=WAIT_SECONDS)
        queue.close()
    assert queue.fault == "The disk is full."
    said = [line for line in caplog.messages if "disk is full" in line]
    told = f"files cannot be taken into the library {queue.incoming.library!r}: The disk is full."
    assert set(said) == {told}
    assert 1 <= len(said) <= 2  # each of the two threads says it once


def test_a_file_handed_over_is_moved_and_one_to_be_kept_is_copied(
    queue: IngestQueue, gate: Gate, tmp_path: Path
) -> None:
    mine = write(tmp_path, "mine.txt", "kept")
    theirs = write(tmp_path, "theirs.txt", "handed over")
    queue.submit(mine, "mine.txt", keep=True)
    queue.submit(theirs, "theirs.txt")
    assert not theirs.exists()
    assert blobs(tmp_path) == ["handed over", "kept"]
    finished(queue, gate)
    assert mine.exists()
    assert blobs(tmp_path) == ["handed over", "kept"]


def test_what_a_fault_left_without_vectors_is_tried_again(
    queue: IngestQueue, gate: Gate, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    number = queue.submit(write(tmp_path, "late.txt", "unreachable"), "late.txt")
    (job,) = finished(queue, gate)
    assert (job.stage, job.is_lost) == (Stage.FAILED, False)  # its words are in
    gate.fails = False
    queue.retry(number)
    (job,) = finished(queue, gate)
    assert (job.id, job.stage, job.outcome) == (number, Stage.DONE, "late.txt was added.")
    queue.retry(number)
    assert queue.jobs()[0].stage is Stage.DONE
    (document,) = catalog.documents(library.id)
    assert document.embedded == document.chunks == 1


def test_a_cancelled_file_leaves_nothing_and_one_that_was_read_keeps_its_words(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest.queue.REPORT_SECONDS", 0.0)
    first = queue.submit(write(tmp_path, "a.txt", long_text("a")), "a.txt")
    assert gate.reached.acquire(timeout=WAIT_SECONDS)
    queue.cancel(first)  # while its first vectors are made
    jobs = finished(queue, gate)
    assert [(job.stage, job.outcome) for job in jobs] == [(Stage.CANCELLED, "Cancelled.")]
    (document,) = catalog.documents(library.id)
    assert document.embedded == BATCH_CHUNKS
    assert document.chunks > BATCH_CHUNKS
    queue.retry(first)
    finished(queue, gate)
    assert catalog.document(document.id).embedded == document.chunks
    assert len(gate.seen) == document.chunks  # what was embedded was not embedded again
    queue.close()
    waits = write(tmp_path, "b.txt", "b")
    second = queue.submit(waits, "b.txt")
    queue.cancel(second)
    assert queue.jobs()[-1].stage is Stage.CANCELLED
    queue.dismiss(second)
    assert len(blobs(tmp_path)) == 1
    assert names(catalog, library) == ["a.txt"]


def test_closing_stops_after_a_batch_and_the_next_start_goes_on(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    for name in ("a.txt", "b.txt"):
        queue.submit(write(tmp_path, name, long_text(name)), name)
    assert gate.reached.acquire(timeout=WAIT_SECONDS)
    closing = threading.Thread(target=queue.close)
    closing.start()
    while not queue._closed:
        threading.Event().wait(0.001)
    gate.open.set()
    closing.join(WAIT_SECONDS)
    assert not any(thread.is_alive() for thread in queue._threads)
    assert len(gate.seen) == BATCH_CHUNKS  # one batch, then the program ended
    assert [job.attempts for job in queue.jobs()] == [0, 0]  # a clean stop is nobody's fault
    later = start(catalog, gate, incoming)
    finished(later, gate)
    later.close()
    documents = catalog.documents(library.id)
    assert [each.embedded for each in documents] == [each.chunks for each in documents]
    assert len(gate.seen) == sum(each.chunks for each in documents)


def test_two_queues_on_one_library_share_the_work(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    other = start(catalog, gate, incoming)
    try:
        for number in range(12):
            name = f"{number}.txt"
            mine = queue if number % 2 else other
            mine.submit(write(tmp_path, name, f"text {name}"), name)
        jobs = finished(queue, gate)
    finally:
        other.close()
    assert [job.stage for job in jobs] == [Stage.DONE] * 12
    assert len(names(catalog, library)) == 12
    assert len(gate.seen) == 12  # nobody did anything twice


def test_closing_an_idle_queue_is_quick_and_twice_is_no_error(queue: IngestQueue) -> None:
    queue.close()
    queue.close()
    assert not any(thread.is_alive() for thread in queue._threads)


def test_what_an_earlier_release_left_waiting_is_taken_in(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    accepted(tmp_path / "incoming", 7, "old.txt")
    queue.resume()
    assert [job.stage for job in finished(queue, gate)] == [Stage.DONE]
    assert names(catalog, library) == ["old.txt"]
    assert incoming.waiting() == []


def test_a_mark_is_set_once_there_is_a_document(
    queue: IngestQueue, gate: Gate, catalog: Catalog, tmp_path: Path
) -> None:
    queue.submit(write(tmp_path, "a.txt", "a"), "a.txt", mark="sample a")
    queue.submit(write(tmp_path, "b.txt", "b"), "b.txt")
    finished(queue, gate)
    assert catalog.mark("sample a") is not None
    assert catalog.mark("") is None
