"""One table in every format whose last cells are empty, and what its rows read as."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Cm

from ingest.loaded import LoadedDocument
from ingest.loaders import delimited, html, rtf, sheets, slides, word
from tests.documents import docx, table_of
from tests.workbooks import rows, xlsx

SEEN = [
    ("Department", "2023 Plan", "2023 Actual", "2024 Plan", "2024 Actual"),
    ("Sales", "450", "467", "480", ""),
    ("Research", "", "925", "", ""),
    ("Overheads", "", "", "", ""),
    ("Canteen", "102", "108", "111", "115"),
]
SHOWN = [
    "Department | 2023 Plan | 2023 Actual | 2024 Plan | 2024 Actual",
    "Sales | 450 | 467 | 480 |",
    "Research |  | 925 |  |",
    "Overheads",
    "Canteen | 102 | 108 | 111 | 115",
]

Made = Callable[[Path], LoadedDocument]


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "stored"
    path.write_bytes(content)
    return path


def of_text(folder: Path) -> LoadedDocument:
    content = "\n".join(",".join(row) for row in SEEN).encode()
    return delimited.load(stored(folder, content), "t.csv", max_pages=9)


def of_short_lines(folder: Path) -> LoadedDocument:
    content = "\n".join(",".join(row).rstrip(",") for row in SEEN).encode()
    return delimited.load(stored(folder, content), "t.csv", max_pages=9)


def of_workbook(folder: Path) -> LoadedDocument:
    cells = [[int(cell) if cell.isdecimal() else cell for cell in row if cell] for row in SEEN]
    cells[2].insert(1, "")
    return sheets.load(stored(folder, xlsx({"S": rows(*cells)})), "t.xlsx", max_pages=9)


def of_html(folder: Path) -> LoadedDocument:
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in SEEN)
    content = f"<table>{lines}</table>".encode()
    return html.load(stored(folder, content), "t.html", max_pages=9)


def of_word(folder: Path) -> LoadedDocument:
    return word.load(stored(folder, docx(table_of(*SEEN))), "t.docx", max_pages=9)


def of_slides(folder: Path) -> LoadedDocument:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    frame = slide.shapes.add_table(len(SEEN), 5, Cm(1), Cm(1), Cm(20), Cm(8))
    for line, row in zip(frame.table.rows, SEEN, strict=True):
        for cell, text in zip(line.cells, row, strict=True):
            cell.text_frame.text = text
    file = io.BytesIO()
    presentation.save(file)
    return slides.load(stored(folder, file.getvalue()), "t.pptx", max_pages=9)


def of_rich_text(folder: Path) -> LoadedDocument:
    ends = "".join(f"\\cellx{end}" for end in range(1000, 6000, 1000))
    cells = ["\\cell ".join(row) for row in SEEN]
    lines = "".join(f"\\trowd{ends}\\intbl {row}\\cell\\row\n" for row in cells)
    content = f"{{\\rtf1\\ansi\n{lines}\\pard end\\par}}".encode()
    return rtf.load(stored(folder, content), "t.rtf", max_pages=9)


@pytest.mark.parametrize(
    "made", [of_text, of_short_lines, of_workbook, of_html, of_word, of_slides, of_rich_text]
)
def test_every_value_of_a_row_is_shown_in_its_column(made: Made, tmp_path: Path) -> None:
    found = made(tmp_path)

    (table,) = found.tables
    assert [row.cells for row in table.rows] == SEEN
    text = found.pages[table.page - 1].text
    assert [text[row.start : row.end] for row in table.rows] == SHOWN
