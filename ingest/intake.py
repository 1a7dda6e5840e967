"""What works on files on their way in, built from the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.attachments import file_name
from ingest.child import CancelledError, SandboxLimits
from ingest.drawing import Drawing
from ingest.estimating import Estimated, Seen, estimate_whole, total_of
from ingest.loaded import LoadedDocument
from ingest.pipeline import Ingestor, Limits
from ingest.recognition import Picture, Recogniser
from ingest.sandbox import Sandbox
from ingest.tesseract import Tesseract
from rag.domain import Document, DocumentState, Library, PageState
from rag.errors import DocumentError
from rag.intake import Estimate, Job, Stage
from rag.protocols import Embedder, Ocr
from rag.settings import Settings
from rag.store.catalog import Catalog

PAID = (Stage.OCR, Stage.CONFIRM, Stage.EMBEDDING)
OCR_SECONDS_A_PAGE = 2.5  # roughly
DRAWING_SECONDS = 15.0  # for a page that somebody looks at


@dataclass(frozen=True, slots=True)
class Intake:
    """What works on files, and draws their pages as JPEG.

    Above so many dollars a person is asked before anything is paid.
    """

    catalog: Catalog
    ingestor: Ingestor
    draw: Picture
    recogniser: Recogniser | None = None
    ask_above_dollars: float = 0.05
    release: Callable[[], None] = lambda: None

    def close(self) -> None:
        """End the processes that read files; whoever waits for one gets a `CancelledError`."""
        self.release()

    def estimate(self, path: Path, library: Library, seen: Seen | None = None) -> Estimated:
        """What taking a file in would take, with those within it; nothing is stored.

        What was `seen` in files before is taken in once, and so not counted again.

        Raises:
            DocumentError: the file is not there, or may not be read.
        """
        before = seen or Seen()

        def estimate_file(path: Path, name: str) -> tuple[Estimate, LoadedDocument]:
            estimate, loaded = self.ingestor.estimate(path, library, name, before)
            scans = self._scans(loaded)
            embedding = self.ingestor.price_of_scans(scans)
            return self._with_ocr(total_of([estimate, embedding]), scans), loaded

        return estimate_whole(path, file_name(path.name), estimate_file, before)

    def price(self, document: Document) -> Estimate:
        """What is left to do for a document that was read, and what it costs."""
        scans = len(self.recogniser.waiting_pages(document.id)) if self.recogniser else 0
        return self._with_ocr(self.ingestor.price(document.id, scans), scans)

    def next_stage(self, document_id: str) -> Stage:
        """What is left to do for a document that was read."""
        if self.recogniser is not None and self.recogniser.waiting_pages(document_id):
            return Stage.OCR
        document = self.catalog.document(document_id)
        return Stage.EMBEDDING if document.embedded < document.chunks else Stage.DONE

    def is_elsewhere(self, job: Job) -> bool:
        """Whether another job takes the same bytes in.

        One that waits for a person's word makes way: the file was handed over once more.
        """
        jobs = self.catalog.jobs
        others = [
            other
            for other in jobs.of(job.library_id)
            if other.id != job.id and other.sha256 == job.sha256 and not other.has_ended
        ]
        for other in others:
            if other.stage is Stage.CONFIRM:
                jobs.cancel(other.id)
                jobs.dismiss(other.id)
        return any(other.stage is not Stage.CONFIRM for other in others)

    def asks(self, estimate: Estimate, job: Job) -> bool:
        """Whether a person is asked first: for what all files on their way cost together.

        The same bytes in several files are paid for once.
        """
        others = {
            other.sha256: other.estimate.dollars or 0.0
            for other in self.catalog.jobs.of(job.library_id)
            if other.stage in PAID and other.estimate is not None and other.sha256 != job.sha256
        }
        dollars = estimate.dollars or 0.0
        return dollars > 0 and dollars + sum(others.values()) > self.ask_above_dollars

    def page_image(self, path: Path, number: int, width_pixels: int) -> bytes:
        """A JPEG image of a page of a stored file, counted from 1.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be drawn, or takes too long.
        """
        try:
            return self.draw(path, number, width_pixels)
        except CancelledError as error:
            raise DocumentError(DocumentState.FAILED, "Tramontane is closing.") from error
        except OSError as error:
            raise DocumentError(
                DocumentState.FAILED, f"The file is gone ({error.strerror}). Add it again."
            ) from error

    def _scans(self, loaded: LoadedDocument) -> int:
        """How many pages OCR would read."""
        if self.recogniser is None or self.recogniser.ocr is None:
            return 0
        return sum(page.state is PageState.NEEDS_OCR for page in loaded.pages)

    def _with_ocr(self, estimate: Estimate, pages: int) -> Estimate:
        """The estimate with what it takes to read so many pages, besides embedding them."""
        ocr = self.recogniser.ocr if self.recogniser is not None else None
        dollars = pages * (ocr.dollars_per_page if ocr is not None else 0.0)
        reading = Estimate(0, 0, pages, dollars, pages * OCR_SECONDS_A_PAGE)
        return total_of([estimate, reading])


def open_intake(
    settings: Settings, catalog: Catalog, embedder: Embedder, ocr: Ocr | None
) -> Intake:
    """What works on files, in processes of their own; to be closed."""
    sandbox = Sandbox(settings.readers)
    # Whoever looks at a page does not wait for a file that is being read.
    drawing = Sandbox(2, SandboxLimits(idle_seconds=DRAWING_SECONDS))

    def release() -> None:
        if isinstance(ocr, Tesseract):
            ocr.close()
        sandbox.close()
        drawing.close()

    ingestor = Ingestor(catalog, embedder, limits_of(settings), sandbox.read)
    recogniser = Recogniser(catalog, ingestor, sandbox.image, ocr)
    return Intake(catalog, ingestor, Drawing(drawing.page), recogniser, settings.ask_above, release)


def limits_of(settings: Settings) -> Limits:
    """What is taken in at most."""
    return Limits(settings.max_file_mb * 1_000_000, settings.max_pages)
