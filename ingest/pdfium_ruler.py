"""Where the characters of an open PDF page stand along its lines, as pdfium measures them.

Used while pdfium is locked, as `ingest.pdfium` does.
"""

from __future__ import annotations

import ctypes
import re
from itertools import accumulate
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.page_content import Measure
from ingest.pdfium_calls import plain

_box_of = plain(pdfium_c.FPDFText_GetLooseCharBox, ctypes.c_int)
_tight_box_of = plain(pdfium_c.FPDFText_GetCharBox, ctypes.c_int)
_LONG_LINE = re.compile(r"\S[^\r\n]{20,}\S")
_LINE = re.compile(r"\S[^\r\n]+\S")

ASIDE = 2.0  # times a character, by which the end of a line is at most beside its beginning


class Ruler:
    """Where characters of a page begin and end, in points along the way in which it reads."""

    def __init__(self, textpage: Any, text: str) -> None:
        self._textpage, self._text = textpage, text
        self._units: list[int] = []  # before each character, UTF-16's; made when needed
        self._left, self._right, self._low, self._high = (ctypes.c_double() for _ in range(4))
        ends = self._left, self._right, self._low, self._high
        self._ends = tuple(map(ctypes.byref, ends))
        self._extent = pdfium_c.FS_RECTF()
        self._place = ctypes.byref(self._extent)
        self._pointer = ctypes.byref(textpage.contents)
        last = len(text) - 1
        units = len(text.encode("utf-16-le")) // 2
        index = pdfium_c.FPDFText_GetTextIndexFromCharIndex(textpage, last)
        self._indices_are_offsets = units == len(text) and index == last
        self._along, self._sign, self._is_upright = (self._left, self._right), 1, False
        self._turn()

    def __call__(self, offset: int) -> tuple[float, float] | None:
        """The edges of `text[offset]`; None for white space and where they are not known."""
        index = offset if self._indices_are_offsets else self._index(offset)
        if self._is_upright:
            if _box_of(self._pointer, index, self._place):
                return self._extent.left, self._extent.right
        elif _tight_box_of(self._pointer, index, *self._ends):
            begin, end = self._along
            return begin.value * self._sign, end.value * self._sign
        return None

    @property
    def is_upright(self) -> bool:
        """Whether the page reads from left to right as it is drawn."""
        return self._is_upright

    def area(self, offset: int) -> tuple[float, float, float, float] | None:
        """The left, lower, right and upper edge of `text[offset]` in points; None if not known.

        Of a page that does not read from left to right, as if it was turned so that it does.
        """
        index = offset if self._indices_are_offsets else self._index(offset)
        if not _box_of(self._pointer, index, self._place):
            return None
        extent = self._extent
        left, low, right, high = extent.left, extent.bottom, extent.right, extent.top
        if self._is_upright:
            return left, low, right, high
        if self._left in self._along:
            return (left, low, right, high) if self._sign > 0 else (-right, -high, -left, -low)
        return (low, -right, high, -left) if self._sign > 0 else (-high, left, -low, right)

    def quick(self) -> Measure:
        """The same, as a function that takes half the time where a page is as most are."""
        if not (self._is_upright and self._indices_are_offsets):
            return self
        textpage, extent = self._pointer, (ctypes.c_float * 4)()
        place = ctypes.byref(extent)
        edges = memoryview(extent).cast("B").cast("f")  # left, top, right, bottom

        def measure(offset: int) -> tuple[float, float] | None:
            return (edges[0], edges[2]) if _box_of(textpage, offset, place) else None

        return measure

    def _index(self, offset: int) -> int:
        if not self._units:
            sizes = (2 if letter > "\uffff" else 1 for letter in self._text)
            self._units.extend(accumulate(sizes, initial=0))
        return int(pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._textpage, self._units[offset]))

    def _turn(self) -> None:
        """Measure along the way in which the first long line runs, its beginning first."""
        line = _LONG_LINE.search(self._text) or _longest(self._text)
        way = None if line is None else self._way(line)
        if line is None or way is None:
            return
        if min(map(abs, way[:2])) > ASIDE * way[2]:  # it is two lines that the engine joined
            other = _longest(self._text, line.end())
            way = (other and self._way(other)) or way
        across, up, _ = way
        edges = (self._left, self._right) if abs(across) >= abs(up) else (self._low, self._high)
        self._sign = 1 if max(across, up, key=abs) >= 0 else -1
        self._along = edges if self._sign > 0 else (edges[1], edges[0])
        self._is_upright = self._sign > 0 and edges[0] is self._left

    def _way(self, line: re.Match[str]) -> tuple[float, float, float] | None:
        """How far a line goes to the right and up, and how large its first character is.

        None where that is not known.
        """
        if self(line.start()) is None:
            return None
        left, low = self._left.value, self._low.value
        size = max(self._right.value - left, self._high.value - low)
        if self(line.end() - 1) is None:
            return None
        return self._left.value - left, self._low.value - low, size


def _longest(text: str, begin: int = 0) -> re.Match[str] | None:
    """The longest line of a page of short ones, from an offset on."""
    return max(
        _LINE.finditer(text, begin), key=lambda line: line.end() - line.start(), default=None
    )
