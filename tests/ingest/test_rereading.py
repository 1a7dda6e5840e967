"""Pages of one document that are read again side by side: what one run read, the other keeps."""

from __future__ import annotations

import threading
from pathlib import Path

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.domain import Library, PageState
from rag.intake import OcrPage
from rag.store.catalog import Catalog
from tests.builders import PdfPage, paragraph, pdf
from tests.ingest.scanning import LIMITS, Counting, Scripted, recogniser

WAIT_SECONDS = 20.0


class Meeting(Scripted):
    """Says which page it reads; two who read page 2 or 3 at once wait for each other first."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = threading.Barrier(2)

    def read(self, image: bytes) -> OcrPage:
        self.seen.append(image)
        number = image.decode().split()[1]
        if number in "23":
            self.barrier.wait(WAIT_SECONDS)
        return OcrPage(f"The words of page {number}", ())


def test_two_runs_at_once_lose_nothing(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf([paragraph("Boats lie here."), *[PdfPage(image=True)] * 2]))
    document = Ingestor(catalog, embedder, LIMITS, load).add(path, library).document
    ocr = Meeting()
    reading = recogniser(catalog, embedder, ocr)
    runs = [
        threading.Thread(target=reading.read_pages, args=(document.id, [number]))
        for number in (2, 3)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join(WAIT_SECONDS)
    pages = catalog.pages(document.id)
    assert [page.state for page in pages] == [PageState.TEXT, PageState.OCR, PageState.OCR]
    assert [page.text for page in pages[1:]] == ["The words of page 2", "The words of page 3"]
    assert len(ocr.seen) == 2


def test_a_page_that_another_run_has_read_is_not_read_again(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf([paragraph("Boats lie here."), *[PdfPage(image=True)] * 2]))
    document = Ingestor(catalog, embedder, LIMITS, load).add(path, library).document
    other = recogniser(catalog, embedder, Scripted("Read by the other run"))

    class Interrupted(Scripted):
        def read(self, image: bytes) -> OcrPage:
            other.read_pages(document.id, [3])
            return super().read(image)

    ocr = Interrupted("Read by this run")

    recogniser(catalog, embedder, ocr).read_pages(document.id, [2, 3])

    texts = [page.text for page in catalog.pages(document.id)][1:]
    assert texts == ["Read by this run", "Read by the other run"]
    assert len(ocr.seen) == 1
