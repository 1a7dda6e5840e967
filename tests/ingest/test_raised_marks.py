"""Raised marks of notes behind figures, as pages of PDF files are read, quoted and shown."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest import pdfium, raised_marks, rendering
from ingest.boxes import Rectangle
from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from rag.raised import stated
from tests import builders
from tests.builders import PdfPage

RED = (1.0, 0.0, 0.0)
SMALL, UP = 7, 5  # points


def written(*parts: str, x: int = 72, y: int = 700, small: int = SMALL, up: int = UP) -> bytes:
    """A line of which every second part is small and raised, its first one in red."""
    operators = [f"BT 1 0 0 1 {x} {y} Tm"]
    for place, part in enumerate(parts):
        is_mark = place % 2 == 1
        color = "1 0 0 rg" if place == 1 else "0 0 0 rg"
        operators.append(
            f"{color} /F1 {small if is_mark else 12} Tf {up if is_mark else 0} Ts ({part}) Tj"
        )
    return " ".join([*operators, "ET\n"]).encode()


def stored(folder: Path, *pages: PdfPage) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(builders.pdf(pages))
    return path


def loaded(path: Path) -> LoadedDocument:
    return pdf.load(path, "a.pdf", max_pages=10, progress=lambda done, total: None)


def text_of(path: Path) -> str:
    return loaded(path).pages[0].text


@pytest.mark.parametrize(
    ("parts", "text", "meant"),
    [
        (("Sales were $1,234", "2", " million."), "$1,234² million", "$1,234 million"),
        (("Sales were 12,345,678", "12", "."), "12,345,678¹²", "12,345,678 "),
        (("Sales were 1,234", "2,3", " in all."), "1,234²,³ in", "1,234 in all"),
        (("They grew until 2024", "3", " as it says."), "2024³ as", "2024 as"),
        (("They fell in 1999", "1", " again."), "1999¹ again", "1999 again"),
        (("They grew by 12.5%", "4", " then."), "12.5%⁴ then", "12.5% then"),
        (("Der Absatz war 1.234", "2", " Euro."), "1.234² Euro", "1.234 Euro"),
        (("A rate of 0.71", "12", " was used."), "0.71¹² was", "0.71 was"),
        (("They sold 57", "1", " boats."), "57¹ boats", "57 boats"),
        (("EBITDA", "2", " was 5.2 million", "3", " then."), "EBITDA² was", "EBITDA was"),
        (("Some 10", "6", " grains."), "10⁶ grains", "1000000 grains"),
    ],
)
def test_a_mark_is_written_raised_and_its_line_goes_on(
    tmp_path: Path, parts: tuple[str, ...], text: str, meant: str
) -> None:
    path = stored(tmp_path, PdfPage(raw=written(*parts)))
    found = text_of(path)
    assert "\n" not in found
    assert text in " ".join(found.split())
    assert meant in " ".join(stated(found).text.split())


@pytest.mark.parametrize(
    "parts",
    [
        ("Washington, D.C. 20549, and 1,2342 or 1.2345 of 12%20.",),
        ("The sum 1,2", "342", " is none."),  # more than a mark has
        ("The sum 1,234", "2", "5 goes on."),
    ],
)
def test_digits_that_are_no_mark_stay(tmp_path: Path, parts: tuple[str, ...]) -> None:
    path = stored(tmp_path, PdfPage(raw=written(*parts)))
    assert text_of(path).replace("\r\n", "") == "".join(parts)


@pytest.mark.parametrize(("small", "up"), [(12, 2), (7, 0), (7, -2)])
def test_what_is_as_large_or_as_low_is_a_digit(tmp_path: Path, small: int, up: int) -> None:
    raw = written("Sales were 1,234", "2", " million.", small=small, up=up)
    assert "1,2342" in text_of(stored(tmp_path, PdfPage(raw=raw)))


def test_other_lines_and_figures_stay(tmp_path: Path) -> None:
    above = builders.paragraph("Above it, 2024 of 1,234 pages.", top=750)
    raw = written("Sales were 1,234", "2", " in 2024", "3", "") + written("and 21", y=686)
    path = stored(tmp_path, PdfPage(above.lines, raw=raw))
    assert text_of(path).split("\r\n") == [
        "Above it, 2024 of 1,234 pages.",
        "Sales were 1,234²   in 2024³",
        "and 21",
    ]


def test_a_mark_as_large_as_its_figure_stands_high_above_it(tmp_path: Path) -> None:
    raw = written("Sales were 1,234", "2", " million.", small=12, up=5)
    assert text_of(stored(tmp_path, PdfPage(raw=raw))) == "Sales were 1,234² million."


def test_a_mark_in_a_line_of_its_own_ends_the_figure_before_it(tmp_path: Path) -> None:
    rows = [("(1,234)", 34.848, "2"), ("$1,234", 33.638, "2"), ("45%", 22.011, "1")]
    raw = "".join(
        f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({words}) Tj ET\n"
        for row, (figure, width, mark) in enumerate(rows)
        for words, size, x, y in (
            ("Loss of Delta", 11, 60, 740 - 18 * row),
            (figure.replace("(", "\\(").replace(")", "\\)"), 11, 250, 740 - 18 * row),
            (mark, 7, 250 + width, 744 - 18 * row),
            ("77", 11, 400, 740 - 18 * row),
        )
    ).encode()
    path = stored(tmp_path, PdfPage(raw=raw))
    with pdfium.open_pdf(path) as document, document.page(1) as page:
        assert "(1,234)\r\n2 77\r\n" in page.get_textpage().get_text_range()

    found = loaded(path)

    assert [" ".join(line.split()) for line in found.pages[0].text.split("\r\n")] == [
        "Loss of Delta (1,234)² 77",
        "Loss of Delta $1,234² 77",
        "Loss of Delta 45%¹ 77",
    ]
    assert [row.cells[1:] for row in found.tables[0].rows] == [
        (figure, "77") for figure, *_ in rows
    ]


def test_notes_at_the_foot_tell_that_figures_have_marks(tmp_path: Path) -> None:
    figures = written("Some 57", "1", " thousand tonnes, 98 in 2022.", small=12)
    middle = written("What is said between the figures and the notes of the page", y=500)
    notes = written("1 Measured at the stack.", y=400)
    path = stored(tmp_path, PdfPage(raw=figures + middle + notes))
    assert "Some 57¹" in text_of(path)


def red_pixels(image: Image.Image) -> Rectangle:
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(int), 2, 0)
    rows, columns = np.nonzero((red > 150) & (green < 120) & (blue < 120))
    width, height = image.size
    return Rectangle(
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )


def test_what_is_marked_is_the_raised_figure(tmp_path: Path) -> None:
    path = stored(tmp_path, PdfPage(raw=written("Sales were 1,234", "2", " million.")))
    start = text_of(path).index("²")

    (mark,) = pdfium.span_rectangles(path, 1, start, start + 1, "²")

    ink = red_pixels(Image.open(io.BytesIO(rendering.render_page(path, 1, 1200))))
    assert (mark.left, mark.top, mark.right, mark.bottom) == pytest.approx(
        (ink.left, ink.top, ink.right, ink.bottom), abs=0.004
    )


def test_quotes_of_an_earlier_reading_are_marked_as_well(tmp_path: Path) -> None:
    path = stored(tmp_path, PdfPage(raw=written("Sales were 1,234", "2", " million.")))
    now, before = "1,234²   million", "1,2342\r\n million"
    start = text_of(path).index(now)

    marked = pdfium.span_rectangles(path, 1, start, start + len(now), now)

    assert len(marked) in (1, 2)
    assert pdfium.span_rectangles(path, 1, start, start + len(before), before) == marked
    assert pdfium.span_rectangles(path, 1, 0, len(now), now) == marked
    assert pdfium.span_rectangles(path, 1, 0, len(before), before) == marked
    assert pdfium.span_rectangles(path, 1, start, start + len(now), "1,235²   million") == []


def test_cells_of_tables_leave_marks_out(tmp_path: Path) -> None:
    rows = (
        ("Boats", "2,345", "12.5%", "3"),
        ("Ferries", "4,690", "1,234", "2"),
        ("Lighters", "7,035", "57", "1"),
        ("Rafts", "8,101", "61", ""),
    )
    raw = b"".join(
        f"BT /F1 12 Tf 0 Ts 1 0 0 1 72 {680 - 20 * row} Tm "
        f"[({name}) -6000 ({one}) -6000 ({other})] TJ "
        f"/F1 7 Tf 4 Ts ({mark}) Tj ET\n".encode()
        for row, (name, one, other, mark) in enumerate(rows)
    )
    found = loaded(stored(tmp_path, PdfPage(raw=raw)))

    assert found.pages[0].text.split("\r\n") == [
        "Boats 2,345 12.5%³",
        "Ferries 4,690 1,234²",
        "Lighters 7,035 57¹",
        "Rafts 8,101 61",
    ]
    assert [row.cells for row in found.tables[0].rows] == [row[:3] for row in rows]


def test_drawn_cells_leave_marks_out(tmp_path: Path) -> None:
    rows = [("Boats", "1,234", "2"), ("Ferries", "4,690", ""), ("Rafts", "9,876", "1")]
    raw = "".join(
        f"70 {715 - 20 * row} m 300 {715 - 20 * row} l S\n"
        f"BT /F1 12 Tf 0 Ts 1 0 0 1 72 {700 - 20 * row} Tm ({name}) Tj ET\n"
        f"BT /F1 12 Tf 1 0 0 1 202 {700 - 20 * row} Tm ({figure}) Tj "
        f"/F1 7 Tf 4 Ts ({mark}) Tj ET\n"
        for row, (name, figure, mark) in enumerate(rows)
    )
    raw += "70 655 m 300 655 l S\n"
    raw += "".join(f"{x} 655 m {x} 715 l S\n" for x in (70, 200, 300))
    found = loaded(stored(tmp_path, PdfPage(raw=raw.encode())))

    assert "1,234²" in found.pages[0].text
    assert [row.cells for row in found.tables[0].rows] == [row[:2] for row in rows]


def test_places_are_asked_only_of_figures_with_a_digit_too_many() -> None:
    def refuse(offset: int) -> None:
        raise AssertionError(offset)

    text = "In 2024 1,234 and 12.5% of 1.234, $0.123, and 1999 of 2,345,678."
    assert raised_marks.marks_of(text, refuse) == raised_marks.NONE
