from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ingest.drafts import read_draft_file
from ingest.loaders.load import load
from ingest.pipeline import Limits
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.builders import PdfPage, paragraph, pdf
from tests.documents import archive_of, docx, paragraph_of, said
from tests.workbooks import rows, xlsx

LIMITS = Limits(100_000, 3)
TEXT = "# Boats\r\n\r\nThe harbour holds forty-one boats; l’été, elle en a neuf.\r\n"


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.text", "a"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_kept_exactly_however_it_is_encoded(
    tmp_path: Path, name: str, encoding: str
) -> None:
    path = written(tmp_path, name, TEXT.encode(encoding))
    read = read_draft_file(path, name, LIMITS, load)
    assert (read.name, read.text) == (name, TEXT)
    assert read.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sentence_goes_on_over_the_pages_of_a_pdf(tmp_path: Path) -> None:
    content = pdf([paragraph("The harbour holds"), paragraph("forty-one boats.")])
    read = read_draft_file(written(tmp_path, "a.pdf", content), "a.pdf", LIMITS, load)
    assert " ".join(read.text.split()) == "The harbour holds forty-one boats."
    assert "\r" not in read.text


def test_a_word_document_is_read(tmp_path: Path) -> None:
    content = docx(paragraph_of(said("The harbour holds forty-one boats.")))
    for name in ("report.docx", "stdin"):
        read = read_draft_file(written(tmp_path, name, content), name, LIMITS, load)
        assert read.text == "The harbour holds forty-one boats."


def test_a_table_and_a_workbook_are_read(tmp_path: Path) -> None:
    table = written(tmp_path, "a.csv", b"Ship;Seats\nTern;40\n")
    assert read_draft_file(table, "a.csv", LIMITS, load).text == (
        "| Ship | Seats |\n| --- | --- |\n| Tern | 40 |"
    )
    book = written(tmp_path, "a.xlsx", xlsx({"Fleet": rows(("Ship", "Seats"), ("Tern", 40))}))
    assert "Tern | 40" in read_draft_file(book, "a.xlsx", LIMITS, load).text


@pytest.mark.parametrize(
    ("name", "content", "state", "says"),
    [
        ("a.txt", b"", DocumentState.EMPTY, "empty"),
        ("a.txt", b" \n ", DocumentState.EMPTY, "no text"),
        ("a.docx", docx(paragraph_of()), DocumentState.EMPTY, "The file holds no text"),
        ("a.txt", b"a" * 100_001, DocumentState.TOO_LARGE, "MAX_FILE_MB"),
        ("a.pdf", pdf([paragraph("a")] * 4), DocumentState.TOO_LARGE, "MAX_PAGES"),
        ("a.pdf", pdf([PdfPage(image=True)]), DocumentState.NEEDS_OCR, "OCR"),
        ("a.xlsx", archive_of({"xl/a": "b"}), DocumentState.UNSUPPORTED, "archive"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DocumentState.DAMAGED, "damaged"),
        ("a.pdf", b"%PDF-1.7 broken", DocumentState.DAMAGED, "damaged"),
    ],
)
def test_what_gives_no_text_is_told(
    tmp_path: Path, name: str, content: bytes, state: DocumentState, says: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read_draft_file(written(tmp_path, name, content), name, LIMITS, load)
    assert caught.value.state is state
    assert says in caught.value.reason


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read_draft_file(tmp_path / "no.txt", "no.txt", LIMITS, load)
    with pytest.raises(DocumentError, match="cannot be read"):
        read_draft_file(tmp_path, "folder", LIMITS, load)
