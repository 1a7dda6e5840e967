"""The program as a test drives it: the same parts as the server's, worked step by step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ingest import pipeline, reembedding
from ingest.embedded import hash_of, text_of
from ingest.incoming import Incoming
from ingest.intake import Intake
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.queue import IngestQueue
from ingest.recognition import Recogniser
from ingest.reembedding import discard_kept, reembed
from ingest.rendering import render_page
from rag.domain import Document, Library
from rag.errors import StoreError
from rag.intake import Job, Origin, Stage
from rag.marks import MarkedAnswer, Marks, Place
from rag.purging import purge, purge_expired
from rag.store.backup import back_up
from rag.store.catalog import Catalog
from rag.store.checks import mend
from rag.store.holdings import RemovedLibrary
from rag.store.indexes import Indexes
from rag.store.restoring import restore
from rag.store.rows import StoredChunk
from rag.store.trash import Kept
from rag.store.workplaces import sweep
from tests.crash.papers import Paper, PictureReader
from tests.crash.shelf import DIMENSIONS, FIRST_MODEL, NAME
from tests.fakes import HashEmbedder

DATA, ELSEWHERE, RESTORED, BACKUP = "data", "elsewhere", "restored", "backup.tar"
BATCH = 2  # chunks, so that a document takes several
OURS = "Something went wrong inside Tramontane"  # what no fault of a disk may lead to
EXACT_ROWS = 16  # above it codes are made, for which FAISS wants as many
HOURS_AGO = 2 * 60 * 60


class StepQueue(IngestQueue):
    """The queue without its threads: jobs are done when `drain` is called."""

    def _run(self, work: Callable[[], bool]) -> None:
        """End the thread."""

    def _renew(self) -> None:
        """End the thread."""

    def drain(self) -> None:
        """Work until there is nothing to do."""
        while self._read_next() or self._embed_next():
            pass


class Program:
    """A data directory that is in use."""

    def __init__(self, root: Path) -> None:
        self.root, self.data = root, root / DATA
        for module in (pipeline, reembedding):
            setattr(module, "BATCH_CHUNKS", BATCH)  # noqa: B010 - it is not theirs to export
        self.catalog = Catalog(self.data)
        self.catalog.create_library(NAME, FIRST_MODEL, DIMENSIONS[FIRST_MODEL])
        self.indexes = Indexes(self.catalog, exact_rows=EXACT_ROWS)
        self.embedder = HashEmbedder(self.library.embedding_model, self.library.dimension)
        self.queue = self._queue_of(self.library, self.embedder)
        self.ingestor = self.queue.intake.ingestor

    def _queue_of(self, library: Library, embedder: HashEmbedder) -> StepQueue:
        """The queue of a library, whose scans are read by OCR."""
        ingestor = Ingestor(self.catalog, embedder, Limits(10_000_000, 500), load)
        recogniser = Recogniser(self.catalog, ingestor, _picture, PictureReader())
        intake = Intake(self.catalog, ingestor, render_page, recogniser)
        incoming = Incoming(self.data / "incoming", NAME)
        find = partial(self.catalog.library_with_id, library.id)
        return StepQueue(intake, find, incoming, readers=1)

    @property
    def library(self) -> Library:
        """The library as it is now."""
        return self.catalog.library(NAME)

    def drain(self) -> None:
        """Take in what waits, in every library."""
        self.queue.drain()
        for library in self.catalog.libraries.all():
            if library.id != self.library.id:
                embedder = HashEmbedder(library.embedding_model, library.dimension)
                queue = self._queue_of(library, embedder)
                queue.drain()
                queue.close()

    def close(self) -> None:
        """Let go of everything."""
        self.queue.close()
        self.indexes.close()
        self.catalog.close()

    def document(self, name: str) -> Document:
        """The document of that name."""
        (found,) = (it for it in self.catalog.documents(self.library.id) if it.name == name)
        return found

    def submit(self, name: str, text: str) -> None:
        """Hand a file over, as an upload does."""
        self.hand_over(Paper(name, text.encode()))

    def hand_over(self, paper: Paper) -> None:
        """Hand any file over, as an upload does."""
        path = self.queue.incoming.new_file()
        _receive(path, paper.content)
        self.queue.submit(path, paper.name, origin=Origin(f"/letters/{paper.name}", True))

    def submit_kept(self, name: str, text: str) -> None:
        """Hand a file over that stays where it is, as the command line does."""
        path = self.root.with_name("letters") / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.queue.submit(path, name, keep=True, origin=Origin(f"/letters/{name}", True))

    def remove(self, name: str) -> None:
        """Put a document into the trash."""
        self.catalog.remove(self.document(name).id)

    def bring_back(self, name: str) -> None:
        """Take a document out of the trash."""
        self.catalog.trash.bring_back(self._kept(name)[0].document.id)

    def read_again(self, name: str) -> None:
        """Read a document anew, as OCR does, and put that in its place."""
        document = self.document(name)
        path = self.catalog.original(document.id)
        loaded = self.ingestor.load(path, name, document.size_bytes)
        self.catalog.replace(self.ingestor.reading(document, loaded))

    def dismiss_all(self) -> None:
        """Forget every job that has ended."""
        for job in self.queue.jobs():
            self.queue.dismiss(job.id)

    def purge(self, name: str) -> None:
        """Delete a document of the trash for good."""
        purge(self.catalog, self._kept(name))

    def mark(self, name: str) -> None:
        """Mark an answer that cites a document."""
        cited = (Place(name, 1),)
        marked = MarkedAnswer("Which boat?", "Which boat?", "Boat 1.", False, cited=cited)
        Marks(self.data).mark(self.library.id, marked)

    def embed_anew(self, model: str) -> None:
        """Embed the library with another model."""
        embedder = HashEmbedder(model, DIMENSIONS[model])
        reembed(self.catalog, self.library, embedder, lambda _progress: None)
        self.embedder.model, self.embedder.dimension = model, DIMENSIONS[model]

    def room(self, name: str) -> Library:
        """Another library."""
        return self.catalog.library(name)

    def move(self, name: str, room: str) -> None:
        """Move a document to another library."""
        self.catalog.libraries.move(self.document(name).id, self.room(room).id)

    def remove_from(self, room: str, name: str) -> None:
        """Put a document of another library into the trash."""
        documents = self.catalog.documents(self.room(room).id)
        (found,) = (it for it in documents if it.name == name)
        self.catalog.remove(found.id)

    def purge_from(self, room: str, name: str) -> None:
        """Delete a document of the trash of another library for good."""
        kept = self.catalog.trash.of(self.room(room).id)
        purge(self.catalog, [it for it in kept if it.document.name == name])

    def deleted_room(self, name: str) -> RemovedLibrary:
        """A library of the trash."""
        (found,) = (it for it in self.catalog.libraries.removed() if it.library.name == name)
        return found

    def open_indexes(self) -> None:
        """Bring the search indexes to the libraries as they are."""
        for library in self.catalog.libraries.all():
            self.indexes.current(library.id)
        self.indexes.wait()

    def rebuild(self) -> None:
        """As `tramontane rebuild`."""
        self.catalog.verify()
        self.catalog.discard_orphans()
        discard_kept(self.catalog)
        mend(self.data, hash_of_chunk)
        for library in self.catalog.libraries.all():
            self.indexes.discard(library.id)
        self.open_indexes()

    def back_up(self) -> None:
        """Write a backup."""
        back_up(self.data, self.root / ELSEWHERE / BACKUP, lambda _done, _total: None)

    def restore(self) -> None:
        """Make another data directory from the backup."""
        archive = self.root / ELSEWHERE / BACKUP
        restore(archive, self.root / RESTORED, lambda _done, _total: None)

    def start(self) -> None:
        """What a server does when it starts, and its queue after it."""
        purge_expired(self.catalog)
        self.queue.resume()
        self.drain()

    def retry(self) -> None:
        """Try the files again whose taking in failed."""
        for job in self.failed_jobs():
            self.queue.retry(job.id)
        self.drain()

    def failed_jobs(self) -> list[Job]:
        """The files that could not be taken in."""
        every = self.catalog.libraries.all()
        jobs = [job for library in every for job in self.catalog.jobs.of(library.id)]
        return [job for job in jobs if job.stage is Stage.FAILED]

    def _kept(self, name: str) -> list[Kept]:
        return [it for it in self.catalog.trash.of(self.library.id) if it.document.name == name]


def _picture(path: Path, number: int, _width: int) -> bytes:
    return f"{path.name} {number}".encode()


def _receive(path: Path, content: bytes) -> None:
    """Write what an upload brings; who cannot tells so, as the page does."""
    try:
        path.write_bytes(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"The upload cannot be stored ({error.strerror}).") from error


def hash_of_chunk(chunk: StoredChunk) -> bytes:
    """What tells the text that is embedded for a chunk."""
    return hash_of(text_of(chunk))


@contextmanager
def opened(root: Path) -> Iterator[Program]:
    """The program over a folder, closed at the end."""
    program = Program(root)
    try:
        yield program
    finally:
        program.close()


def let_hours_pass(root: Path) -> None:
    """Make what lies there old enough for a crash's leftovers to be told from work under way."""
    then = time.time() - HOURS_AGO
    for path in [root, *root.rglob("*")]:
        os.utime(path, (then, then))


def recover(root: Path, looks: Callable[[Program], None], *, retries: bool = False) -> None:
    """Start again after a crash, look at the answers, and tidy up as `tramontane rebuild` does.

    What a backup or a restore worked in is swept as the next one does before it begins.
    """
    let_hours_pass(root)
    with opened(root) as program:
        looks(program)
        program.start()
        if retries:
            program.retry()
        looks(program)
        program.rebuild()
        looks(program)
    for folder in (root, root / ELSEWHERE):
        sweep(folder)
