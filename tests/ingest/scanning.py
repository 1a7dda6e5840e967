"""Scans on their way in: an embedder that counts, OCR that follows a script, and their queue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.incoming import Incoming
from ingest.intake import Intake
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.queue import LOOK_SECONDS, IngestQueue
from ingest.recognition import Recogniser
from ingest.rendering import render_page
from rag.intake import Job, OcrPage, WordBox
from rag.protocols import Ocr, Vectors
from rag.store.catalog import Catalog
from tests.builders import PdfPage, paragraph, pdf

LIMITS = Limits(max_bytes=5_000_000, max_pages=50)


class Counting:
    """An embedder whose tokens cost something under the name of La Plateforme's."""

    dimension = 2
    max_tokens = 256

    def __init__(self, model: str = "counting") -> None:
        self.model = model
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def fluency(self, text: str) -> float:
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))


class Scripted:
    """OCR that says what it is told, in order; a failing one once its script says so."""

    name = "scripted OCR"

    def __init__(self, *said: str | Exception, dollars_per_page: float = 0.0) -> None:
        self.said = list(said)
        self.seen: list[bytes] = []
        self.dollars_per_page = dollars_per_page

    def read(self, image: bytes) -> OcrPage:
        self.seen.append(image)
        text = self.said.pop(0)
        if isinstance(text, Exception):
            raise text
        if not text:
            return OcrPage("", ())
        return OcrPage(text, (WordBox(0, len(text.split()[0]), 0.1, 0.2, 0.3, 0.25),))


def picture(path: Path, number: int, width_pixels: int) -> bytes:
    return f"{path.name} {number} {width_pixels}".encode()


def recogniser(catalog: Catalog, embedder: Counting, ocr: Ocr | None) -> Recogniser:
    return Recogniser(catalog, Ingestor(catalog, embedder, LIMITS, load), picture, ocr)


def scan(tmp_path: Path) -> Path:
    """Three pages: words, and two pictures."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf([paragraph("Boats lie here."), PdfPage(image=True), PdfPage(image=True)]))
    return path


def intake_of(catalog: Catalog, embedder: Counting, ocr: Ocr | None) -> Intake:
    reading = recogniser(catalog, embedder, ocr)
    return Intake(catalog, Ingestor(catalog, embedder, LIMITS, load), render_page, reading)


def start(catalog: Catalog, embedder: Counting, ocr: Ocr | None, tmp_path: Path) -> IngestQueue:
    incoming = Incoming(tmp_path / "incoming", "documents")
    return IngestQueue(
        intake_of(catalog, embedder, ocr),
        lambda: catalog.library("documents"),
        incoming,
        retry_seconds=0.0,
    )


def settled(queue: IngestQueue) -> list[Job]:
    """Every job, once each has ended or waits for a word, and nobody works on one any more.

    Whoever ends a job may queue another for its document before letting go of it.
    """
    known: set[int] = set()
    while known != (known := {job.id for job in queue.jobs()}):
        queue.wait(known)
        with queue._changed:
            while queue._held:
                queue._changed.wait(LOOK_SECONDS)
    return queue.jobs()
