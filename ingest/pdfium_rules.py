"""The ruled lines of an open PDF page, as pdfium tells them.

Used while pdfium is locked, as `ingest.pdfium` does.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import compress, repeat
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.pdfium_calls import plain
from ingest.pdfium_ruler import Ruler
from ingest.ruling import Area

MOST_OBJECTS = 4_000  # on a page; one with more is a drawing, and costs too much to go through
CROWD = 1_000  # objects: where each word is one, or more than text and tables are drawn
MOST_RULES = 1_000  # of a page, either way
MOST_SEGMENTS = 2_000  # of the paths of a page that are more than one line
MANY_OBJECTS = 250  # among them filled bars may be no lines, but what keeps colours apart
STRIDES = ((100, 1), (250, 2), (1_000, 8), (MOST_OBJECTS, 64))
"""Of up to so many objects, one in how many is asked whether a line goes up."""
STEP = 8  # of a crowd, one object in so many is asked whether lines are near
REACH = 24  # objects to either side of a line that others are looked for in
CORNERS = 5  # segments of a rectangle
THIN = 2.5  # points
HAIRLINE = 1.1  # points
LONG = 4.0  # points
FRAME = 7.0  # points, either way: what is smaller is no cell

_EDGES = struct.Struct("4f")
_BUFFER = bytearray(_EDGES.size)  # where pdfium, which is locked, tells edges
_CORNERS = tuple(ctypes.byref(ctypes.c_float.from_buffer(_BUFFER, 4 * place)) for place in range(4))
_NOWHERE = ctypes.c_char.from_address(0)  # what is so far from it is at that address
_Path = tuple[int, tuple[float, ...]]
"""Where pdfium keeps a path, and its left, lower, right and upper edge."""

_Point = tuple[float, float]
_new = tuple.__new__  # of a named tuple: half the time of calling it


_count_of = plain(pdfium_c.FPDFPage_CountObjects, ctypes.c_int)
_object_at = plain(pdfium_c.FPDFPage_GetObject, ctypes.c_void_p)
_kind_of = plain(pdfium_c.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_edges_of = plain(pdfium_c.FPDFPageObj_GetBounds, ctypes.c_int)
_way_of = plain(pdfium_c.FPDFPath_GetDrawMode, ctypes.c_int, *[ctypes.c_void_p] * 3)
_length_of = plain(pdfium_c.FPDFPath_CountSegments, ctypes.c_int, ctypes.c_void_p)
_matrix_of = plain(pdfium_c.FPDFPageObj_GetMatrix, ctypes.c_int, *[ctypes.c_void_p] * 2)
_segment_at = plain(
    pdfium_c.FPDFPath_GetPathSegment, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int
)
_point_of = plain(pdfium_c.FPDFPathSegment_GetPoint, ctypes.c_int, *[ctypes.c_void_p] * 3)
_step_of = plain(pdfium_c.FPDFPathSegment_GetType, ctypes.c_int, ctypes.c_void_p)
_closes = plain(pdfium_c.FPDFPathSegment_GetClose, ctypes.c_int, ctypes.c_void_p)


class Rules:
    """The thin lines of a page, none of one that lies on its side, and where its letters stand.

    The ruler is asked for when something is told of a letter or a line.
    """

    def __init__(self, page: Any, ruler_of: Callable[[], Ruler]) -> None:
        self._ruler_of = ruler_of
        self._pointer = ctypes.byref(getattr(page, "raw", page).contents)
        self._count: int = _count_of(self._pointer)

    def letter(self, offset: int) -> Area | None:
        """Where a character of the text stands, as `Ruler.area` tells it; None if not known."""
        area = self._ruler_of().area(offset)
        return area and _new(Area, area)

    def is_crowded(self) -> bool:
        """Whether more is on the page than is on one of running text."""
        return self._count > CROWD

    def rules(self) -> tuple[Sequence[Area], Sequence[Area]]:
        """The lines across and up the page; none where too much is drawn on it."""
        return self._thin

    def borders(self) -> tuple[Sequence[Area], Sequence[Area]]:
        """The same with the sides of frames; none where hardly any line goes up the page."""
        if not (self._goes_up() and self._ruler_of().is_upright):
            return (), ()
        across, up = map(list, self._thin)
        segments = 0
        for path, (left, low, right, high) in self._paths:
            if right - left < FRAME or high - low < FRAME:
                continue
            is_stroked, length = _is_stroked(path), _length_of(path)
            segments += length
            if segments > MOST_SEGMENTS:
                return (), ()
            if is_stroked or length > CORNERS:
                sides = _strokes(path, length) if is_stroked else _bars(path, length)
                _sort_in(sides, across, up)
        return ((), ()) if max(len(across), len(up)) > MOST_RULES else (across, up)

    @cached_property
    def _thin(self) -> tuple[Sequence[Area], Sequence[Area]]:
        across: list[Area] = []
        up: list[Area] = []
        if self._ruler_of().is_upright:
            _sort_in([edges for _, edges in self._paths], across, up)
        return ((), ()) if max(len(across), len(up)) > MOST_RULES else (across, up)

    @cached_property
    def _paths(self) -> list[_Path]:
        """The paths of the page, of a crowd those near others; none where too much is drawn."""
        count = self._count
        if count > MOST_OBJECTS:
            return []
        return self._among(range(count) if count <= CROWD else self._near_paths(count))

    def _near_paths(self, count: int) -> Iterable[int]:
        """The places of objects near a path: in a crowd, lines are drawn one after the other."""
        asked = range(0, count, STEP)
        near = bytearray(count + REACH)
        for place in compress(asked, self._are_paths(self._drawn(asked))):
            near[max(place - REACH, 0) : place + REACH] = b"\1" * min(2 * REACH, place + REACH)
        return compress(range(count), near)

    def _goes_up(self) -> bool:
        """Whether a line goes up the page or a frame is drawn; of many objects, some are asked."""
        count = self._count
        if count > MOST_OBJECTS:
            return False
        stride = next(every for most, every in STRIDES if count <= most)
        widest = THIN if count <= MANY_OBJECTS else HAIRLINE
        frames = []
        some = self._paths if stride == 1 else self._among(range(0, count, stride))
        for path, (left, low, right, high) in some:
            width, height = right - left, high - low
            if height > LONG and (width < widest or (width < THIN and _is_stroked(path))):
                return True
            if height > FRAME and width > FRAME:
                frames.append(path)
        return any(_is_stroked(path) or _length_of(path) > CORNERS for path in frames)

    def _among(self, places: Iterable[int]) -> list[_Path]:
        """The paths among the objects at some places."""
        drawn = self._drawn(places)
        left, low, right, high = _CORNERS
        edges, pointer = partial(_EDGES.unpack_from, _BUFFER), partial(ctypes.byref, _NOWHERE)
        return [
            (path, edges())
            for path in compress(drawn, self._are_paths(drawn))
            if _edges_of(pointer(path), left, low, right, high)
        ]

    def _drawn(self, places: Iterable[int]) -> list[int]:
        """Where pdfium keeps the objects at some places."""
        return [*map(_object_at, repeat(self._pointer), places)]

    @staticmethod
    def _are_paths(drawn: Iterable[int]) -> Iterator[bool]:
        return map(pdfium_c.FPDF_PAGEOBJ_PATH.__eq__, map(_kind_of, drawn))


def _sort_in(areas: Iterable[tuple[float, ...]], across: list[Area], up: list[Area]) -> None:
    """Add those that are lines to the ones of their direction."""
    for left, low, right, high in areas:
        if high - low < THIN:
            if right - left > LONG:
                across.append(_new(Area, (left, low, right, high)))
        elif right - left < THIN and high - low > LONG:
            up.append(_new(Area, (left, low, right, high)))


def _is_stroked(path: int) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(_way_of(path, ctypes.addressof(fill), ctypes.addressof(stroke)) and stroke.value)


def _strokes(path: int, length: int) -> Iterator[Area]:
    """Each straight line of a path."""
    start = before = (0.0, 0.0)
    for step, point, closes in _steps(path, length):
        if step == pdfium_c.FPDF_SEGMENT_MOVETO:
            start = point
        elif step == pdfium_c.FPDF_SEGMENT_LINETO:
            yield _between(before, point)
        if closes:
            yield _between(point, start)
        before = point


def _bars(path: int, length: int) -> Iterator[Area]:
    """What each part of a filled path goes over."""
    points: list[_Point] = []
    for step, point, _ in _steps(path, length):
        if step == pdfium_c.FPDF_SEGMENT_MOVETO and points:
            yield _around(points)
            points = []
        points.append(point)
    if points:
        yield _around(points)


def _steps(path: int, length: int) -> Iterator[tuple[int, _Point, bool]]:
    """The segments of a path: their kind, where they end on the page, and whether they close."""
    matrix = pdfium_c.FS_MATRIX()
    if not _matrix_of(path, ctypes.addressof(matrix)):
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    for number in range(length):
        segment = _segment_at(path, number)
        if segment and _point_of(segment, ctypes.addressof(x), ctypes.addressof(y)):
            across = matrix.a * x.value + matrix.c * y.value + matrix.e
            up = matrix.b * x.value + matrix.d * y.value + matrix.f
            yield _step_of(segment), (across, up), bool(_closes(segment))


def _between(one: _Point, other: _Point) -> Area:
    return _around([one, other])


def _around(points: Sequence[_Point]) -> Area:
    across, up = [point[0] for point in points], [point[1] for point in points]
    return Area(min(across), min(up), max(across), max(up))
