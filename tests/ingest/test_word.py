from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders import word
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.documents import archive_of, document_of, docx, paragraph_of, said, table_of


def read(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "report.docx"
    path.write_bytes(content)
    return word.read_text(path)


def failure(tmp_path: Path, content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)
    return caught.value


def test_paragraphs_headings_items_and_tables_are_read(tmp_path: Path) -> None:
    content = docx(
        paragraph_of(said("The coast"), style="Title"),
        paragraph_of(said("Boats"), style="Titre2"),
        paragraph_of(said("The harbour holds "), said("forty-one boats &amp; a ferry.")),
        paragraph_of(said("In winter:")),
        paragraph_of(said("forty-one boats"), item=True),
        paragraph_of(said("one ferry"), style="ListBullet"),
        paragraph_of(),
        table_of(("Season", "Boats"), ("Winter", "forty | one")),
        paragraph_of(said("Below"), style="Deep"),
    )
    assert read(tmp_path, content) == (
        "# The coast\n\n## Boats\n\nThe harbour holds forty-one boats & a ferry.\n\nIn winter:\n\n"
        "- forty-one boats\n- one ferry\n\n| Season | Boats |\n| --- | --- |\n"
        "| Winter | forty \\| one |\n\n### Below"
    )


def test_tabs_and_breaks_stand_for_themselves(tmp_path: Path) -> None:
    content = docx(paragraph_of(said("a"), "<w:r><w:tab/><w:t>b</w:t><w:br/></w:r>", said("c")))
    assert read(tmp_path, content) == "a\tb\nc"


def test_what_was_deleted_is_gone_and_what_is_there_twice_is_read_once(tmp_path: Path) -> None:
    content = docx(
        paragraph_of(
            said("Boats"),
            "<w:del><w:r><w:delText> gone</w:delText></w:r></w:del>",
            f"<w:moveFrom>{said(' moved')}</w:moveFrom>",
            f"<w:ins>{said(' stay')}</w:ins>",
            f"<x xmlns='urn:x'><Fallback>{said(' twice')}</Fallback></x>",
            "<w:r><w:instrText>PAGE</w:instrText></w:r>",
        )
    )
    assert read(tmp_path, content) == "Boats stay"


@pytest.mark.parametrize("target", ["/word/document.xml", "word/other.xml"])
def test_the_document_is_where_the_archive_says(tmp_path: Path, target: str) -> None:
    assert read(tmp_path, docx(paragraph_of(said("Here.")), target=target)) == "Here."


def test_a_document_type_is_refused_so_that_no_entity_grows(tmp_path: Path) -> None:
    entities = (
        '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    document = document_of(paragraph_of(said("&b;&c;")), head=entities)
    error = failure(tmp_path, archive_of({"word/document.xml": document}))
    assert error.state is DocumentState.DAMAGED
    assert "document type" in error.reason


def test_what_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = docx(paragraph_of(said("a" * 300_000)))
    assert len(content) < 10_000
    for name, limit in (("MAX_XML_BYTES", 200_000), ("MAX_CHARACTERS", 200_000)):
        with monkeypatch.context() as patch:
            patch.setattr(word, name, limit)
            assert failure(tmp_path, content).state is DocumentState.TOO_LARGE
    deep = "<w:r>" * 300 + "</w:r>" * 300
    assert failure(tmp_path, docx(paragraph_of(deep))).state is DocumentState.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        docx(paragraph_of(said("a")))[:-40],
        archive_of({"word/document.xml": "<w:document>"}),
        archive_of({"word/document.xml": b"\xff\xfe\x00"}),
        archive_of({"word/styles.xml": "<a/>"}),
        b"PK\x03\x04 and nothing else",
    ],
)
def test_a_damaged_document_is_told(tmp_path: Path, content: bytes) -> None:
    assert failure(tmp_path, content).state is DocumentState.DAMAGED


def test_only_an_archive_with_a_document_is_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, expected in (
        (docx(paragraph_of(said("a"))), True),
        (archive_of({"xl/workbook.xml": "<a/>"}), False),
        (b"PK\x03\x04 no archive", False),
        (b"text", False),
        (b"", False),
    ):
        path.write_bytes(content)
        assert word.is_word(path) is expected
