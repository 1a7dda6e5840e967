"""What taking files in would take, before anything is paid."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.estimating import NESTED, PASSAGES_A_SECOND, TOO_DEEP, Seen, total_of
from ingest.intake import OCR_SECONDS_A_PAGE
from ingest.loaded import LeftOut
from ingest.pipeline import SCAN_PASSAGES, SCAN_TOKENS
from rag.domain import DocumentState, Library
from rag.intake import Estimate, Stage
from rag.store.catalog import Catalog
from tests.builders import PdfPage, paragraph, pdf
from tests.documents import archive_of
from tests.ingest.scanning import Counting, Scripted, intake_of, scan


def mail_with(name: str, content: bytes) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "The boats"
    mail["From"] = "anna@example.org"
    mail.set_content("The list is attached.")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def test_files_within_files_are_counted(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    harbour = tmp_path / "harbour.txt"
    harbour.write_text("The harbour is deep and wide.")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(mail_with("harbour.txt", harbour.read_bytes()))
    whole = tmp_path / "all.zip"
    whole.write_bytes(archive_of({"mail.eml": mail.read_bytes(), "b.txt": "Forty-one boats."}))
    intake = intake_of(catalog, embedder, None)
    alone = intake.estimate(harbour, library)
    assert (alone.estimate.pages, alone.within, alone.uncounted) == (1, 0, ())
    assert alone.estimate.tokens > 6
    with_mail = intake.estimate(mail, library)
    assert (with_mail.estimate.pages, with_mail.within, with_mail.uncounted) == (2, 1, ())
    assert with_mail.estimate.tokens > alone.estimate.tokens
    found = intake.estimate(whole, library)
    assert (found.estimate.pages, found.within, found.uncounted) == (3, 3, ())
    assert found.estimate.tokens > with_mail.estimate.tokens
    assert catalog.documents(library.id) == []
    assert catalog.jobs.of(library.id) == []


def test_what_cannot_be_read_within_is_no_fault_of_the_estimate(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    nested = archive_of({"c.txt": "In an archive in an archive, which is not opened."})
    path = tmp_path / "all.zip"
    path.write_bytes(
        archive_of({"a.txt": "Forty-one boats.", "b.bin": b"\x00\x01" * 50, "c.dat": nested})
    )
    found = intake_of(catalog, embedder, None).estimate(path, library)
    assert (found.estimate.pages, found.within) == (1, 1)
    binary, archive = found.uncounted
    assert (binary.name, binary.reason[:14]) == ("all.zip/b.bin", "This is a file")
    assert archive == LeftOut("all.zip/c.dat", NESTED)
    assert found.loaded.state is DocumentState.READY


def test_mails_in_mails_are_counted_two_deep(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    content = b"The harbour is deep."
    for name in ("deep.txt", "inner.eml", "middle.eml"):
        content = mail_with(name, content)
    path = tmp_path / "outer.eml"
    path.write_bytes(content)
    found = intake_of(catalog, embedder, None).estimate(path, library)
    deep = LeftOut("outer.eml/middle.eml/inner.eml/deep.txt", TOO_DEEP)
    assert (found.within, found.uncounted) == (2, (deep,))


def test_words_that_ocr_is_yet_to_find_are_embedded_too(catalog: Catalog, tmp_path: Path) -> None:
    embedder = Counting("mistral-embed")
    library = catalog.create_library("documents", embedder.model, embedder.dimension)
    intake = intake_of(catalog, embedder, Scripted(dollars_per_page=0.5))
    found = intake.estimate(scan(tmp_path), library).estimate
    words = tmp_path / "words.pdf"
    words.write_bytes(pdf([paragraph("Boats lie here."), PdfPage(), PdfPage()]))
    plain = intake.estimate(words, library).estimate
    assert (found.pages, found.ocr_pages, plain.ocr_pages) == (3, 2, 0)
    assert found.tokens == plain.tokens + 2 * SCAN_TOKENS
    assert found.dollars == pytest.approx(2 * 0.5 + 0.1 * found.tokens / 1e6)
    of_scans = 2 * (OCR_SECONDS_A_PAGE + SCAN_PASSAGES / PASSAGES_A_SECOND)
    assert found.seconds == pytest.approx(plain.seconds + of_scans)


def test_pages_that_nothing_reads_cost_nothing(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    found = intake_of(catalog, embedder, None).estimate(scan(tmp_path), library).estimate
    assert (found.pages, found.ocr_pages) == (3, 0)
    assert found.tokens < SCAN_TOKENS


def test_what_the_library_has_is_not_paid_again(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    intake = intake_of(catalog, embedder, None)
    path = tmp_path / "mail.eml"
    path.write_bytes(mail_with("harbour.txt", b"The harbour is deep."))
    intake.ingestor.add(path, library)
    found = intake.estimate(path, library)
    assert (found.estimate.pages, found.estimate.tokens, found.within) == (1, 0, 0)
    assert found.loaded.state is DocumentState.READY


def test_the_same_bytes_in_two_files_are_asked_for_once(
    catalog: Catalog, library: Library, embedder: Counting
) -> None:
    intake = intake_of(catalog, embedder, None)
    price = Estimate(1, 2, 0, 0.6 * intake.ask_above_dollars, 4.0)
    first = catalog.jobs.submit(library.id, "a.txt", "aa", 9)
    held = catalog.jobs.claim(library.id, "here:1:1", [Stage.WAITING])
    assert held is not None
    catalog.jobs.advance(held, Stage.EMBEDDING, estimate=price, document_id="a")
    same, other = (catalog.jobs.submit(library.id, "b.txt", sha, 9) for sha in ("aa", "bb"))
    assert first.sha256 == same.sha256
    assert not intake.asks(price, same)
    assert intake.asks(price, other)


def test_a_passage_that_two_files_have_is_counted_once(
    catalog: Catalog, library: Library, embedder: Counting, tmp_path: Path
) -> None:
    intake, seen = intake_of(catalog, embedder, None), Seen()
    first, second = tmp_path / "a.md", tmp_path / "b.md"
    first.write_text("# Boats\n\nForty-one boats lie here.\n")
    second.write_text("# Boats\n\nForty-one boats lie here.\n\n\n")
    alone = intake.estimate(second, library).estimate
    assert intake.estimate(first, library, seen).estimate.tokens == alone.tokens > 0
    again = intake.estimate(second, library, seen)
    assert (again.estimate.pages, again.estimate.tokens, again.repeated) == (1, 0, ())


def test_a_total_has_no_price_where_one_is_not_known() -> None:
    known, unknown = Estimate(1, 2, 3, 0.5, 4.0), Estimate(1, 2, 0, None, 1.0)
    assert total_of([known, known]) == Estimate(2, 4, 6, 1.0, 8.0)
    assert total_of([known, unknown, known]).dollars is None
