"""What the ruled lines of a page tell of the heads of its tables.

A head stands over the columns between the vertical lines on its two sides, or over those that the
line right below it goes along. Only lines that agree with the columns of the text are believed.
Places on the page are in points, upwards; those of cells in units of `ingest.layout`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import NamedTuple, Protocol

from ingest.layout import Cell, Line
from ingest.table_columns import EDGE, Columns
from ingest.table_headers import Heads, doubtful, in_order, is_label

MOST_SURE = 4  # columns below a head in their middle, of which no line is needed to tell
MOST_SPLIT = 3  # lines above the first row that vertical lines may part
LONGEST_SPLIT = 120  # characters of such a line
MARGIN = 1.5  # points by which words may touch or cross a line
APART = 1.5  # points between the ends of lines that are drawn as one
LEVEL = 1.0  # point by which the parts of such a line may differ in height
BELOW = 0.9  # of the height of a letter, by which the line below a head is at most away
INTO = 0.35  # of that height, by which it may be within
CLOSE = 0.9  # of the way from one row to the next: lines less apart may be one row
LEAST_ACROSS = 3  # lines across a table that rule off two rows
INSIDE = 0.7  # of a column, to stand below a head
OUTSIDE = 0.3  # of a column, to stand beside it; between the two lines and text do not agree

_ENDS_OF_PROSE = frozenset(".:;")
_WORD = re.compile(r"\S+")


class Area(NamedTuple):
    """A rectangle on a page."""

    left: float
    low: float
    right: float
    high: float


class Drawing(Protocol):
    """What is drawn on a page beside its text."""

    def rules(self) -> tuple[Sequence[Area], Sequence[Area]]:
        """The thin lines across and up the page."""

    def borders(self) -> tuple[Sequence[Area], Sequence[Area]]:
        """The same with the sides of frames; none where hardly any line goes up."""

    def letter(self, offset: int) -> Area | None:
        """Where a character of the text stands."""

    def is_crowded(self) -> bool:
        """Whether so much is on the page that looking for lines takes long."""


class Ruling:
    """The ruled lines of a page, looked at when they are asked for; none without a drawing."""

    def __init__(self, drawing: Callable[[], Drawing | None]) -> None:
        self._drawing_of = drawing

    @cached_property
    def _drawing(self) -> Drawing | None:
        return self._drawing_of()

    @cached_property
    def _rules(self) -> tuple[Sequence[Area], Sequence[Area]]:
        return ((), ()) if self._drawing is None else self._drawing.rules()

    def borders(self) -> tuple[Sequence[Area], Sequence[Area]]:
        """The lines across and up the page that may draw cells, with the sides of frames."""
        return ((), ()) if self._drawing is None else self._drawing.borders()

    def letter(self, offset: int) -> Area | None:
        """Where a character of the text stands; None where that is not known."""
        return None if self._drawing is None else self._drawing.letter(offset)

    def parted(self, text: str, lines: Sequence[Line], begin: int, grid: Columns) -> Sequence[Line]:
        """The lines, those above the row at `begin` parted where vertical lines go through them."""
        found = [*lines]
        for index in range(begin - 1, max(begin - 1 - MOST_SPLIT, -1), -1):
            line = found[index]
            if not line.cells or line.end - line.start > LONGEST_SPLIT:
                break
            first = line.cells[0]
            if first.left >= grid.values[0] or first.right <= grid.edges[grid.labelled][0]:
                continue
            if text[line.end - 1] in _ENDS_OF_PROSE or not self._rules[1]:
                break
            cells = tuple(part for cell in line.cells for part in self._parts(text, cell))
            found[index] = line._replace(cells=cells)
        return found

    def rows(self, text: str, lines: Sequence[Line], last: int, grid: Columns) -> list[list[Line]]:
        """The lines of each row that lines across the whole table rule off; none where they do not.

        `lines` are those below the head, up to the one at `last` and on: of those, the ones that
        stand in the row of that line belong to it. Where two lines with several cells stand
        between two of them, these rule off groups of rows. A crowded page is not looked at.
        """
        if self._drawing is None or self._drawing.is_crowded():
            return []
        if not self._may_wrap(lines[: last + 2], grid):
            return []
        levels = self._levels(lines[0], grid) if lines[0].cells else []
        if len(levels) < LEAST_ACROSS:
            return []
        found: list[list[Line]] = []
        before = 0
        for index, line in enumerate(lines):
            band = self._band(line, levels)
            if index > last and band != before:
                break
            if not band:
                return []
            if band == before:
                found[-1].append(line)
            else:
                found.append([line])
            before = band
        is_sure = all(sum(len(each.cells) > 1 for each in row) < 2 for row in found)
        return found if is_sure and len(found) > 1 else []

    def _may_wrap(self, lines: Sequence[Line], grid: Columns) -> bool:
        """Whether lines may be rows that are broken; a look at them, before one at what is drawn.

        Labels alone are names of sections where they stand as far from the others as rows do.
        """
        if any(len(line.cells) == 1 and line.left >= grid.edges[0][1] for line in lines):
            return True
        own = [line for line in lines if line.cells]
        if all(len(line.cells) > 1 for line in own):
            return False
        apart: list[float] = []
        beside: list[float] = []
        places = [(self.letter(line.start), len(line.cells) > 1) for line in own]
        for (one, is_one_row), (other, is_other_row) in pairwise(places):
            if one and other:
                is_row = is_one_row and is_other_row
                (apart if is_row else beside).append(one.low - other.low)
        return bool(beside) and (not apart or min(map(abs, beside)) < CLOSE * median(apart))

    def _levels(self, line: Line, grid: Columns) -> list[float]:
        """The heights of the lines across the whole of a table that a line of text is in."""
        if len(self._rules[0]) < LEAST_ACROSS:
            return []
        scale = self._scale(line.cells[0])
        left, right = grid.edges[0][0] * scale, grid.edges[-1][1] * scale
        return [level for level in self._heights if self._covered(level, left, right)]

    @cached_property
    def _across(self) -> tuple[list[float], list[Area]]:
        """The lines across with the heights of their middle, from below."""
        pairs = sorted(((rule.low + rule.high) / 2, rule) for rule in self._rules[0])
        return [height for height, _ in pairs], [rule for _, rule in pairs]

    @cached_property
    def _heights(self) -> list[float]:
        """The heights at which there are lines across."""
        return sorted({round(height, 1) for height in self._across[0]})

    def _band(self, line: Line, levels: Sequence[float]) -> int:
        """How many of the heights are below a line of text; 0 where it is not between two."""
        own = self.letter(line.cells[0].end - 1) if line.cells else None
        place = bisect_left(levels, (own.low + own.high) / 2) if own else 0
        return place if place < len(levels) else 0

    def _covered(self, level: float, left: float, right: float) -> bool:
        """Whether lines at a height go over all between two places."""
        heights, rules = self._across
        near = rules[bisect_left(heights, level - LEVEL) : bisect_right(heights, level + LEVEL)]
        reached = left + MARGIN
        for rule in sorted(near):
            if rule.left <= reached + APART:
                reached = max(reached, rule.right)
        return reached >= right - MARGIN

    def placed(
        self, text: str, lines: Sequence[Line], heads: Sequence[Heads], grid: Columns
    ) -> Sequence[Heads]:
        """The heads of each line by column, those that lines rule off just where these say.

        What is above several columns by a guess that may be wrong is above none.
        """
        return [self._placed(text, line, own, grid) for line, own in zip(lines, heads, strict=True)]

    def _placed(self, text: str, line: Line, heads: Heads, grid: Columns) -> Heads:
        values = [cell for cell in line.cells if not is_label(cell, grid)]
        is_told = in_order(line.cells, grid) or _is_over_few(values, heads, grid)
        if is_told or len(values) >= len(grid.edges) - grid.labelled:
            return heads
        ruled = {cell: self.columns(cell, line.cells, grid) for cell in values}
        sure = {place: cell for cell, places in ruled.items() for place in places}
        known = {cell for cell in values if ruled[cell]}
        loose = {
            place: [cell for cell in cells if cell not in known and place not in sure]
            for place, cells in heads.items()
        }
        doubts = doubtful(text, line, loose, grid)
        loose = {
            place: [cell for cell in cells if cell not in doubts.get(place, ())]
            for place, cells in loose.items()
        }
        found = loose | {place: [cell] for place, cell in sure.items()}
        return {place: cells for place, cells in found.items() if cells}

    def columns(self, cell: Cell, beside: Sequence[Cell], grid: Columns) -> list[int]:
        """The columns that a head stands over by the lines around it; none where they do not tell.

        `beside` are the heads in its line.
        """
        extent = self._extent(cell)
        if extent is None:
            return []
        left, right = extent
        if any(each is not cell and each.right > left and each.left < right for each in beside):
            return []
        places = []
        for place, (begin, end) in enumerate(grid.edges):
            share = (min(end, right) - max(begin, left)) / max(end - begin, 0.1)
            if OUTSIDE < share < INSIDE:
                return []
            if share >= INSIDE:
                places.append(place)
        return [] if grid.labelled and 0 in places else places

    def _parts(self, text: str, cell: Cell) -> Iterator[Cell]:
        """A cell, parted between its words where vertical lines stand."""
        words = [word.span() for word in _WORD.finditer(text, cell.start, cell.end)]
        first, left = words[0][0], cell.left
        for (_, end), (start, _) in pairwise(words):
            before, after = self.letter(end - 1), self.letter(start)
            if before and after and self._crosses(before, after):
                scale = self._scale(cell)
                yield Cell(first, end, left, before.right / scale, is_number=False)
                first, left = start, after.left / scale
        yield cell if first == cell.start else cell._replace(start=first, left=left)

    def _crosses(self, before: Area, after: Area) -> bool:
        middle = (before.low + before.high) / 2
        return any(
            before.right - MARGIN <= (rule.left + rule.right) / 2 <= after.left + MARGIN
            and rule.low <= middle <= rule.high
            for rule in self._rules[1]
        )

    def _extent(self, cell: Cell) -> tuple[float, float] | None:
        """The edges of what a cell of text is ruled off as, in units."""
        last = self.letter(cell.end - 1) if any(self._rules) else None
        if last is None or last.high <= last.low:
            return None
        scale = self._scale(cell)
        own = Area(cell.left * scale, last.low, cell.right * scale, last.high)
        if between := self._between(own):
            return between[0] / scale, between[1] / scale
        along = self._along(own)
        if along is None:
            return None
        left, right = along[0] / scale, along[1] / scale
        is_central = abs(left + right - cell.left - cell.right) / 2 < EDGE
        return (left, right) if is_central else None

    def _between(self, own: Area) -> tuple[float, float] | None:
        """The vertical lines beside words."""
        middle = (own.low + own.high) / 2
        places = [
            (rule.left + rule.right) / 2
            for rule in self._rules[1]
            if rule.low <= middle <= rule.high
        ]
        left = max((place for place in places if place <= own.left + MARGIN), default=None)
        right = min((place for place in places if place >= own.right - MARGIN), default=None)
        return None if left is None or right is None else (left, right)

    def _along(self, own: Area) -> tuple[float, float] | None:
        """The ends of the line below words, or of several that touch."""
        height = own.high - own.low
        least, most = own.low - BELOW * height, own.low + INTO * height
        near = [rule for rule in self._rules[0] if least <= rule.high and rule.low <= most]
        under = [rule for rule in near if rule.right > own.left and rule.left < own.right]
        if not under:
            return None
        level = max((rule.low + rule.high) / 2 for rule in under)
        left, right = own.right, own.left
        for rule in sorted(near):
            if abs((rule.low + rule.high) / 2 - level) > LEVEL:
                continue
            if right >= own.left and rule.left > right + APART and left < own.right:
                break
            if rule.left > right + APART:
                left, right = rule.left, rule.right
            else:
                left, right = min(left, rule.left), max(right, rule.right)
        return left, right

    def _scale(self, cell: Cell) -> float:
        """Points in a unit."""
        last = self.letter(cell.end - 1)
        return last.right / cell.right if last is not None and cell.right > 0 else 1.0


def _is_over_few(values: Sequence[Cell], heads: Heads, grid: Columns) -> bool:
    """Whether one head stands over the middle of all columns, which are few."""
    count = len(grid.edges) - grid.labelled
    if len(values) != 1 or not count <= len(heads) <= MOST_SURE:
        return False
    return grid.off_middle(values[0]) < EDGE


UNRULED = Ruling(lambda: None)
