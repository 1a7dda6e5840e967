"""The ruled lines of an open PDF page, as pdfium tells them.

Used while pdfium is locked, as `ingest.pdfium` does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.pdfium_ruler import Ruler
from ingest.ruling import Area

MOST_OBJECTS = 4_000  # on a page; one with more is a drawing, and costs too much to go through
MOST_RULES = 1_000  # of a page, either way
THIN = 2.5  # points
LONG = 4.0  # points


class Rules:
    """The thin lines of a page, and where its letters stand."""

    def __init__(self, page: Any, ruler: Ruler) -> None:
        self._page, self._ruler = page, ruler

    def letter(self, offset: int) -> Area | None:
        """Where a character of the text stands; None where that is not known."""
        area = self._ruler.area(offset)
        return area and Area(*area)

    def rules(self) -> tuple[Sequence[Area], Sequence[Area]]:
        """The lines across and up the page; none where too much is drawn on it."""
        count = pdfium_c.FPDFPage_CountObjects(self._page)
        across: list[Area] = []
        up: list[Area] = []
        if count > MOST_OBJECTS:
            return across, up
        left, low, right, high = (ctypes.c_float() for _ in range(4))
        page, path = self._page, pdfium_c.FPDF_PAGEOBJ_PATH
        object_at, kind_of = pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPageObj_GetType
        edges_of = pdfium_c.FPDFPageObj_GetBounds
        for index in range(count):
            drawn = object_at(page, index)
            if kind_of(drawn) != path or not edges_of(drawn, left, low, right, high):
                continue
            width, height = right.value - left.value, high.value - low.value
            if height < THIN and width > LONG:
                across.append(Area(left.value, low.value, right.value, high.value))
            elif width < THIN and height > LONG:
                up.append(Area(left.value, low.value, right.value, high.value))
        return ((), ()) if max(len(across), len(up)) > MOST_RULES else (across, up)
