"""Scans read by La Plateforme: what comes back is checked to be of the page that was sent."""

from __future__ import annotations

from pathlib import Path

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from ingest.queue import IngestQueue
from ingest.recognition import Recogniser
from rag.domain import DocumentState, Library, PageState
from rag.intake import Stage
from rag.providers.mistral_ocr import MistralOcr
from rag.store.catalog import Catalog
from tests.builders import PdfPage, pdf
from tests.ingest.scanning import LIMITS, Counting, picture, scan, settled, start
from tests.loopback import LoopbackServer, Status, mistral_error

KEY = "s3cr3t-k3y-0123456789"


def answer(*pages: tuple[int, str]) -> Status:
    found: list[dict[str, object]] = [
        {"index": index, "markdown": text, "images": [], "dimensions": None}
        for index, text in pages
    ]
    usage = {"pages_processed": len(found), "doc_size_bytes": 1000}
    return Status(200, {"pages": found, "model": "mistral-ocr-4-1", "usage_info": usage})


def test_a_page_without_an_answer_of_its_own_fails_alone_and_can_be_tried_again(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    ingestor = Ingestor(catalog, embedder, LIMITS, load)
    document = ingestor.add(scan(tmp_path), library).document
    replies = answer((1, "Of another")), answer((0, "Three boats")), answer((0, "Two boats"))
    with LoopbackServer(ocr=replies, api_key=KEY) as server:
        ocr = MistralOcr(KEY, url=server.url, timeout_seconds=5)
        reading = Recogniser(catalog, ingestor, picture, ocr)
        now = reading.read_pages(document.id, [2, 3])
        assert now.state is DocumentState.PARTIAL
        _, second, third = catalog.pages(document.id)
        assert (second.state, second.text) == (PageState.FAILED, "")
        said = "Mistral OCR did not read the page: One page was sent to La Plateforme, and it"
        assert second.reason.startswith(said)
        assert (third.state, third.text) == (PageState.OCR, "Three boats")
        assert reading.read_pages(document.id, [2]).state is DocumentState.READY
    _, second, third = catalog.pages(document.id)
    assert [second.text, third.text] == ["Two boats", "Three boats"]


def test_a_page_that_is_refused_ends_at_once_with_what_to_do(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf([PdfPage(image=True)]))
    refused = Status(422, mistral_error("Image could not be decoded", "invalid_request", "1902"))
    with LoopbackServer(ocr=(refused, answer((0, "Too late"))), api_key=KEY) as server:
        ocr = MistralOcr(KEY, url=server.url, timeout_seconds=5)
        queue_of.append(start(catalog, embedder, ocr, tmp_path))
        queue_of[0].submit(path, "letter.pdf", keep=True)
        (job,) = settled(queue_of[0])
        assert [request.path for request in server.requests] == ["/v1/ocr"]
    assert job.stage is Stage.FAILED
    (document,) = catalog.documents(library.id)
    (page,) = catalog.pages(document.id)
    assert (document.state, page.state) == (DocumentState.FAILED, PageState.FAILED)
    assert document.reason == "OCR read none of the pages. Each page says why."
    assert page.reason == (
        "Mistral OCR did not read the page: "
        "La Plateforme refused the request (422): Image could not be decoded. Save the page in "
        "another format and add it again, or set TRAMONTANE_OCR to tesseract to read it here."
    )
