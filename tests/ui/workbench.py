"""The page over files on their way in, held back step by step as a test wants to see them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from ingest.incoming import Incoming
from ingest.intake import Intake, limits_of
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from ingest.queue import IngestQueue
from ingest.recognition import Picture, Recogniser
from ingest.rendering import render_page
from rag.errors import ProviderError, RagError
from rag.intake import OcrPage
from rag.protocols import Embedder, Vectors
from rag.wiring import Application
from ui.intake import INCOMING
from ui.server import create_app

WAIT_SECONDS = 60.0


class Gate:
    """Lets whoever comes by pass while it is open, or as often as it was told."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._left: float = float("inf")

    def shut(self) -> None:
        """Let nobody pass from now on."""
        with self._changed:
            self._left = 0

    def let(self, count: float = float("inf")) -> None:
        """Let so many pass; all of them, if no number is given."""
        with self._changed:
            self._left += count
            self._changed.notify_all()

    def come_by(self) -> None:
        """Wait until one may pass."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._left > 0, WAIT_SECONDS)
            self._left -= 1


@dataclass
class HeldEmbedder:
    """An embedder with a gate before each batch; it fails as long as it has faults."""

    inner: Embedder
    gate: Gate = field(default_factory=Gate)
    faults: list[ProviderError] = field(default_factory=list)

    @property
    def model(self) -> str:
        return self.inner.model

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    @property
    def max_tokens(self) -> int:
        return self.inner.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count_tokens(texts)

    def fluency(self, text: str) -> float:
        return self.inner.fluency(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.gate.come_by()
        if self.faults:
            raise self.faults.pop(0)
        return self.inner.embed(texts)


@dataclass
class HeldReader:
    """Reads files in this process, with a gate before each page; fails as long as it has faults."""

    gate: Gate = field(default_factory=Gate)
    faults: list[RagError] = field(default_factory=list)

    def __call__(
        self, path: Path, name: str, *, max_pages: int, progress: Callable[[int, int], None]
    ) -> LoadedDocument:
        if self.faults:
            raise self.faults.pop(0)
        loaded = load(path, name, max_pages=max_pages)
        for page in loaded.pages:
            self.gate.come_by()
            progress(page.number, len(loaded.pages))
        return loaded


@dataclass
class HeldOcr:
    """OCR with a gate before each page; it fails as long as it has faults."""

    name: str = "tesseract"
    dollars_per_page: float = 0.0
    gate: Gate = field(default_factory=Gate)
    faults: list[RagError] = field(default_factory=list)

    def read(self, image: bytes) -> OcrPage:
        self.gate.come_by()
        if self.faults:
            raise self.faults.pop(0)
        return OcrPage(f"The scanned page {image.decode()} tells of forty-one boats.", ())


def numbered(_path: Path, number: int, _width_pixels: int) -> bytes:
    """In place of the picture of a page, its number."""
    return str(number).encode()


@dataclass
class Workbench:
    """An application at work on files, and what holds it back."""

    application: Application
    embedder: HeldEmbedder
    reader: HeldReader = field(default_factory=HeldReader)
    ocr: HeldOcr | None = None
    picture: Picture = numbered
    ask_above_dollars: float = 0.05
    retry_seconds: float = 0.0

    @contextmanager
    def working(self) -> Iterator[IngestQueue]:
        """The queue at work, in a process that has just started."""
        application, settings = self.application, self.application.settings
        catalog, limits = application.catalog, limits_of(settings)
        ingestor = Ingestor(catalog, self.embedder, limits, self.reader)
        recogniser = Recogniser(catalog, ingestor, self.picture, self.ocr)
        intake = Intake(catalog, ingestor, render_page, recogniser, self.ask_above_dollars)
        incoming = Incoming(settings.data_dir / INCOMING, settings.library)
        where = lambda: application.library  # noqa: E731
        queue = IngestQueue(intake, where, incoming, retry_seconds=self.retry_seconds)
        closing = threading.Thread(target=queue.close)
        try:
            yield queue
        finally:
            closing.start()
            queue.wait([job.id for job in queue.jobs()])  # until it is closed, at the latest
            self.let_all()
            closing.join()

    @contextmanager
    def page(self, port: int = 0) -> Iterator[str]:
        """The page over the queue at work, at this port if one is given; yields its address."""
        with self.working() as queue, socket.create_server(("127.0.0.1", port)) as listener:

            async def run() -> None:
                app = create_app(self.application, queue)
                app.state.rooms.resume()
                config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
                servers.append(uvicorn.Server(config))
                await servers[0].serve(sockets=[listener])
                app.state.rooms.close()

            servers: list[uvicorn.Server] = []
            thread = threading.Thread(target=lambda: asyncio.run(run()))
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                servers[0].should_exit = True
                thread.join()

    def let_all(self) -> None:
        """Hold nothing back any more."""
        gates = [self.embedder.gate, self.reader.gate, *([self.ocr.gate] if self.ocr else [])]
        for gate in gates:
            gate.let()
