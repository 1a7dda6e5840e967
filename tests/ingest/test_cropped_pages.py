"""Words outside the visible part of a page of a PDF file are not read; others stay in place."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import numpy as np
import pypdf
import pytest
from PIL import Image
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
)

from ingest import pdfium, rendering
from ingest.loaders import pdf
from rag.domain import Page, PageState
from tests import builders
from tests.builders import Line, PdfPage

SHEET = (0.0, 0.0, 800.0, 1000.0)
VISIBLE = (100.0, 150.0, 700.0, 900.0)
RED = (1.0, 0.0, 0.0)
LINES = (
    Line("Slug line of the printer", x=120, y=950),
    Line("What is seen first", x=120, y=800),
    Line("sought", x=400, y=600, size=24, color=RED),
    Line("beside", x=720, y=600),
    Line("What is seen last", x=120, y=300),
    Line("Folded away", x=120, y=100),
)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(content)
    return path


def pages_of(path: Path) -> tuple[Page, ...]:
    return pdf.load(path, "a.pdf", max_pages=9, progress=lambda done, total: None).pages


def box(edges: tuple[float, ...]) -> ArrayObject:
    return ArrayObject(FloatObject(edge) for edge in edges)


def changed(content: bytes, *, inherit: tuple[str, ...] = (), form: bytes = b"") -> bytes:
    """The same PDF, entries of its page moved to its parent, and a form drawn at half size."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    page = writer.pages[0]
    parent = cast(DictionaryObject, page["/Parent"])
    for name in inherit:
        parent[NameObject(name)] = page.raw_get(name)
        del page[name]
    if form:
        shown = DecodedStreamObject()
        shown.set_data(form)
        shown[NameObject("/Type")] = NameObject("/XObject")
        shown[NameObject("/Subtype")] = NameObject("/Form")
        shown[NameObject("/BBox")] = box((0, 0, 2000, 2000))
        shown[NameObject("/Resources")] = page["/Resources"]
        resources = cast(DictionaryObject, page["/Resources"]).clone(writer)
        resources[NameObject("/XObject")] = DictionaryObject(
            {NameObject("/X1"): writer._add_object(shown)}
        )
        page[NameObject("/Resources")] = resources
        drawn = DecodedStreamObject()
        contents = cast(pypdf.generic.ContentStream, page.get_contents())
        drawn.set_data(contents.get_data() + b" q 0.5 0 0 0.5 0 0 cm /X1 Do Q")
        page[NameObject("/Contents")] = writer._add_object(drawn)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("inherit", [(), ("/MediaBox",), ("/CropBox",), ("/MediaBox", "/CropBox")])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_outside_are_not_read_and_marks_lie_on_those_inside(
    tmp_path: Path, rotation: int, inherit: tuple[str, ...]
) -> None:
    page = PdfPage(LINES, media_box=SHEET, crop_box=VISIBLE, rotation=rotation)
    path = write(tmp_path, changed(builders.pdf([page]), inherit=inherit))

    text = pages_of(path)[0].text
    start = text.index("sought")
    (mark,) = pdfium.span_rectangles(path, 1, start, start + 6, "sought")

    assert text.split("\r\n") == ["What is seen first", "sought", "What is seen last"]
    image = np.asarray(Image.open(io.BytesIO(rendering.render_page(path, 1, 1200))).convert("RGB"))
    rows, columns = np.nonzero((image[:, :, 0] > 150) & (image[:, :, 1] < 120))
    height, width = image.shape[:2]
    assert (mark.left, mark.top, mark.right, mark.bottom) == pytest.approx(
        (
            columns.min() / width,
            rows.min() / height,
            (columns.max() + 1) / width,
            (rows.max() + 1) / height,
        ),
        abs=0.005,
    )


def test_a_quote_of_an_earlier_reading_is_found(tmp_path: Path) -> None:
    page = PdfPage(LINES, media_box=SHEET, crop_box=VISIBLE)
    path = write(tmp_path, builders.pdf([page]))
    now = pages_of(path)[0].text.index("sought")

    assert pdfium.span_rectangles(path, 1, now + 26, now + 32, "sought") == (
        pdfium.span_rectangles(path, 1, now, now + 6)
    )
    assert pdfium.span_rectangles(path, 1, 0, 9, "Slug line") == []


def test_a_page_as_large_as_its_sheet_keeps_all(tmp_path: Path) -> None:
    for crop in (None, SHEET, (800.0, 1000.0, 0.0, 0.0)):
        beyond = Line("Beyond", x=900, y=500)
        page = PdfPage((*LINES, beyond), media_box=SHEET, crop_box=crop)
        text = pages_of(write(tmp_path, builders.pdf([page])))[0].text
        assert all(line.text in text for line in LINES)
        assert "Beyond" in text


def test_a_line_that_the_edge_cuts_stays_whole(tmp_path: Path) -> None:
    cut = Line("What is cut at the left edge of the page", x=60, y=500)
    page = PdfPage((*LINES, cut), media_box=SHEET, crop_box=VISIBLE)
    assert cut.text in pages_of(write(tmp_path, builders.pdf([page])))[0].text


def test_words_of_a_form_are_left_out_where_they_are_outside(tmp_path: Path) -> None:
    form = (
        b"BT /F1 24 Tf 1 0 0 1 300 1000 Tm (Formed inside) Tj ET "
        b"BT /F1 24 Tf 1 0 0 1 300 1900 Tm (Formed outside) Tj ET"
    )
    page = PdfPage(LINES, media_box=SHEET, crop_box=VISIBLE)
    text = pages_of(write(tmp_path, changed(builders.pdf([page]), form=form)))[0].text
    assert "Formed inside" in text
    assert "outside" not in text


def test_two_pages_of_one_sheet_have_the_words_of_their_halves(tmp_path: Path) -> None:
    both = tuple(
        Line(f"{side} page, line {number}", x=x, y=900 - 20 * number)
        for number in range(3)
        for side, x in (("Left", 50), ("Right", 450))
    )
    halves = [(0.0, 0.0, 400.0, 1000.0), (400.0, 0.0, 800.0, 1000.0)]
    pages = [PdfPage(both, media_box=SHEET, crop_box=half) for half in halves]

    left, right = pages_of(write(tmp_path, builders.pdf(pages)))

    assert left.text.split("\r\n") == [f"Left page, line {number}" for number in range(3)]
    assert right.text.split("\r\n") == [f"Right page, line {number}" for number in range(3)]


def test_a_page_with_all_words_outside_is_empty(tmp_path: Path) -> None:
    page = PdfPage(LINES[:1], media_box=SHEET, crop_box=VISIBLE)
    (read,) = pages_of(write(tmp_path, builders.pdf([page])))
    assert (read.state, read.text, read.reason) == (PageState.EMPTY, "", pdf.ALL_OUTSIDE)
