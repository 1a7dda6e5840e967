"""Pages that a viewer turned, and pages whose words are drawn to be read as they are turned."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ingest import pdfium, rendering
from ingest.loaders import pdf
from tests import builders

TURNS = [0, 90, 180, 270]
PROSE = ["The first line of it", "goes on in the second", "and ends in the third."]
GRID = [["City", "People", "Area"], ["Graz town", "291,134", "127"], ["Linz", "206,537", "96"]]
MATRICES = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}


def written(folder: Path, page: builders.PdfPage) -> Path:
    path = folder / "turned.pdf"
    path.write_bytes(builders.pdf([page]))
    return path


def text(path: Path) -> str:
    with pdfium.open_pdf(path) as document:
        return document.read(1).text


def drawn_turned(page: builders.PdfPage, turn: int) -> builders.PdfPage:
    """A page whose words stand upright as it is shown, though it is turned."""
    width, height = builders.LETTER[2:]
    raw = b""
    for line in page.lines:
        x, y = {
            0: (line.x, line.y),
            90: (width - line.y, line.x),
            180: (width - line.x, height - line.y),
            270: (line.y, height - line.x),
        }[turn]
        raw += f"BT /F1 12 Tf {MATRICES[turn]} {x} {y} Tm ({line.text}) Tj ET\n".encode()
    return builders.PdfPage(raw=raw, rotation=turn)


@pytest.mark.parametrize("turn", TURNS)
def test_lines_of_a_turned_page_come_in_their_order(tmp_path: Path, turn: int) -> None:
    prose = replace(builders.paragraph(*PROSE), rotation=turn)
    grid = replace(builders.grid(GRID), rotation=turn)

    assert text(written(tmp_path, prose)).splitlines() == PROSE
    assert text(written(tmp_path, grid)).splitlines() == [" ".join(row) for row in GRID]


@pytest.mark.parametrize("turn", TURNS)
def test_lines_that_are_drawn_turned_come_as_they_are_shown(tmp_path: Path, turn: int) -> None:
    prose = drawn_turned(builders.paragraph(*PROSE, top=500), turn)
    grid = drawn_turned(builders.grid(GRID, top=500), turn)

    assert text(written(tmp_path, prose)).splitlines() == PROSE
    assert text(written(tmp_path, grid)).splitlines() == [" ".join(row) for row in GRID]


@pytest.mark.parametrize("turn", TURNS)
def test_cells_of_one_character_stay_in_their_rows(tmp_path: Path, turn: int) -> None:
    rows = [["Depth town", "Temp", "Salt"], ["10", "14.5", "3"], ["20", "11.0", "4"]]
    path = written(tmp_path, drawn_turned(builders.grid(rows, top=500), turn))
    found = pdf.load(path, path.name, max_pages=1, progress=lambda done, total: None)

    assert [row.cells for row in found.tables[0].rows] == [tuple(row) for row in rows]


@pytest.mark.parametrize("turn", TURNS)
def test_words_of_a_turned_page_are_marked_where_they_are_drawn(tmp_path: Path, turn: int) -> None:
    lines = builders.paragraph("Before it all", "the words sought", "and after them").lines
    colours = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    coloured = tuple(replace(line, color=own) for line, own in zip(lines, colours, strict=True))
    path = written(tmp_path, builders.PdfPage(coloured, rotation=turn))
    words = text(path)
    start = words.index("the words sought")

    (found,) = pdfium.span_rectangles(path, 1, start, start + len("the words sought"))

    image = Image.open(io.BytesIO(rendering.render_page(path, 1, 1200))).convert("RGB")
    red = image.split()[1].point(lambda green: 255 if green < 120 else 0)
    black = image.split()[0].point(lambda red: 255 if red < 120 else 0)
    inside = (
        int(found.left * image.width) - 2,
        int(found.top * image.height) - 2,
        int(found.right * image.width) + 3,
        int(found.bottom * image.height) + 3,
    )
    assert black.crop(inside).getbbox() is None
    box = red.crop(inside).getbbox()
    assert box is not None
    assert box[2] - box[0] > inside[2] - inside[0] - 12
    assert box[3] - box[1] > inside[3] - inside[1] - 12


def test_words_that_were_read_in_another_order_are_marked_where_they_are_now(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, replace(builders.paragraph(*PROSE), rotation=90))
    now = text(path)
    place = now.index("second")
    marked = pdfium.span_rectangles(path, 1, place, place + 6)

    assert pdfium.span_rectangles(path, 1, 3, 9, "second") == marked
    assert pdfium.span_rectangles(path, 1, 3, 9, "fourth") == []
    assert len(marked) == 1


STATEMENT = "The lake of Sidel is 65 metres deep."
DEPTHS = [["Depth", "Temp", "Salt"], ["10", "14.5", "3"], ["20", "11.0", "4"], ["30", "9.5", "5"]]


def below_a_heading(folder: Path) -> Path:
    """A page with an upright heading, and a sentence and a table that run up the page."""
    lines = (builders.Line(STATEMENT, y=500), *builders.grid(DEPTHS, top=450).lines)
    sideways = drawn_turned(builders.PdfPage(lines), 90)
    heading = builders.Line("Report of Lom", x=60, y=760)
    return written(folder, replace(sideways, rotation=0, lines=(heading,)))


def test_a_table_that_runs_up_the_page_is_read_below_an_upright_heading(tmp_path: Path) -> None:
    path = below_a_heading(tmp_path)

    loaded = pdf.load(path, path.name, max_pages=9, progress=lambda _done, _all: None)

    (table,) = loaded.tables
    assert [list(row.cells) for row in table.rows] == DEPTHS


def test_words_of_two_directions_are_marked_apart(tmp_path: Path) -> None:
    path = below_a_heading(tmp_path)
    found = f"Report of Lom {STATEMENT}"
    place = text(path).index(found)

    heading, sentence = pdfium.span_rectangles(path, 1, place, place + len(found))

    assert heading.bottom - heading.top < 0.02 < heading.right - heading.left
    assert sentence.right - sentence.left < 0.03 < sentence.bottom - sentence.top
    assert sentence.top > heading.bottom
