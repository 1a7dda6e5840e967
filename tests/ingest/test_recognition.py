"""Pages read again: by OCR, or because they failed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest

from ingest.incoming import Incoming
from ingest.intake import Intake
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits, Progress
from ingest.queue import IngestQueue
from ingest.recognition import NO_WORDS, Recogniser
from ingest.rendering import render_page
from rag.domain import DocumentState, Library, PageState
from rag.errors import DocumentError, UnavailableError
from rag.intake import Job, OcrPage, Stage, WordBox
from rag.protocols import Vectors
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


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def library(catalog: Catalog, embedder: Counting) -> Library:
    return catalog.create_library("documents", embedder.model, embedder.dimension)


def recogniser(catalog: Catalog, embedder: Counting, ocr: Scripted | None) -> Recogniser:
    return Recogniser(catalog, Ingestor(catalog, embedder, LIMITS, load), picture, ocr)


def scan(tmp_path: Path) -> Path:
    """Three pages: words, and two pictures."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf([paragraph("Boats lie here."), PdfPage(image=True), PdfPage(image=True)]))
    return path


def test_pages_that_need_it_are_read_by_ocr_and_no_others(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    added = Ingestor(catalog, embedder, LIMITS, load).add(scan(tmp_path), library)
    assert added.document.state is DocumentState.PARTIAL
    ocr = Scripted("Forty-one boats", "")
    reading = recogniser(catalog, embedder, ocr)
    assert reading.waiting_pages(added.document.id) == [2, 3]
    now = reading.read_pages(added.document.id, [2, 3])
    assert [image.split()[1:] for image in ocr.seen] == [[b"2", b"2550"], [b"3", b"2550"]]
    assert (now.id, now.state, now.reason) == (added.document.id, DocumentState.READY, "")
    pages = catalog.pages(now.id)
    assert [page.state for page in pages] == [PageState.TEXT, PageState.OCR, PageState.EMPTY]
    assert pages[1].text == "Forty-one boats"
    assert pages[1].reason == "Read by scripted OCR."
    assert pages[2].reason == NO_WORDS
    assert [page.offset for page in pages] == [0, len(pages[0].text), len(pages[0].text) + 15]
    assert catalog.words(now.id, 2) == (WordBox(0, 9, 0.1, 0.2, 0.3, 0.25),)
    assert catalog.words(now.id, 1) == ()
    assert [chunk.text for chunk in catalog.pending_chunks(now.id)] == ["Forty-one boats"]
    assert reading.waiting_pages(now.id) == []


def test_a_page_that_ocr_could_not_read_can_be_tried_alone(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    document = Ingestor(catalog, embedder, LIMITS, load).add(scan(tmp_path), library).document
    away = UnavailableError("The server is away. Try again later.")
    first = recogniser(catalog, embedder, Scripted("Forty-one boats", away))
    with pytest.raises(UnavailableError):
        first.read_pages(document.id, [2, 3])
    assert catalog.document(document.id).state is DocumentState.PARTIAL
    page = catalog.page(document.id, 3)
    assert page.state is PageState.NEEDS_OCR
    assert page.reason == "scripted OCR did not read the page: " + str(away)
    again = Scripted("The lighthouse")
    now = recogniser(catalog, embedder, again).read_pages(document.id, [3])
    assert len(again.seen) == 1
    assert now.state is DocumentState.READY
    assert [page.text for page in catalog.pages(document.id)][1:] == [
        "Forty-one boats",
        "The lighthouse",
    ]
    assert catalog.words(document.id, 2)  # of the page that was read before


@pytest.fixture
def queue_of(catalog: Catalog, tmp_path: Path) -> Iterator[list[IngestQueue]]:
    opened: list[IngestQueue] = []
    yield opened
    for queue in opened:
        queue.close()


def start(
    catalog: Catalog, embedder: Counting, ocr: Scripted | None, tmp_path: Path
) -> IngestQueue:
    reading = recogniser(catalog, embedder, ocr)
    intake = Intake(catalog, Ingestor(catalog, embedder, LIMITS, load), render_page, reading)
    incoming = Incoming(tmp_path / "incoming", "documents")
    return IngestQueue(intake, lambda: catalog.library("documents"), incoming, retry_seconds=0.0)


def settled(queue: IngestQueue) -> list[Job]:
    """Every job, once each has ended or waits for a word."""
    known: set[int] = set()
    while known != (known := {job.id for job in queue.jobs()}):
        queue.wait(known)
    return queue.jobs()


def test_a_scan_is_read_by_ocr_on_its_way_in(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    queue = start(catalog, embedder, Scripted("Forty-one boats", "The lighthouse"), tmp_path)
    queue_of.append(queue)
    queue.submit(scan(tmp_path), "scan.pdf")
    (job,) = settled(queue)
    assert (job.stage, job.outcome) == (Stage.DONE, "scan.pdf was added.")
    document = catalog.document(job.document_id or "")
    assert (document.state, document.embedded) == (DocumentState.READY, 3)
    assert sorted(text.split("\n")[1] for text in embedder.embedded) == [
        "Boats lie here.",
        "Forty-one boats",
        "The lighthouse",
    ]


def test_a_scan_without_ocr_ends_saying_so(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    queue = start(catalog, embedder, None, tmp_path)
    queue_of.append(queue)
    path = tmp_path / "pictures.pdf"
    path.write_bytes(pdf([PdfPage(image=True)]))
    queue.submit(path, "pictures.pdf")
    (job,) = settled(queue)
    assert job.stage is Stage.FAILED
    assert "only OCR can read" in job.outcome
    assert not job.is_lost


def test_what_costs_something_waits_for_a_word(
    catalog: Catalog, queue_of: list[IngestQueue], tmp_path: Path
) -> None:
    embedder = Counting("mistral-embed")
    catalog.create_library("documents", embedder.model, embedder.dimension)
    ocr = Scripted("Forty-one boats", "The lighthouse", dollars_per_page=0.5)
    queue = start(catalog, embedder, ocr, tmp_path)
    queue_of.append(queue)
    number = queue.submit(scan(tmp_path), "scan.pdf")
    (job,) = settled(queue)
    assert job.stage is Stage.CONFIRM
    assert job.estimate is not None
    assert (job.estimate.pages, job.estimate.ocr_pages) == (3, 2)
    assert job.estimate.tokens == 6  # title and three words, and two that the model adds
    assert job.estimate.dollars == pytest.approx(1.0 + 0.1 * 6 / 1e6)
    assert ocr.seen == []
    assert embedder.embedded == []
    queue.confirm(number)
    queue.wait([number])
    assert queue.jobs()[0].stage is Stage.DONE
    assert len(ocr.seen) == 2
    assert len(embedder.embedded) == 3


def test_an_archive_and_a_mail_give_their_files(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The boats"
    mail["From"] = "anna@example.org"
    mail.set_content("The list is attached.")
    mail.add_attachment("Forty-one boats.", filename="list.txt")
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("notes/harbour.md", "# Harbour\n\nIt is deep.")
        packed.writestr("mail.eml", mail.as_bytes())
    queue = start(catalog, embedder, None, tmp_path)
    queue_of.append(queue)
    for _ in range(2):
        queue.submit(archive, "all.zip", keep=True)
        jobs = settled(queue)
    assert {job.stage for job in jobs} == {Stage.DONE}
    assert jobs[0].outcome == "all.zip holds 2 files, which are taken in."
    assert sorted(document.name for document in catalog.documents(library.id)) == [
        "all.zip/mail.eml",
        "all.zip/mail.eml/list.txt",
        "all.zip/notes/harbour.md",
    ]
    assert len(list((tmp_path / "data/blobs").glob("*/*"))) == 3  # the archive itself is not kept


def test_a_page_is_read_again_when_asked(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    bad = DocumentError(DocumentState.FAILED, "The picture is damaged.")
    queue = start(catalog, embedder, Scripted("Forty-one boats", bad, "The lighthouse"), tmp_path)
    queue_of.append(queue)
    queue.submit(scan(tmp_path), "scan.pdf")
    (job,) = settled(queue)
    assert job.stage is Stage.DONE
    document = queue.retry_pages(job.document_id or "", [3])
    assert document.state is DocumentState.READY
    assert [each.stage for each in settled(queue)] == [Stage.DONE, Stage.DONE]
    assert catalog.document(document.id).embedded == 3


def test_a_fault_that_passes_is_waited_out_and_what_was_read_is_not_read_again(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    away = UnavailableError("The server is away. Try again later.")
    ocr = Scripted("Forty-one boats", away, "The lighthouse")
    queue = start(catalog, embedder, ocr, tmp_path)
    queue_of.append(queue)
    queue.submit(scan(tmp_path), "scan.pdf")
    (job,) = settled(queue)
    assert job.stage is Stage.DONE
    assert catalog.document(job.document_id or "").state is DocumentState.READY
    assert len(ocr.seen) == 3


def test_a_blank_page_stays_blank_when_another_is_read_again(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    document = Ingestor(catalog, embedder, LIMITS, load).add(scan(tmp_path), library).document
    bad = DocumentError(DocumentState.FAILED, "The picture is damaged.")
    recogniser(catalog, embedder, Scripted("", bad)).read_pages(document.id, [2, 3])
    recogniser(catalog, embedder, Scripted("The lighthouse")).read_pages(document.id, [3])
    states = [page.state for page in catalog.pages(document.id)]
    assert states == [PageState.TEXT, PageState.EMPTY, PageState.OCR]


def test_pages_that_were_read_are_kept_when_the_rest_is_stopped(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    document = Ingestor(catalog, embedder, LIMITS, load).add(scan(tmp_path), library).document

    def stop(progress: Progress) -> None:
        if progress.done == 1:
            raise InterruptedError

    reading = recogniser(catalog, embedder, Scripted("Forty-one boats"))
    with pytest.raises(InterruptedError):
        reading.read_pages(document.id, [2, 3], stop)
    assert catalog.page(document.id, 2).text == "Forty-one boats"
    assert reading.waiting_pages(document.id) == [3]
