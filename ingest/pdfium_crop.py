"""Leaves out the words outside the visible part of a PDF page, which nobody sees.

Pages are cropped to a part of a larger sheet, which goes on to hold printers' marks or the page
beside. What lies wholly outside is taken off the open page before its text is loaded: then the
engine's own offsets and places are those of what is left. A line that the edge of the page cuts
stays whole. Used while pdfium is locked.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from ingest.pdfium_calls import plain

DEEPEST = 16  # forms within forms
EVERYWHERE = 1e6  # points, from the origin either way
LEAST = 0.01  # points by which a page is cropped

_media_of = plain(pdfium_c.FPDFPage_GetMediaBox, ctypes.c_int)
_visible_of = plain(pdfium_c.FPDF_GetPageBoundingBox, ctypes.c_int)
_left, _low, _right, _high = (ctypes.c_float() for _ in range(4))
_edges = tuple(map(ctypes.byref, (_left, _low, _right, _high)))
_seen = pdfium_c.FS_RECTF()
_place_of_seen = ctypes.byref(_seen)


class _Box(NamedTuple):
    left: float
    low: float
    right: float
    high: float

    def meets(self, other: _Box) -> bool:
        """Whether they have a point in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.low < other.high and other.low < self.high


class _Holder(NamedTuple):
    """A page or a form: how many objects it has, how one is got and taken off."""

    size: int
    at: Callable[[int], Any]
    remove: Callable[[Any], Any]


def leave_out_unseen(page: Any) -> bool:
    """Take the words outside the visible part of an open page off it; whether there are any.

    The file stays as it is.
    """
    if not _visible_of(page, _place_of_seen):
        return False
    if _media_of(page, *_edges):
        is_wide = _seen.left == _left.value and _seen.right == _right.value
        if is_wide and _seen.bottom == _low.value and _seen.top == _high.value:
            return False  # as on most pages
        x, y = sorted((_left.value, _right.value)), sorted((_low.value, _high.value))
        sheet = _Box(x[0], y[0], x[1], y[1])
        visible = _box_of_seen()
    else:
        visible = _box_of_seen()
        sheet = _inherited_sheet(page, visible)
    if max(abs(one - other) for one, other in zip(sheet, visible, strict=True)) < LEAST:
        return False
    at, remove = pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPage_RemoveObject
    objects = _Holder(
        pdfium_c.FPDFPage_CountObjects(page),
        lambda place: at(page, place),
        lambda each: remove(page, each),
    )
    return _take_off(objects, visible, pdfium_c.FS_MATRIX(1, 0, 0, 1, 0, 0), 0)


def _box_of_seen() -> _Box:
    return _Box(_seen.left, _seen.bottom, _seen.right, _seen.top)


def _inherited_sheet(page: Any, visible: _Box) -> _Box:
    """The sheet of a page that has its size from what it belongs to.

    The engine tells it by what is visible of a page that is cropped to everything.
    """
    ends = -EVERYWHERE, -EVERYWHERE, EVERYWHERE, EVERYWHERE
    pdfium_c.FPDFPage_SetCropBox(page, *ends)
    _visible_of(page, _place_of_seen)
    sheet = _box_of_seen()
    pdfium_c.FPDFPage_SetCropBox(page, *visible)
    return sheet


def _take_off(holder: _Holder, visible: _Box, matrix: Any, depth: int) -> bool:
    """Take words, and forms, off that lie outside; `matrix` leads from the holder to the page."""
    is_any = False
    for each in [holder.at(place) for place in range(holder.size)]:
        kind = pdfium_c.FPDFPageObj_GetType(each)
        if kind not in (pdfium_c.FPDF_PAGEOBJ_TEXT, pdfium_c.FPDF_PAGEOBJ_FORM):
            continue
        if not pdfium_c.FPDFPageObj_GetBounds(each, *_edges):
            continue
        corners = [(x, y) for x in (_left, _right) for y in (_low, _high)]
        if not _around([_moved(x.value, y.value, matrix) for x, y in corners]).meets(visible):
            if holder.remove(each):
                pdfium_c.FPDFPageObj_Destroy(each)
                is_any = True
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
            is_any |= _take_off(_form(each), visible, _matrix_of(each, matrix), depth + 1)
    return is_any


def _form(form: Any) -> _Holder:
    at, remove = pdfium_c.FPDFFormObj_GetObject, pdfium_c.FPDFFormObj_RemoveObject
    return _Holder(
        pdfium_c.FPDFFormObj_CountObjects(form),
        lambda place: at(form, place),
        lambda each: remove(form, each),
    )


def _matrix_of(form: Any, outer: Any) -> Any:
    """The matrix that leads from a form to the page."""
    own = pdfium_c.FS_MATRIX(1, 0, 0, 1, 0, 0)
    pdfium_c.FPDFPageObj_GetMatrix(form, own)
    a, b = own.a * outer.a + own.b * outer.c, own.a * outer.b + own.b * outer.d
    c, d = own.c * outer.a + own.d * outer.c, own.c * outer.b + own.d * outer.d
    return pdfium_c.FS_MATRIX(a, b, c, d, *_moved(own.e, own.f, outer))


def _moved(x: float, y: float, matrix: Any) -> tuple[float, float]:
    across = matrix.a * x + matrix.c * y + matrix.e
    return across, matrix.b * x + matrix.d * y + matrix.f


def _around(points: list[tuple[float, float]]) -> _Box:
    across, up = zip(*points, strict=True)
    return _Box(min(across), min(up), max(across), max(up))
