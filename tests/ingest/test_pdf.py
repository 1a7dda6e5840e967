from __future__ import annotations

import io
import os
from pathlib import Path

import pypdf
import pytest

from ingest import pdfium
from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from rag.domain import DocumentState, PageState
from rag.folding import flowing
from tests import builders
from tests.builders import Line, PdfPage

ALPHABET = "abcdefghijklmnopqrstuvwxyzT"
TEXT = builders.paragraph("Words that can be read.")
ROWS = (
    ("Millions of euros", "2023", "2022"),
    ("Sales", "35,355", "34,229"),
    ("Costs", "(19,232)", "(18,795)"),
    ("Income", "16,123", "15,434"),
)


def _load(folder: Path, content: bytes) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return pdf.load(path, "a.pdf", max_pages=100, progress=lambda done, total: None)


def _table(top: float = 700.0) -> tuple[Line, ...]:
    return tuple(
        Line(words, x=72.0 + 150 * column, y=top - 14 * row)
        for row, cells in enumerate(ROWS)
        for column, words in enumerate(cells)
    )


@pytest.mark.parametrize("rotation", [0, 90, 270])
def test_a_table_is_found_with_the_places_of_its_rows(tmp_path: Path, rotation: int) -> None:
    loaded = _load(tmp_path, builders.pdf([TEXT, PdfPage(_table(), rotation=rotation)]))

    (table,) = loaded.tables
    text = loaded.pages[1].text
    assert (table.number, table.page, table.header) == (1, 2, ROWS[0])
    assert [row.cells for row in table.rows] == list(ROWS)
    assert [text[row.start : row.end] for row in table.rows] == [" ".join(row) for row in ROWS]


def test_a_table_set_along_the_side_of_the_page_is_found(tmp_path: Path) -> None:
    raw = b"".join(
        f"BT /F1 12 Tf 0 1 -1 0 {100 + 14 * row} {72 + 150 * column} Tm ({words}) Tj ET\n".encode()
        for row, cells in enumerate(ROWS)
        for column, words in enumerate(
            cell.replace("(", r"\(").replace(")", r"\)") for cell in cells
        )
    )

    (table,) = _load(tmp_path, builders.pdf([PdfPage(raw=raw)])).tables

    assert [row.cells for row in table.rows] == list(ROWS)


def test_a_table_beyond_characters_of_two_units_is_found(tmp_path: Path) -> None:
    page = PdfPage((Line("T # T", y=740), *_table()))

    loaded = _load(tmp_path, builders.pdf([page], unicode_map={"#": "😀"}))

    assert "😀" in loaded.pages[0].text
    assert [row.cells for row in loaded.tables[0].rows] == list(ROWS)


@pytest.mark.parametrize(
    "stand_in", ["\ue000", "\ufffd", "\x05"], ids=["private", "none", "control"]
)
def test_a_page_whose_letters_are_not_known_needs_ocr(tmp_path: Path, stand_in: str) -> None:
    unknown = builders.pdf([TEXT], unicode_map=dict.fromkeys(ALPHABET, stand_in))

    loaded = _load(tmp_path, unknown)

    (page,) = loaded.pages
    assert (page.state, page.text) == (PageState.NEEDS_OCR, "")
    assert (
        page.reason == "The fonts of the page do not tell what its letters are; its words need OCR."
    )
    assert loaded.state is DocumentState.NEEDS_OCR


def test_a_few_unknown_letters_are_no_reason_for_ocr(tmp_path: Path) -> None:
    loaded = _load(tmp_path, builders.pdf([TEXT], unicode_map={"W": "\ue000", "b": "\ue001"}))

    assert loaded.pages[0].state is PageState.TEXT


def test_files_inside_a_file_are_its_attachments(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(builders.pdf([TEXT])))
    writer.add_attachment("../data.csv", b"a,b\n1,2\n")
    out = io.BytesIO()
    writer.write(out)

    loaded = _load(tmp_path, out.getvalue())

    assert [(file.name, file.content) for file in loaded.attachments] == [
        ("data.csv", b"a,b\n1,2\n")
    ]
    assert loaded.state is DocumentState.READY


@pytest.mark.parametrize("lines", [("an exam-", "ple of it"), ("an exam\u00ad", "ple of it")])
def test_a_word_broken_at_the_end_of_a_line_is_whole(
    tmp_path: Path, lines: tuple[str, str]
) -> None:
    loaded = _load(tmp_path, builders.pdf([builders.paragraph(*lines)]))

    assert flowing(loaded.pages[0].text) == "an example of it"


def test_tables_of_the_filings_are_not_prose() -> None:
    shared = Path(__file__).parents[3] / "shared" / "eval"
    filing = Path(os.environ.get("TRAMONTANE_EVAL_DIR", shared)) / "filings" / "AMAZON_2017_10K.pdf"
    if not filing.is_file():
        pytest.skip(f"the filings of the evaluation set are not at {filing.parent}")

    loaded = pdf.load(filing, filing.name, max_pages=100, progress=lambda done, total: None)

    income = next(table for table in loaded.tables if table.page == 38)
    assert income.header == (
        "(in millions, except per share data)",
        "Year Ended December 31, 2015",
        "Year Ended December 31, 2016",
        "Year Ended December 31, 2017",
    )
    assert ("Net product sales", "$ 79,268", "$ 94,665", "$ 118,573") in [
        row.cells for row in income.rows
    ]
    for table in loaded.tables:
        text = loaded.pages[table.page - 1].text
        assert all(text[row.start : row.end].strip() for row in table.rows)
        cells = [cell for row in table.rows for cell in row.cells if cell]
        assert sum(any(map(str.isdigit, cell)) or len(cell) < 60 for cell in cells) > len(cells) / 2
    with pdfium.open_pdf(filing) as document:
        assert document.mended is None
