"""PDF pages through pdfium: exact text, where its characters stand, and page images.

pdfium is not thread-safe. A lock guards every call into it, held for one page at a time, so that
reading a long document never keeps the page viewer waiting.
"""

from __future__ import annotations

import ctypes
import io
import logging
import math
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from rag.domain import DocumentState
from rag.errors import DocumentError, NotFoundError

END_OF_LINE_HYPHEN = "\x02"  # pdfium's mark for a hyphen that only breaks a word at a line's end
MAX_IMAGE_PIXELS = 16_000_000
MAX_IMAGE_SIDE = 16_000  # pixels; browsers and JPEG end not far above
MIN_PATHS_OF_A_DRAWING = 20  # fewer are rules and frames, more may be letters drawn as outlines
_SPLIT_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_EXTENT = 1e-6
_lock = threading.Lock()
logging.getLogger("pypdfium2").setLevel(logging.ERROR)  # it warns of forms it draws in part

Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a page as displayed: fractions of its width and height from the top left."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is on a page: its exact text, and whether it also shows what is no text."""

    text: str
    drawn: bool


class OpenPdf:
    """An open PDF file; only `open_pdf` makes one."""

    def __init__(self, document: Any, path: Path) -> None:
        self.path = path
        self.page_count = len(document)
        self._document = document

    @contextmanager
    def page(self, number: int) -> Iterator[Any]:
        """The pdfium page, with pdfium locked for this thread until it is closed.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be read.
        """
        if not 1 <= number <= self.page_count:
            raise NotFoundError(f"There is no page {number}: the document has {self.page_count}.")
        with _lock:
            try:
                page = self._document[number - 1]
                try:
                    yield page
                finally:
                    page.close()
            except pypdfium2.PdfiumError as error:
                raise DocumentError(
                    DocumentState.FAILED, f"Page {number} is damaged and cannot be read."
                ) from error

    def show_forms(self) -> None:
        """Draw what is filled into forms as well; to be called before any page is taken."""
        with _lock, suppress(pypdfium2.PdfiumError):
            self._document.init_forms()

    def read(self, number: int) -> PageContent:
        """The content of a page, counted from 1.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be read.
        """
        with self.page(number) as page:
            textpage = page.get_textpage()
            characters = textpage.count_chars()
            text = _text(textpage, characters)
            if text.strip():
                return PageContent(text, drawn=False)
            unmapped = characters > len(text)
            return PageContent(text, drawn=unmapped or _shows_a_drawing(page))


@contextmanager
def open_pdf(path: Path, password: str | None = None) -> Iterator[OpenPdf]:
    """Open a PDF file; a file that only restricts what its owner allows opens as well.

    Raises:
        DocumentError: the file needs a password, has no pages, or is damaged.
    """
    try:
        with _lock:
            document = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        raise _refusal(error.err_code) from error
    except FileNotFoundError as error:
        raise DocumentError(
            DocumentState.FAILED, f"The file {path.name} is gone. Add it again."
        ) from error
    try:
        yield OpenPdf(document, path)
    finally:
        with _lock:
            document.close()


def page_texts(document: OpenPdf) -> Iterator[str]:
    """The exact text of each page, in order.

    Raises:
        DocumentError: a page cannot be read.
    """
    for number in range(1, document.page_count + 1):
        yield document.read(number).text


def page_size(path: Path, number: int) -> tuple[float, float]:
    """Width and height of a page as displayed, in points.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    with open_pdf(path) as document, document.page(number) as page:
        width, height = page.get_size()
    return float(width), float(height)


def render_page(path: Path, number: int, width_pixels: int) -> bytes:
    """A JPEG image of a page as displayed, on white; narrower where the page is very tall.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    with open_pdf(path) as document:
        document.show_forms()
        with document.page(number) as page:
            width, height = (max(side, 1.0) for side in page.get_size())
            scale = min(
                max(width_pixels, 1) / width,
                MAX_IMAGE_SIDE / max(width, height),
                math.sqrt(MAX_IMAGE_PIXELS / (width * height)),
            )
            bitmap = page.render(scale=scale, fill_color=(255, 255, 255, 255))
            image = bitmap.to_pil().convert("RGB").copy()
            bitmap.close()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def span_rectangles(path: Path, number: int, start: int, end: int) -> list[Rectangle]:
    """The rectangles that cover exactly `text[start:end]` of a page's text, in reading order.

    One rectangle a line, more where one would also cover the middle of a character outside the
    span. What lies outside the visible part of the page is left out.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    with open_pdf(path) as document, document.page(number) as page:
        textpage = page.get_textpage()
        characters = textpage.count_chars()
        text = _text(textpage, characters)
        chosen = _character_indices(textpage, text, max(start, 0), min(end, len(text)))
        boxes = _character_boxes(page, textpage, characters)
        upright = [not _is_sideways(page, textpage, index) for index in chosen]
    return _merge(boxes, chosen, upright)


def _refusal(code: int | None) -> DocumentError:
    if code == pdfium_c.FPDF_ERR_PASSWORD:
        return DocumentError(
            DocumentState.NEEDS_PASSWORD,
            "The file is protected by a password. Save it without one and add it again.",
        )
    if code == pdfium_c.FPDF_ERR_SECURITY:
        return DocumentError(
            DocumentState.UNSUPPORTED,
            "The file is encrypted in a way that cannot be opened here. Save it unencrypted.",
        )
    if code == pdfium_c.FPDF_ERR_SUCCESS:
        return DocumentError(DocumentState.EMPTY, "The file has no pages.")
    return DocumentError(
        DocumentState.DAMAGED, "The file is damaged and cannot be opened as a PDF."
    )


def _text(textpage: Any, characters: int) -> str:
    """The page's text; characters pdfium knows no text for are absent from it."""
    text_index = pdfium_c.FPDFText_GetTextIndexFromCharIndex
    first, last = 0, characters - 1
    while first <= last and text_index(textpage, first) < 0:
        first += 1
    while last > first and text_index(textpage, last) < 0:
        last -= 1
    if first > last:
        return ""
    length = text_index(textpage, last) + 1 - text_index(textpage, first)
    buffer = (ctypes.c_ushort * (length + 1))()
    written = pdfium_c.FPDFText_GetText(textpage, first, last + 1 - first, buffer)
    text = bytes(memoryview(buffer)[: max(written - 1, 0)]).decode("utf-16-le", "surrogatepass")
    return _SPLIT_SURROGATE.sub("\ufffd", text).replace("\ufffe", END_OF_LINE_HYPHEN)


def _shows_a_drawing(page: Any) -> bool:
    count = pdfium_c.FPDFPage_CountObjects(page)
    paths = 0
    for index in range(count):
        kind = pdfium_c.FPDFPageObj_GetType(pdfium_c.FPDFPage_GetObject(page, index))
        if kind in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_FORM):
            return True
        paths += kind in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING)
    return paths >= MIN_PATHS_OF_A_DRAWING


def _character_indices(textpage: Any, text: str, start: int, end: int) -> list[int]:
    """The engine's index of each visible character of a span; its text counts UTF-16 units."""
    unit = len(text[:start].encode("utf-16-le")) // 2
    indices = []
    for character in text[start:end]:
        if not character.isspace():
            indices.append(pdfium_c.FPDFText_GetCharIndexFromTextIndex(textpage, unit))
        unit += 2 if ord(character) > 0xFFFF else 1
    return indices


def _character_boxes(page: Any, textpage: Any, characters: int) -> Boxes:
    """Left, top, right, bottom of every visible character as displayed; NaN for the others."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    boxes = np.full((characters, 4), np.nan)
    for index in range(characters):
        code = pdfium_c.FPDFText_GetUnicode(textpage, index)
        if code <= sys.maxunicode and chr(code).isspace():
            continue
        if pdfium_c.FPDFText_GetCharBox(textpage, index, left, right, bottom, top):
            boxes[index] = left.value, bottom.value, right.value, top.value
    flat = (boxes[:, 2] - boxes[:, 0] < _NO_EXTENT) | (boxes[:, 3] - boxes[:, 1] < _NO_EXTENT)
    boxes[flat] = np.nan
    return _as_displayed(boxes, page.get_bbox(), page.get_rotation())


def _as_displayed(boxes: Boxes, visible: tuple[float, ...], rotation: int) -> Boxes:
    """From PDF coordinates to fractions of the rotated, cropped page, from its top left."""
    left, bottom, right, top = visible
    across, up = max(right - left, _NO_EXTENT), max(top - bottom, _NO_EXTENT)
    x1, x2 = (boxes[:, 0] - left) / across, (boxes[:, 2] - left) / across
    y1, y2 = (boxes[:, 1] - bottom) / up, (boxes[:, 3] - bottom) / up
    turned = {
        0: (x1, 1 - y2, x2, 1 - y1),
        90: (y1, x1, y2, x2),
        180: (1 - x2, y1, 1 - x1, y2),
        270: (1 - y2, 1 - x2, 1 - y1, 1 - x1),
    }[rotation]
    return np.stack(turned, axis=1)


def _is_sideways(page: Any, textpage: Any, index: int) -> bool:
    angle = pdfium_c.FPDFText_GetCharAngle(textpage, index) + math.radians(page.get_rotation())
    return abs(math.sin(angle)) > math.sqrt(0.5)


def _merge(boxes: Boxes, chosen: list[int], upright: list[bool]) -> list[Rectangle]:
    outside = np.delete(boxes, chosen, axis=0)
    outside = outside[~np.isnan(outside[:, 0])]
    centres = np.stack([outside[:, [0, 2]].mean(axis=1), outside[:, [1, 3]].mean(axis=1)], axis=1)
    merged: list[Boxes] = []
    for index, is_upright in zip(chosen, upright, strict=True):
        box = boxes[index]
        if np.isnan(box[0]):
            continue
        union = _union(merged[-1], box) if merged else box
        if merged and _on_one_line(merged[-1], box, 1 if is_upright else 0):
            known = _contained(centres, merged[-1]) | _contained(centres, box)
            if not (_contained(centres, union) & ~known).any():
                merged[-1] = union
                continue
        merged.append(box)
    clipped = (np.clip(box, 0.0, 1.0) for box in merged)
    return [
        Rectangle(*(float(edge) for edge in box))
        for box in clipped
        if box[2] > box[0] and box[3] > box[1]
    ]


def _union(one: Boxes, other: Boxes) -> Boxes:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def _on_one_line(line: Boxes, box: Boxes, axis: int) -> bool:
    """Whether they share at least a third of the lower one's height (or width, sideways)."""
    shared = min(line[axis + 2], box[axis + 2]) - max(line[axis], box[axis])
    lower = min(line[axis + 2] - line[axis], box[axis + 2] - box[axis])
    return bool(shared >= lower / 3)


def _contained(centres: Boxes, box: Boxes) -> NDArray[np.bool_]:
    inside = (centres >= box[:2]) & (centres <= box[2:])
    return inside[:, 0] & inside[:, 1]
