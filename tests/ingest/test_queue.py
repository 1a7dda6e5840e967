from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.incoming import Incoming
from ingest.pipeline import Ingestor, Limits, Stage
from ingest.queue import REMEMBERED_JOBS, IngestQueue, Job
from rag.domain import Library
from rag.errors import UnavailableError
from rag.protocols import Vectors
from rag.store.catalog import Catalog

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

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def fluency(self, text: str) -> float:
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        self.reached.release()
        assert self.open.wait(WAIT_SECONDS)
        for text in texts:
            if "unreachable" in text:
                raise UnavailableError("The server is away. Try again later.")
            if "surprise" in text:
                raise ZeroDivisionError("a fault of ours")
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "data")
    yield opened
    opened.close()


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


def start(catalog: Catalog, gate: Gate, incoming: Incoming) -> IngestQueue:
    ingestor = Ingestor(catalog, gate, Limits(1_000_000, 100))
    return IngestQueue(ingestor, lambda: catalog.library("documents"), incoming)


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


def waiting(incoming: Incoming) -> dict[str, str]:
    """The text of every file that would be queued at the next start, by its name as shown."""
    return {file.name: file.path.read_text() for file in incoming.waiting()}


def finished(queue: IngestQueue, gate: Gate) -> list[Job]:
    """Every job, once all are done."""
    gate.open.set()
    queue.wait([job.id for job in queue.jobs()])
    return queue.jobs()


def test_files_are_taken_in_one_after_the_other(
    queue: IngestQueue, gate: Gate, catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    names = ["c.txt", "a.txt", "b.txt"]
    numbers = [queue.submit(write(tmp_path, name, f"text {name}"), name) for name in names]
    assert gate.reached.acquire(timeout=WAIT_SECONDS)
    stages = [job.stage for job in queue.jobs()]
    assert stages == [Stage.EMBEDDING, Stage.WAITING, Stage.WAITING]
    jobs = finished(queue, gate)
    assert [job.id for job in jobs] == numbers == sorted(numbers)
    assert [document.name for document in catalog.documents(library.id)] == names
    for job, document in zip(jobs, catalog.documents(library.id), strict=True):
        assert job.stage is Stage.DONE
        assert job.document_id == document.id
        assert job.outcome == f"{document.name} was added."


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
    queue.submit(tmp_path / "gone.txt", "gone.txt", keep=True)
    with caplog.at_level(logging.ERROR):
        jobs = {job.name: job for job in finished(queue, gate)}
    assert {name: job.stage for name, job in jobs.items()} == {
        "away.txt": Stage.FAILED,
        "bug.txt": Stage.FAILED,
        "empty.txt": Stage.FAILED,
        "good.txt": Stage.DONE,
        "twin.txt": Stage.DONE,
        "gone.txt": Stage.FAILED,
    }
    assert jobs["away.txt"].outcome == "The server is away. Try again later."
    assert jobs["bug.txt"].outcome == ("Something went wrong inside Tramontane. The log says what.")
    assert "ZeroDivisionError" in caplog.text
    assert jobs["empty.txt"].outcome == "empty.txt: The file is empty."
    assert jobs["empty.txt"].document_id is not None
    assert jobs["twin.txt"].outcome == "twin.txt is already in the library as good.txt."
    assert "cannot be read" in jobs["gone.txt"].outcome
    assert [document.name for document in catalog.documents(library.id)] == [
        "empty.txt",
        "good.txt",
    ]


def test_a_file_handed_over_is_deleted_once_it_is_in_and_one_to_be_kept_is_not(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    mine = write(tmp_path, "mine.txt", "kept")
    theirs = write(tmp_path, "theirs.txt", "handed over")
    failing = write(tmp_path, "failing.txt", "unreachable")
    queue.submit(mine, "mine.txt", keep=True)
    queue.submit(theirs, "theirs.txt")
    queue.submit(failing, "failing.txt")
    queue.submit(write(tmp_path, "empty.txt", ""), "empty.txt")
    assert waiting(incoming)["theirs.txt"] == "handed over"
    finished(queue, gate)
    assert mine.exists()
    assert not theirs.exists()
    assert waiting(incoming) == {"failing.txt": "unreachable"}  # to be tried again
    assert len(list((tmp_path / "incoming").iterdir())) == 2  # it and its note
    originals = [catalog.original(document.id) for document in catalog.documents(library.id)]
    texts = [path.read_text() for path in originals if path.exists()]
    assert texts == ["kept", "handed over"]


def test_a_lost_file_is_tried_again_until_it_is_in(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    number = queue.submit(write(tmp_path, "late.txt", "unreachable"), "late.txt")
    path = incoming.waiting()[0].path
    assert [job.is_lost for job in finished(queue, gate)] == [True]
    queue.retry(number)
    assert [job.is_lost for job in finished(queue, gate)] == [True]
    path.write_text("the server is back")
    queue.retry(number)
    (job,) = finished(queue, gate)
    assert (job.id, job.stage, job.outcome) == (number, Stage.DONE, "late.txt was added.")
    assert not path.exists()
    queue.retry(number)
    assert queue.jobs()[0].stage is Stage.DONE
    assert [document.name for document in catalog.documents(library.id)] == ["late.txt"]


def test_a_dismissed_file_is_deleted_and_forgotten(
    queue: IngestQueue, gate: Gate, tmp_path: Path
) -> None:
    number = queue.submit(write(tmp_path, "lost.txt", "unreachable"), "lost.txt")
    queue.dismiss(number)  # not yet
    assert [job.id for job in finished(queue, gate)] == [number]
    queue.dismiss(number)
    queue.retry(number)
    assert number not in {job.id for job in queue.jobs()}
    assert list((tmp_path / "incoming").iterdir()) == []


def test_what_failed_is_tried_again_by_the_next_start_under_the_same_number(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    queue.submit(write(tmp_path, "good.txt", "good"), "good.txt")
    number = queue.submit(write(tmp_path, "lost.txt", "unreachable"), "lost.txt")
    finished(queue, gate)
    queue.close()
    incoming.waiting()[0].path.write_text("the server is back")
    later = start(catalog, gate, incoming)
    later.resume()
    assert [(job.id, job.stage) for job in finished(later, gate)] == [(number, Stage.DONE)]
    assert later.submit(write(tmp_path, "new.txt", "new"), "new.txt") == number + 1
    finished(later, gate)
    later.close()
    assert waiting(incoming) == {}
    names = [document.name for document in catalog.documents(library.id)]
    assert names == ["good.txt", "lost.txt", "new.txt"]


def test_a_file_that_cannot_be_deleted_does_not_stop_the_queue(
    queue: IngestQueue, gate: Gate, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue.submit(write(tmp_path, "bad.txt", "unreachable"), "bad.txt")
    queue.submit(write(tmp_path, "good.txt", "good"), "good.txt")
    jobs = finished(queue, gate)
    assert [job.stage for job in jobs] == [Stage.FAILED, Stage.DONE]
    path = queue.incoming.waiting()[0].path
    path.unlink()
    path.mkdir()  # no file, and nothing that can be unlinked
    with caplog.at_level(logging.WARNING):
        queue.dismiss(jobs[0].id)
    assert "cannot be deleted" in caplog.text


def test_closing_stops_the_file_that_is_taken_in_and_leaves_all_to_the_next_start(
    queue: IngestQueue,
    gate: Gate,
    catalog: Catalog,
    library: Library,
    incoming: Incoming,
    tmp_path: Path,
) -> None:
    long = " ".join(f"Sentence {number} about boats." for number in range(20_000))
    paths = [write(tmp_path, name, f"{name} {long}") for name in ("a.txt", "b.txt")]
    samples = write(tmp_path, "sample.txt", "a sample")
    for path in paths:
        queue.submit(path, path.name)
    queue.submit(samples, "sample.txt", keep=True)
    assert gate.reached.acquire(timeout=WAIT_SECONDS)
    closing = threading.Thread(target=queue.close)
    closing.start()
    while not queue._closed:
        threading.Event().wait(0.001)
    gate.open.set()
    closing.join(WAIT_SECONDS)
    assert not closing.is_alive()
    assert not queue._thread.is_alive()
    assert len(gate.seen) == 32  # one batch, then the program ended
    assert catalog.documents(library.id) == []
    assert samples.exists()
    left = incoming.waiting()
    assert [file.name for file in left] == ["a.txt", "b.txt"]
    assert [file.attempts for file in left] == [0, 0]  # a clean stop is nobody's fault


def test_closing_an_idle_queue_is_quick_and_twice_is_no_error(queue: IngestQueue) -> None:
    queue.close()
    queue.close()
    assert not queue._thread.is_alive()


def test_old_jobs_are_forgotten_once_they_are_done(
    queue: IngestQueue, gate: Gate, tmp_path: Path
) -> None:
    lost = queue.submit(write(tmp_path, "lost.txt", "unreachable"), "lost.txt")
    path = write(tmp_path, "a.txt", "always the same")
    old = [queue.submit(path, f"{n}", keep=True) for n in range(REMEMBERED_JOBS + 20)]
    assert len(queue.jobs()) >= REMEMBERED_JOBS
    finished(queue, gate)
    queue.submit(path, "one more", keep=True)
    jobs = queue.jobs()
    assert len(jobs) == REMEMBERED_JOBS + 1
    assert jobs[0].id == lost  # with its file, until it is dismissed
    assert jobs[1].id > old[0]
    assert jobs[-1].name == "one more"


def test_the_library_is_asked_for_when_the_turn_comes(
    catalog: Catalog, library: Library, gate: Gate, incoming: Incoming, tmp_path: Path
) -> None:
    other = catalog.create_library("other", Gate.model, Gate.dimension)
    where = iter([library, other])
    ingestor = Ingestor(catalog, gate, Limits(1_000_000, 100))
    queue = IngestQueue(ingestor, lambda: next(where), incoming)
    try:
        queue.submit(write(tmp_path, "a.txt", "first"), "a.txt")
        queue.submit(write(tmp_path, "b.txt", "second"), "b.txt")
        gate.open.set()
        while queue.jobs()[-1].stage is not Stage.DONE:
            threading.Event().wait(0.005)
    finally:
        queue.close()
    assert [document.name for document in catalog.documents(library.id)] == ["a.txt"]
    assert [document.name for document in catalog.documents(other.id)] == ["b.txt"]
