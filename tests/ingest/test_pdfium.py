from __future__ import annotations

import io
import os
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest
from PIL import Image

from ingest import pdfium, rendering
from ingest.boxes import Rectangle
from rag.domain import DocumentState
from rag.errors import DocumentError, NotFoundError
from tests import builders
from tests.builders import Line, PdfPage

SPANS = 200


def _write(folder: Path, *pages: PdfPage, **options: Any) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(builders.pdf(pages, **options))
    return path


def _text(path: Path, number: int = 1) -> str:
    with pdfium.open_pdf(path) as document:
        return document.read(number).text


def _displayed_centre(
    box: Sequence[float], visible: Sequence[float], rotation: int
) -> tuple[float, float]:
    x = ((box[0] + box[2]) / 2 - visible[0]) / (visible[2] - visible[0])
    y = ((box[1] + box[3]) / 2 - visible[1]) / (visible[3] - visible[1])
    return {0: (x, 1 - y), 90: (y, x), 180: (1 - x, y), 270: (1 - y, 1 - x)}[rotation]


def _holds(rectangle: Rectangle, centre: tuple[float, float]) -> bool:
    return (
        rectangle.left <= centre[0] <= rectangle.right
        and rectangle.top <= centre[1] <= rectangle.bottom
    )


class _Characters:
    """Every visible character of a page from pdfium itself, one at a time."""

    def __init__(self, path: Path, number: int) -> None:
        with pypdfium2.PdfDocument(path) as document:
            page = document[number - 1]
            textpage = page.get_textpage()
            self.visible, self.rotation = page.get_bbox(), page.get_rotation()
            self.found: list[tuple[int, tuple[float, ...]]] = []
            for index in range(textpage.count_chars()):
                box = textpage.get_charbox(index)
                blank = chr(pdfium_c.FPDFText_GetUnicode(textpage, index)).isspace()
                if not blank and box[2] - box[0] > 1e-6 and box[3] - box[1] > 1e-6:
                    place = pdfium_c.FPDFText_GetTextIndexFromCharIndex(textpage, index)
                    self.found.append((place, box))

    def wrong(self, rectangles: list[Rectangle], start: int, end: int) -> list[int]:
        """Characters of the span outside all rectangles, and others inside one.

        A character that the page draws over one of the span cannot be told apart from it.
        """
        own = [box for place, box in self.found if start <= place < end]
        wrong = []
        for place, box in self.found:
            centre = _displayed_centre(box, self.visible, self.rotation)
            is_covered = any(_holds(rectangle, centre) for rectangle in rectangles)
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            is_own = start <= place < end
            if is_covered == is_own:
                continue
            if is_own or not any(
                left <= x <= right and bottom <= y <= top for left, bottom, right, top in own
            ):
                wrong.append(place)
        return wrong


def test_highlights_cover_exactly_the_quoted_characters_of_the_filings() -> None:
    shared = Path(__file__).parents[3] / "shared" / "eval"
    filings = Path(os.environ.get("TRAMONTANE_EVAL_DIR", shared)) / "filings"
    files = sorted(filings.glob("*.pdf"))
    if not files:
        pytest.skip(f"the filings of the evaluation set are not at {filings}")
    chance = random.Random(17)  # noqa: S311 - a sample, no secret
    checked, failures = 0, []
    while checked < SPANS:
        path = chance.choice(files)
        with pdfium.open_pdf(path) as document:
            number = chance.randint(1, document.page_count)
            text = document.read(number).text
        characters = _Characters(path, number)
        for _ in range(4 if len(text) > 400 else 0):
            start = chance.randrange(len(text) - 100)
            end = start + chance.randint(5, 300)
            rectangles = pdfium.span_rectangles(path, number, start, end)
            if characters.wrong(rectangles, start, end):
                failures.append((path.name, number, start, end))
            checked += 1

    assert failures == []


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop_box", [None, (50.0, 100.0, 500.0, 760.0)])
def test_highlights_are_right_on_rotated_and_cropped_pages(
    tmp_path: Path, rotation: int, crop_box: tuple[float, float, float, float] | None
) -> None:
    lines = (
        Line("Before the words", y=700),
        Line("sought", x=300, y=640, size=30, color=(1, 0, 0)),
        Line("and after them", y=600),
    )
    page = PdfPage(lines, rotation=rotation, crop_box=crop_box, media_box=(10, 20, 622, 812))
    path = _write(tmp_path, page)
    start = _text(path).index("sought")

    (rectangle,) = pdfium.span_rectangles(path, 1, start, start + len("sought"))

    image = Image.open(io.BytesIO(rendering.render_page(path, 1, 1200)))
    width, height = pdfium.page_size(path, 1)
    assert image.width == 1200
    assert image.height == pytest.approx(1200 * height / width, abs=2)
    ink = _red_pixels(image)
    found = (rectangle.left, rectangle.top, rectangle.right, rectangle.bottom)
    assert found == pytest.approx(ink, abs=0.004)


def _red_pixels(image: Image.Image) -> tuple[float, float, float, float]:
    """Where the red ink is on an image, in fractions of its size."""
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(int), 2, 0)
    rows, columns = np.nonzero((red > 150) & (green < 120) & (blue < 120))
    return (
        columns.min() / image.width,
        rows.min() / image.height,
        (columns.max() + 1) / image.width,
        (rows.max() + 1) / image.height,
    )


def test_characters_beyond_the_basic_plane_count_as_one(tmp_path: Path) -> None:
    page = builders.paragraph("ab A bc # d end", "the next line")
    path = _write(tmp_path, page, unicode_map={"A": "😀", "#": "𝐀"})

    text = _text(path)

    assert text == "ab 😀 bc 𝐀 d end\r\nthe next line"
    characters = _Characters(path, 1)
    for word in ("ab", "😀", "bc", "𝐀", "end", "next"):
        start = text.index(word)
        rectangles = pdfium.span_rectangles(path, 1, start, start + len(word))
        in_units = len(text[:start].encode("utf-16-le")) // 2
        units = len(word.encode("utf-16-le")) // 2
        assert characters.wrong(rectangles, in_units, in_units + units) == []
        assert len(rectangles) == 1


def test_a_span_over_two_lines_has_a_rectangle_for_each(tmp_path: Path) -> None:
    path = _write(tmp_path, builders.paragraph("one two three", "four five six"))
    text = _text(path)

    upper, lower = pdfium.span_rectangles(path, 1, text.index("three"), text.index(" five"))

    assert upper.left > lower.left
    assert upper.bottom < lower.top


def test_text_running_up_the_page_is_one_rectangle(tmp_path: Path) -> None:
    path = _write(tmp_path, PdfPage(raw=b"BT /F1 12 Tf 0 1 -1 0 300 200 Tm (upwards) Tj ET\n"))

    (rectangle,) = pdfium.span_rectangles(path, 1, 0, 7)

    assert rectangle.bottom - rectangle.top > 3 * (rectangle.right - rectangle.left)


def test_text_outside_the_visible_page_is_none_of_it(tmp_path: Path) -> None:
    page = PdfPage((Line("hidden", y=50), Line("shown", y=700)), crop_box=(0, 400, 612, 792))
    path = _write(tmp_path, page)

    assert _text(path) == "shown"
    assert pdfium.span_rectangles(path, 1, 0, 6, "hidden") == []


def test_a_span_of_white_space_or_beyond_the_text_has_no_rectangle(tmp_path: Path) -> None:
    path = _write(tmp_path, builders.paragraph("one two"))

    assert pdfium.span_rectangles(path, 1, 3, 4) == []
    assert pdfium.span_rectangles(path, 1, 50, 60) == []


def test_what_is_filled_into_a_form_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(builders.filled_form())

    image = Image.open(io.BytesIO(rendering.render_page(path, 1, 306))).convert("L")

    assert image.getpixel((100, 396 - 60)) == pytest.approx(0, abs=20)
    assert image.getpixel((100, 100)) == pytest.approx(255, abs=20)


def test_images_stay_within_a_bearable_size(tmp_path: Path) -> None:
    path = _write(tmp_path, PdfPage(media_box=(0, 0, 10, 14000)))

    image = Image.open(io.BytesIO(rendering.render_page(path, 1, 4000)))

    assert image.width * image.height <= 1.01 * rendering.MAX_IMAGE_PIXELS


def test_a_page_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path, builders.paragraph("text"))

    with pytest.raises(NotFoundError, match="no page 2"):
        rendering.render_page(path, 2, 100)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"%PDF-1.7\nnothing more", DocumentState.DAMAGED),
        (
            builders.encrypted(builders.pdf([PdfPage()]), user="u", owner="o"),
            DocumentState.NEEDS_PASSWORD,
        ),
    ],
)
def test_a_file_that_does_not_open_says_why(
    tmp_path: Path, content: bytes, state: DocumentState
) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(content)

    with pytest.raises(DocumentError) as caught, pdfium.open_pdf(path):
        pass

    assert caught.value.state is state


def test_a_password_opens_a_protected_file(tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    content = builders.pdf([builders.paragraph("secret")])
    path.write_bytes(builders.encrypted(content, user="open", owner="owner"))

    with pdfium.open_pdf(path, "open") as document:
        assert document.read(1).text == "secret"


def test_reading_and_drawing_in_many_threads_is_safe(tmp_path: Path) -> None:
    path = _write(tmp_path, *(builders.paragraph(f"page {number}") for number in range(1, 9)))
    failures: list[str] = []

    def work(number: int) -> None:
        text = _text(path, number)
        image = rendering.render_page(path, number, 200)
        if text != f"page {number}" or not pdfium.span_rectangles(path, number, 0, 4) or not image:
            failures.append(text)

    threads = [threading.Thread(target=work, args=(number % 8 + 1,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
