"""One table in every format: a year over two columns, "EUR" and "%" below it, merged labels."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Cm

from ingest import chunking
from ingest.loaded import LoadedDocument
from ingest.loaders import epub, html, rtf, sheets, slides, word
from rag import tokens
from rag.table_queries import query
from tests.documents import archive_of, docx, paragraph_of, said
from tests.workbooks import rows, xlsx

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
HEADER = ("Region", "2024 EUR", "2024 %", "2023 EUR", "2023 %")
VALUES = [
    ("North", "120", "60", "100", "55"),
    ("North", "121", "61", "101", "56"),
    ("South", "80", "40", "82", "45"),
]
SEEN = [
    ["Region", "2024", "", "2023", ""],
    ["", "EUR", "%", "EUR", "%"],
    ["North", *VALUES[0][1:]],
    ["", *VALUES[1][1:]],
    [*VALUES[2]],
]
HTML = """<table><tr><td rowspan=2>Region<td colspan=2>2024<td colspan=2>2023
<tr><td>EUR<td>%<td>EUR<td>%<tr><td rowspan="2">North<td>120<td>60<td>100<td>55
<tr><td>121<td>61<td>101<td>56<tr><td>South<td>80<td>40<td>82<td>45</table>"""

Made = Callable[[Path], LoadedDocument]


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "stored"
    path.write_bytes(content)
    return path


def of_html(folder: Path) -> LoadedDocument:
    return html.load(stored(folder, HTML.encode()), "t.html", max_pages=9)


def of_epub(folder: Path) -> LoadedDocument:
    container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    package = (
        '<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '</manifest><spine><itemref idref="a"/></spine></package>'
    )
    parts = {"META-INF/container.xml": container, "b.opf": package, "a.xhtml": HTML}
    book = archive_of({"mimetype": "application/epub+zip", **parts})
    return epub.load(stored(folder, book), "t.epub", max_pages=9)


def of_workbook(folder: Path) -> LoadedDocument:
    cells = [
        [int(cell) if cell[:2].isdigit() and place else cell for cell in row]
        for place, row in enumerate(SEEN)
    ]
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in ("A1:A2", "B1:C1", "D1:E1", "A3:A4"))
    content = f"{rows(*cells)}<mergeCells>{merged}</mergeCells>"
    return sheets.load(stored(folder, xlsx({"S": content})), "t.xlsx", max_pages=9)


def of_old_workbook(_folder: Path) -> LoadedDocument:
    return sheets.load(FORMATS / "heads.xls", "heads.xls", max_pages=9)


def of_word(folder: Path) -> LoadedDocument:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph_of(said(text))}</w:tc>"

    wide, goes_on = '<w:gridSpan w:val="2"/>', "<w:vMerge/>"
    written = []
    for row in SEEN:
        cells = [
            cell(text, wide if after == "" else goes_on if not text else "")
            for place, (text, after) in enumerate(pairwise([*row, "end"]))
            if text or not place
        ]
        written.append(f"<w:tr>{''.join(cells)}</w:tr>")
    return word.load(stored(folder, docx(f"<w:tbl>{''.join(written)}</w:tbl>")), "t", max_pages=9)


def of_slides(folder: Path) -> LoadedDocument:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    frame = slide.shapes.add_table(5, 5, Cm(1), Cm(1), Cm(20), Cm(8))  # its first row is marked
    for line, row in zip(frame.table.rows, SEEN, strict=True):
        for cell, text in zip(line.cells, row, strict=True):
            cell.text_frame.text = text
    for first, last in (((0, 0), (1, 0)), ((0, 1), (0, 2)), ((0, 3), (0, 4)), ((2, 0), (3, 0))):
        frame.table.cell(*first).merge(frame.table.cell(*last))
    file = io.BytesIO()
    presentation.save(file)
    return slides.load(stored(folder, file.getvalue()), "t.pptx", max_pages=9)


def of_rich_text(folder: Path) -> LoadedDocument:
    edges = [2000, 3000, 4000, 5000, 6000]
    written = []
    for place, row in enumerate(SEEN):
        ends = edges if place else [edges[0], edges[2], edges[4]]
        marks = {0: "clvmgf", 1: "clvmrg", 2: "clvmgf", 3: "clvmrg"}.get(place, "clvertalt")
        defined = f"\\{marks}" + "".join(f"\\cellx{end}" for end in ends)
        cells = [text for column, text in enumerate(row) if place or text or not column]
        inside = "\\cell ".join(cells)
        written.append(f"\\trowd{defined}\\pard\\intbl {inside}\\cell\\row\n")
    content = "{\\rtf1\\ansi\n" + "".join(written) + "\\pard end\\par}"
    return rtf.load(stored(folder, content.encode()), "t.rtf", max_pages=9)


MAKERS = [of_html, of_epub, of_workbook, of_old_workbook, of_word, of_slides, of_rich_text]


@pytest.mark.parametrize("made", MAKERS)
def test_each_column_is_named_by_all_that_stands_above_it(made: Made, tmp_path: Path) -> None:
    found = made(tmp_path)

    (table,) = found.tables
    assert table.header == HEADER
    assert [row.cells for row in table.rows] == [HEADER, *VALUES]
    text = found.pages[table.page - 1].text
    shown = [text[row.start : row.end] for row in table.rows]
    assert shown == [" | ".join(row) for row in (HEADER, *VALUES)]


def test_every_chunk_repeats_the_names_and_a_query_knows_them(tmp_path: Path) -> None:
    more = "".join(f"<tr><td>East {number}<td>1<td>2<td>3<td>4" for number in range(20))
    page = HTML.replace("</table>", f"{more}</table>").encode()
    found = html.load(stored(tmp_path, page), "t.html", max_pages=9)

    chunks = chunking.split(found.pages, [], tokens.count_tokens, 110, found.tables)

    assert [chunk.header for chunk in chunks] == ["", *[" | ".join(HEADER)] * (len(chunks) - 1)]
    assert len(chunks) > 1
    answer = query(found.tables, "SELECT sum(\"_2024_eur\") AS total FROM t WHERE region = 'North'")
    assert answer.splitlines()[-1] == "241"
