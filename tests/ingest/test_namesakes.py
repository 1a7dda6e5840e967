"""Files of one name: which is whose version, whatever is read first, and who was there before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.incoming import Incoming
from ingest.intake import Intake
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.queue import LOOK_SECONDS, TO_READ, IngestQueue
from ingest.rendering import render_page
from ingest.taken import ADDED, REPLACED
from rag.domain import Library
from rag.intake import Job, Origin, Stage
from rag.store.catalog import Catalog
from rag.store.holds import new_holder
from tests.documents import archive_of
from tests.fakes import HashEmbedder

ALONE = Origin("", alone=True)
NORTH, SOUTH = "The north office pays 31 francs.", "The south office pays 17 francs."
WAIT_SECONDS = 20.0


class SlowNorth:
    """Reads files; those that tell of the north once they may, and say when they are begun."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.read: list[str] = []

    def __call__(
        self, path: Path, name: str, *, max_pages: int, progress: Callable[[int, int], None]
    ) -> LoadedDocument:
        loaded = load(path, name, max_pages=max_pages)
        if any(page.text == NORTH for page in loaded.pages):
            assert self.may_go_on.wait(WAIT_SECONDS)
        self.read += [page.text for page in loaded.pages]
        return loaded


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def library(catalog: Catalog, embedder: HashEmbedder) -> Library:
    return catalog.create_library("documents", embedder.model, embedder.dimension)


@pytest.fixture
def reader() -> Iterator[SlowNorth]:
    made = SlowNorth()
    yield made
    made.may_go_on.set()


@pytest.fixture
def queue(
    catalog: Catalog, library: Library, embedder: HashEmbedder, reader: SlowNorth, tmp_path: Path
) -> Iterator[IngestQueue]:
    ingestor = Ingestor(catalog, embedder, Limits(1_000_000, 100), reader)
    intake = Intake(catalog, ingestor, render_page)
    incoming = Incoming(tmp_path / "incoming", "documents")
    made = IngestQueue(intake, lambda: library, incoming, readers=3, retry_seconds=0.0)
    yield made
    reader.may_go_on.set()
    made.close()


def hand_over(queue: IngestQueue, path: Path, content: str | bytes, origin: Origin = ALONE) -> int:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return queue.submit(path, path.name, origin=origin)


def ended(queue: IngestQueue) -> list[Job]:
    """Every job, once all have ended, with those that came in others."""
    queue.wait([job.id for job in queue.jobs()])
    queue.wait([job.id for job in queue.jobs()])
    return queue.jobs()


def was_read(queue: IngestQueue, number: int) -> Job:
    """A job, once its file is read; vectors wait until all are."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (job := queue.jobs_of([number])[0]).stage in TO_READ:
        assert time.monotonic() < deadline
        queue.rest(LOOK_SECONDS)
    return job


def texts(catalog: Catalog, library: Library) -> list[tuple[str, str]]:
    documents = catalog.documents(library.id)
    return sorted((each.name, catalog.page(each.id, 1).text.strip()) for each in documents)


def test_a_file_is_a_version_of_what_came_before_it_even_if_that_is_read_slowly(
    queue: IngestQueue, catalog: Catalog, library: Library, reader: SlowNorth, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "rent.txt", NORTH)
    hand_over(queue, tmp_path / "rent.txt", SOUTH)
    other = hand_over(queue, tmp_path / "other.txt", "The weather.")
    was_read(queue, other)  # it waits for neither
    assert reader.read == ["The weather."]
    reader.may_go_on.set()

    assert ended(queue)[1].outcome == REPLACED.format("rent.txt")
    assert texts(catalog, library) == [("other.txt", "The weather."), ("rent.txt", SOUTH)]


def test_files_of_one_name_from_places_of_their_own_are_read_side_by_side_and_both_stay(
    queue: IngestQueue, catalog: Catalog, library: Library, reader: SlowNorth, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "rent.txt", NORTH, Origin("dropped:d.0"))
    second = hand_over(queue, tmp_path / "rent.txt", SOUTH, Origin("dropped:d.1"))
    assert was_read(queue, second).outcome == ADDED.format("rent.txt")
    reader.may_go_on.set()

    assert {job.outcome for job in ended(queue)} == {ADDED.format("rent.txt")}
    assert texts(catalog, library) == [("rent.txt", NORTH), ("rent.txt", SOUTH)]


def mail(files: Mapping[str, str]) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = "The rent", "ann@example.org"
    message.set_content("Attached.")
    for name, text in files.items():
        message.add_attachment(text, filename=name)
    return message.as_bytes()


def test_a_file_in_an_archive_or_a_mail_takes_nobodys_place(
    queue: IngestQueue, catalog: Catalog, library: Library, reader: SlowNorth, tmp_path: Path
) -> None:
    reader.may_go_on.set()
    west, east = "The west office pays 12 francs.", "The east office pays 15 francs."
    pack = archive_of({"north/rent.txt": NORTH, "south/rent.txt": SOUTH})
    hand_over(queue, tmp_path / "pack.zip", pack)
    hand_over(queue, tmp_path / "rent.txt", west)
    hand_over(queue, tmp_path / "post.eml", mail({"rent.txt": east}))

    ended(queue)

    assert texts(catalog, library) == [
        ("pack.zip/north/rent.txt", NORTH),
        ("pack.zip/south/rent.txt", SOUTH),
        ("post.eml", "From: ann@example.org\nSubject: The rent\n\nAttached."),
        ("post.eml/rent.txt", east),
        ("rent.txt", west),
    ]


def test_two_archives_of_one_name_from_places_of_their_own_keep_what_they_brought(
    queue: IngestQueue, catalog: Catalog, library: Library, reader: SlowNorth, tmp_path: Path
) -> None:
    reader.may_go_on.set()
    for at, text in enumerate((NORTH, SOUTH)):
        pack = archive_of({"rent.txt": text})
        hand_over(queue, tmp_path / "pack.zip", pack, Origin(f"dropped:d.{at}"))

    ended(queue)

    name = "pack.zip/rent.txt"
    assert texts(catalog, library) == [(name, NORTH), (name, SOUTH)]


def test_what_a_process_published_before_it_was_killed_was_not_there_before(
    catalog: Catalog, library: Library, embedder: HashEmbedder, tmp_path: Path
) -> None:
    ingestor = Ingestor(catalog, embedder, Limits(1_000_000, 100), load)
    path = tmp_path / "rent.txt"

    def submit(text: str) -> int:
        path.write_text(text)
        size, sha256 = path.stat().st_size, catalog.blobs.put(path)
        return catalog.jobs.submit(library.id, path.name, sha256, size, origin=ALONE).id

    def take() -> str:
        """Take the job up as far as a process comes that is killed before it tells the outcome."""
        held = catalog.jobs.claim(library.id, new_holder(), (Stage.WAITING,))
        assert held is not None
        added = ingestor.take(path, library, path.name, held=held).added
        assert added is not None
        catalog.jobs.put_back(held, tried=False)
        return added.sentence

    for text, said in ((SOUTH, ADDED), (NORTH, REPLACED)):
        number = submit(text)
        assert [take(), take()] == [said.format("rent.txt")] * 2
        catalog.jobs.cancel(number)
    submit(NORTH)
    assert take() == "rent.txt is already in the library."
