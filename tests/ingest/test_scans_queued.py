"""Scans among other files, on their way in together."""

from __future__ import annotations

from pathlib import Path

from ingest.incoming import Incoming
from ingest.queue import IngestQueue
from rag.domain import DocumentState, Library
from rag.intake import OcrPage, Stage
from rag.store.catalog import Catalog
from tests.builders import PdfPage, paragraph, pdf
from tests.ingest.scanning import Counting, Scripted, intake_of, scan, settled, start


def test_the_same_scan_twice_is_one_document_and_read_once(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    ocr = Scripted("Forty-one boats")
    queue = start(catalog, embedder, ocr, tmp_path)
    queue.close()  # so that both wait before either is read
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf([PdfPage(image=True)]))
    for name in ("letter.pdf", "copy.pdf"):
        queue.submit(path, name, keep=True)
    queue_of.append(start(catalog, embedder, ocr, tmp_path))
    jobs = settled(queue_of[0])
    (document,) = catalog.documents(library.id)
    (other,) = {job.name for job in jobs} - {document.name}
    assert {job.outcome for job in jobs} == {
        f"{document.name} was added.",
        f"{other} is already in the library as {document.name}.",
    }
    assert len(ocr.seen) == 1


def test_a_scan_that_nothing_could_read_is_read_when_it_is_added_again(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf([PdfPage(image=True)]))
    for ocr, stage in ((None, Stage.FAILED), (Scripted("Forty-one boats"), Stage.DONE)):
        queue = start(catalog, embedder, ocr, tmp_path)
        queue_of.append(queue)
        queue.submit(path, "letter.pdf", keep=True)
        assert settled(queue)[-1].stage is stage
        queue.close()
    (document,) = catalog.documents(library.id)
    assert (document.state, document.embedded) == (DocumentState.READY, 1)


def test_files_without_scans_do_not_wait_for_ocr(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The harbour is deep.")
    queues: list[IngestQueue] = []

    class Interrupting(Scripted):
        def read(self, image: bytes) -> OcrPage:
            if not self.seen:  # a file comes while the first page is read
                queues[0].submit(note, "note.txt", keep=True)
            else:
                names = [document.name for document in catalog.documents(library.id)]
                assert "note.txt" in names
            return super().read(image)

    ocr = Interrupting("Forty-one boats", "The lighthouse")
    intake = intake_of(catalog, embedder, ocr)
    incoming = Incoming(tmp_path / "incoming", "documents")
    queues.append(IngestQueue(intake, lambda: catalog.library("documents"), incoming, readers=1))
    queue_of.append(queues[0])
    queues[0].submit(scan(tmp_path), "scan.pdf")
    assert [job.stage for job in settled(queues[0])] == [Stage.DONE, Stage.DONE]
    assert len(ocr.seen) == 2


def test_many_small_costs_are_asked_for_together(
    catalog: Catalog, queue_of: list[IngestQueue], tmp_path: Path
) -> None:
    embedder = Counting("mistral-embed")
    library = catalog.create_library("documents", embedder.model, embedder.dimension)
    ocr = Scripted(*["words"] * 9, dollars_per_page=0.03)
    queue = start(catalog, embedder, ocr, tmp_path)
    queue_of.append(queue)
    queue.close()
    for number in range(3):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf([paragraph(f"Page {number}."), PdfPage(image=True)]))
        queue.submit(path, path.name)
    queue_of.append(start(catalog, embedder, ocr, tmp_path))
    stages = [job.stage for job in settled(queue_of[1])]
    assert stages.count(Stage.CONFIRM) >= 1  # $0.03 each, and $0.05 is the most
    waiting = next(job for job in queue_of[1].jobs() if job.stage is Stage.CONFIRM)
    catalog.remove(waiting.document_id or "")
    assert catalog.jobs.get(waiting.id).stage is Stage.CANCELLED
    assert not any(job.stage is Stage.FAILED for job in catalog.jobs.of(library.id))
