"""The ruled lines of an open PDF page, as pdfium tells them.

Used while pdfium is locked, as `ingest.pdfium` does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import compress, repeat
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.pdfium_ruler import Ruler
from ingest.ruling import Area

MOST_OBJECTS = 4_000  # on a page; one with more is a drawing, and costs too much to go through
MOST_RULES = 1_000  # of a page, either way
THIN = 2.5  # points
LONG = 4.0  # points


def _plain(function: Any, result: Any, *arguments: Any) -> Any:
    """A function of pdfium that takes and gives pointers as numbers: made once, half the time."""
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


_object_at = _plain(pdfium_c.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_kind_of = _plain(pdfium_c.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_edges_of = _plain(pdfium_c.FPDFPageObj_GetBounds, ctypes.c_int, *[ctypes.c_void_p] * 5)


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
        edges = (ctypes.c_float * 4)()
        places = [ctypes.addressof(edges) + 4 * number for number in range(4)]
        page = ctypes.cast(self._page, ctypes.c_void_p).value
        drawn = list(map(_object_at, repeat(page), range(count)))
        is_path = map(pdfium_c.FPDF_PAGEOBJ_PATH.__eq__, map(_kind_of, drawn))
        for path in compress(drawn, is_path):
            if not _edges_of(path, *places):
                continue
            left, low, right, high = edges
            width, height = right - left, high - low
            if height < THIN and width > LONG:
                across.append(Area(left, low, right, high))
            elif width < THIN and height > LONG:
                up.append(Area(left, low, right, high))
        return ((), ()) if max(len(across), len(up)) > MOST_RULES else (across, up)
