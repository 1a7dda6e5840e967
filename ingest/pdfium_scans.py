"""Tells scanned pages that a few words were typed on: a stamp, a number, the header of a court.

Such a page has text, but not the text that a reader sees. Used while pdfium is locked, as
`ingest.pdfium` does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium_c

MOST_TYPED = 300  # visible characters; a page with more is read by them
MOST_OBJECTS = 2_000  # on the page; one with more is a drawing
LEAST_COVERED = 0.7  # of the page, by pictures; a scan is nearly all of it
WIDTH = 600  # pixels at which a page is looked at
TALLEST = 4.0  # times its width
PAPER = 24  # shades around the most frequent one, which are the paper
LEAST_PAPER = 0.6  # of all pixels
DARKER = 60  # shades than the paper: ink
THICKEST = 6  # pixels of a stroke of a letter, across
STROKES_A_PIXEL = 3  # at most, of the height of a typed letter
LEAST_STROKES = 500  # more than those of the typed words: some thirty letters
DEEPEST = 3  # forms within forms

_Shades = npt.NDArray[np.int16]


def is_typed_on(page: Any, textpage: Any, text: str) -> bool:
    """Whether the words of a page, of which some are typed, are mostly in a picture.

    False where words were laid over the picture unseen, as OCR does.
    """
    if len(text) > 2 * MOST_TYPED:
        return False
    typed = len("".join(text.split()))
    if not 0 < typed <= MOST_TYPED or pdfium_c.FPDFPage_CountObjects(page) > MOST_OBJECTS:
        return False
    covered, width, height = 0.0, *_size(page)
    for kind, drawn in _objects(page):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            covered += _area(drawn, width, height)
        elif kind == pdfium_c.FPDF_PAGEOBJ_TEXT and _is_unseen(drawn):
            return False
    if covered < LEAST_COVERED * width * height:
        return False
    strokes = _strokes(_shades(page, width, height))
    pixels = WIDTH / width
    return strokes > LEAST_STROKES + STROKES_A_PIXEL * pixels * _heights(textpage)


def _size(page: Any) -> tuple[float, float]:
    width, height = pdfium_c.FPDF_GetPageWidthF(page), pdfium_c.FPDF_GetPageHeightF(page)
    return max(float(width), 1.0), max(float(height), 1.0)


def _objects(page: Any) -> Iterator[tuple[int, Any]]:
    """What is drawn on a page, also within forms, and of which kind it is."""
    for index in range(pdfium_c.FPDFPage_CountObjects(page)):
        yield from _with_parts(pdfium_c.FPDFPage_GetObject(page, index), 0)


def _with_parts(drawn: Any, depth: int) -> Iterator[tuple[int, Any]]:
    kind = int(pdfium_c.FPDFPageObj_GetType(drawn))
    yield kind, drawn
    if kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
        for index in range(min(pdfium_c.FPDFFormObj_CountObjects(drawn), MOST_OBJECTS)):
            yield from _with_parts(pdfium_c.FPDFFormObj_GetObject(drawn, index), depth + 1)


def _is_unseen(drawn: Any) -> bool:
    mode = pdfium_c.FPDFTextObj_GetTextRenderMode(drawn)
    return bool(mode == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE)


def _area(drawn: Any, width: float, height: float) -> float:
    """The area of a picture in square points, at most that of the page."""
    left, low, right, high = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(drawn, left, low, right, high):
        return 0.0
    return min(abs((right.value - left.value) * (high.value - low.value)), width * height)


def _shades(page: Any, width: float, height: float) -> _Shades:
    """The page as it is displayed, in shades from black to white, on white."""
    rows = round(WIDTH * min(height / width, TALLEST)) or 1
    bitmap = pdfium_c.FPDFBitmap_CreateEx(WIDTH, rows, pdfium_c.FPDFBitmap_Gray, None, 0)
    try:
        pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, WIDTH, rows, 0xFFFFFFFF)
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, WIDTH, rows, 0, pdfium_c.FPDF_GRAYSCALE)
        stride = pdfium_c.FPDFBitmap_GetStride(bitmap)
        buffer = ctypes.string_at(pdfium_c.FPDFBitmap_GetBuffer(bitmap), stride * rows)
    finally:
        pdfium_c.FPDFBitmap_Destroy(bitmap)
    shades = np.frombuffer(buffer, np.uint8).reshape(rows, stride)[:, :WIDTH]
    return shades.astype(np.int16)


def _strokes(shades: _Shades) -> int:
    """How often a thin stroke of ink is crossed along all rows; 0 of what is not on plain paper."""
    paper = int(np.bincount(shades.ravel(), minlength=256).argmax())
    if np.mean(np.abs(shades - paper) <= PAPER) < LEAST_PAPER:
        return 0
    ink = np.abs(shades - paper) > DARKER
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8).ravel())
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return int(np.count_nonzero(ends - begins <= THICKEST))


def _heights(textpage: Any) -> float:
    """How high all visible characters are together, in points."""
    left, right, low, high = (ctypes.c_double() for _ in range(4))
    total = 0.0
    for index in range(pdfium_c.FPDFText_CountChars(textpage)):
        if pdfium_c.FPDFText_GetCharBox(textpage, index, left, right, low, high):
            total += max(abs(high.value - low.value), abs(right.value - left.value))
    return total
