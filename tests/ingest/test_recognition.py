"""Pages read again: by OCR, or because they failed."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from ingest.embedded import text_of
from ingest.estimating import BILLED_PER_TEKKEN
from ingest.loaders.load import load
from ingest.pipeline import SCAN_TOKENS, Ingestor, Progress
from ingest.queue import IngestQueue
from ingest.recognition import NO_WORDS
from rag.domain import DocumentState, Library, PageState
from rag.errors import DocumentError, UnavailableError
from rag.intake import Job, Stage, WordBox
from rag.protocols import Vectors
from rag.store.catalog import Catalog
from rag.store.holds import Held
from rag.store.jobs import Jobs
from rag.tokens import count_tokens
from tests.builders import PdfPage, pdf
from tests.ingest.scanning import LIMITS, Counting, Scripted, recogniser, scan, settled, start


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
    (chunk,) = catalog.pending_chunks(job.document_id or "")
    text_tokens = math.ceil(BILLED_PER_TEKKEN * count_tokens([text_of(chunk)])[0])
    assert job.estimate.tokens == text_tokens + 2 * SCAN_TOKENS
    assert job.estimate.dollars == pytest.approx(1.0 + 0.1 * job.estimate.tokens / 1e6)
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
    assert jobs[0].outcome == "all.zip holds 2 files, each of which is read next."
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


def test_a_page_that_is_read_again_while_the_rest_is_embedded_costs_one_batch_at_most(
    catalog: Catalog,
    library: Library,
    queue_of: list[IngestQueue],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupted(Counting):
        def embed(self, texts: Sequence[str]) -> Vectors:
            if not self.embedded:
                (document,) = catalog.documents(library.id)
                queue.retry_pages(document.id, [3])
            return super().embed(texts)

    monkeypatch.setattr("ingest.pipeline.BATCH_CHUNKS", 1)
    embedder = Interrupted()
    bad = DocumentError(DocumentState.FAILED, "The picture is damaged.")
    queue = start(catalog, embedder, Scripted("Forty-one boats", bad, "The lighthouse"), tmp_path)
    queue_of.append(queue)
    queue.submit(scan(tmp_path), "scan.pdf")
    (job,) = settled(queue)
    assert (job.stage, catalog.document(job.document_id or "").embedded) == (Stage.DONE, 3)
    assert [text.split("\n")[1] for text in embedder.embedded] == [
        "Boats lie here.",
        "Boats lie here.",
        "Forty-one boats",
        "The lighthouse",
    ]


def test_pages_that_are_read_again_in_the_moment_a_job_ends_are_embedded(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = DocumentError(DocumentState.FAILED, "The picture is damaged.")
    queue = start(catalog, embedder, Scripted("Forty-one boats", bad, "The lighthouse"), tmp_path)
    queue_of.append(queue)
    advance = Jobs.advance
    ended: list[Job] = []

    def late(jobs: Jobs, held: Held, stage: Stage, **how: Any) -> None:
        if stage is Stage.DONE and not ended:
            ended.append(held.job)
            queue.retry_pages(held.job.document_id or "", [3])
        advance(jobs, held, stage, **how)

    monkeypatch.setattr(Jobs, "advance", late)
    queue.submit(scan(tmp_path), "scan.pdf")
    jobs = settled(queue)
    assert [job.stage for job in jobs] == [Stage.DONE, Stage.DONE]
    assert catalog.document(jobs[0].document_id or "").embedded == 3


def test_what_lies_too_deep_in_mails_is_told_to_the_end(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> None:
    mail = EmailMessage()
    mail.set_content("The deepest of all.")
    for depth in range(6):
        outer = EmailMessage()
        outer["Subject"], outer["From"] = f"Letter {depth}", "anna@example.org"
        outer.set_content(f"Letter {depth} has another in it.")
        outer.add_attachment(mail)
        mail = outer
    path = tmp_path / "nested.eml"
    path.write_bytes(mail.as_bytes())
    queue = start(catalog, embedder, None, tmp_path)
    queue_of.append(queue)
    queue.submit(path, "nested.eml")
    jobs = settled(queue)
    assert {job.stage for job in jobs} == {Stage.DONE}
    (told,) = [job.outcome for job in jobs if "left out" in job.outcome]
    assert told.endswith("was added. 1 more in it lie 4 files deep and are left out.")


def test_a_file_that_is_added_again_takes_the_place_of_one_that_waits_for_a_word(
    catalog: Catalog, queue_of: list[IngestQueue], tmp_path: Path
) -> None:
    embedder = Counting("mistral-embed")
    catalog.create_library("documents", embedder.model, embedder.dimension)
    ocr = Scripted("Forty-one boats", "The lighthouse", dollars_per_page=0.5)
    queue = start(catalog, embedder, ocr, tmp_path)
    queue_of.append(queue)
    for _ in range(2):
        number = queue.submit(scan(tmp_path), "scan.pdf")
        (job,) = settled(queue)
        assert (job.id, job.stage) == (number, Stage.CONFIRM)
    queue.confirm(number)
    queue.wait([number])
    assert [each.stage for each in queue.jobs()] == [Stage.DONE]
    assert len(ocr.seen) == 2
