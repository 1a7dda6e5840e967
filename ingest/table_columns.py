"""The columns that the lines of a table share, and which column a cell stands in."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean

from ingest.layout import Cell, Line

EDGE = 2.5  # units by which the cells of a column may miss a common edge
INDENT = 8.0  # units by which labels may be indented
SHARE_ALIGNED = 0.8  # of the rows
SHARE_REGULAR = 0.6  # of the rows of words: they have a cell in each column
SHARE_BELOW = 0.4  # of the narrower of a heading and a column, to stand below it
SHARE_COUNTED = 0.15  # of the rows: so many must have as many numbers as there are columns
FEW = 8  # rows: one of them may show what columns there are
FULL = 0.75  # of the width of a column: prose fills it
MOST_CHARACTERS = 60  # of an average cell of a table of words
PROSE_CHARACTERS = 25  # of an average cell that may be prose, where it fills its column


@dataclass(frozen=True, slots=True)
class Columns:
    """The edges of columns from left to right.

    `labelled` is whether the first one names the rows, `verbal` whether most cells are words.
    `pitch` is how far the columns of values are from each other where they are closest, `values`
    between where what names them stands; what names the labels is before it.
    """

    edges: tuple[tuple[float, float], ...]
    labelled: bool
    verbal: bool = False
    pitch: float = field(init=False)
    values: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        ends = [right for _, right in self.edges[1 if self.labelled else 0 :]]
        pitch = min((after - before for before, after in pairwise(ends)), default=4 * INDENT)
        first = self.edges[0][0]
        left = max(self.edges[1][0] - pitch, first + INDENT) if self.labelled else first - INDENT
        object.__setattr__(self, "pitch", pitch)
        right = self.edges[-1][1] + (pitch if self.labelled else max(pitch, 2 * INDENT))
        object.__setattr__(self, "values", (left, right))

    def places(self, cells: Sequence[Cell]) -> Iterable[int]:
        """The columns in which the cells of a line stand; see `of`."""
        if len(cells) == len(self.edges):
            for cell, (left, right) in zip(cells, self.edges, strict=True):
                if cell[2] >= right or cell[3] <= left:
                    break
            else:
                return range(len(cells))
        return [self.of(cell) for cell in cells]

    def of(self, cell: Cell) -> int:
        """The column in which most of a cell stands, else the nearest one."""
        if self.labelled and not cell.is_number and cell.left < self.edges[0][1]:
            middle_of_first = (self.edges[0][0] + self.edges[0][1]) / 2
            if cell.left < middle_of_first:
                return 0
        return _nearest(cell, self.edges)[0]

    def under(self, cell: Cell, *, is_alone: bool) -> list[int]:
        """The columns below a heading that may stand above several; else the nearest one.

        One that `is_alone` in its line may be above all.
        """
        first = 1 if self.labelled else 0
        if is_alone and self.off_middle(cell) < INDENT and cell.right - cell.left > self.pitch - 1:
            return list(range(first, len(self.edges)))
        touched = [
            index
            for index, edges in enumerate(self.edges)
            if index >= first and _shared(cell, edges) > 0
        ]
        if touched:
            around = self.edges[touched[0]][0] + self.edges[touched[-1]][1]
            if abs(cell.left + cell.right - around) < 2 * EDGE:
                return touched
        below = [
            index
            for index in touched
            if _shared(cell, self.edges[index]) > SHARE_BELOW * _narrower(cell, self.edges[index])
        ]
        return below or [self.of(cell)]

    def are_at_each(self, cells: Sequence[Cell]) -> bool:
        """Whether each column has a cell, with which it has an edge or its middle in common.

        Only that of labels may have none.
        """
        first = len(self.edges) - len(cells)
        return first in (0, int(self.labelled)) and all(
            min(abs(cell.left - left), abs(cell.right - right)) < EDGE
            or abs(cell.left + cell.right - left - right) < 2 * EDGE
            for cell, (left, right) in zip(cells, self.edges[first:], strict=True)
        )

    def is_crossed_by(self, line: Line) -> bool:
        """Whether words without a gap go on from the first column into the next one."""
        is_whole = len(line.cells) == 1
        return is_whole and line.left < self.edges[0][1] and line.right > self.edges[1][0]

    def is_title(self, cell: Cell) -> bool:
        """Whether words stand above the middle of the table, and not of its values."""
        if not self.labelled or self.off_middle(cell) < INDENT:
            return False
        off = self._off(cell, self.edges[0][0])
        is_left = cell.left < self.edges[1][0]
        return off < (INDENT if is_left else EDGE) and cell.right - cell.left > self.pitch

    def off_middle(self, cell: Cell) -> float:
        """How far the middle of words is from that of all values."""
        return self._off(cell, self.edges[self.labelled][0])

    def _off(self, cell: Cell, left: float) -> float:
        return abs(cell.left + cell.right - left - self.edges[-1][1]) / 2

    def continues(self, other: Columns) -> bool:
        """Whether they are as many and as far from each other as others, on another page."""
        if len(self.edges) != len(other.edges) or self.labelled != other.labelled:
            return False
        shifts = [one[1] - two[1] for one, two in zip(self.edges[1:], other.edges[1:], strict=True)]
        return not shifts or max(shifts) - min(shifts) < 2 * EDGE


def columns(rows: Sequence[Line]) -> Columns | None:
    """What the rows have in common; None where they do not stand below each other."""
    if len(rows) < 2:
        return None
    numeric = [row for row in rows if row.numbers]
    labels = sum(not row.cells[0].is_number for row in numeric)
    has_values = any(len(row.numbers) > 1 or not row.cells[0].is_number for row in numeric)
    if 2 * len(numeric) >= len(rows) and has_values:
        return _of_numbers(rows, numeric, labelled=2 * labels >= len(numeric))
    return _of_words(rows)


def _of_numbers(rows: Sequence[Line], numeric: Sequence[Line], *, labelled: bool) -> Columns | None:
    values = [row.numbers for row in numeric]
    if labelled:  # a number before all words is no value
        values = [row.numbers[1:] if row.cells[0].is_number else row.numbers for row in numeric]
        if sum(map(bool, values)) < 2:
            values = [row.numbers for row in numeric]
    counts = Counter(len(cells) for cells in values if cells)
    enough = max(2, SHARE_COUNTED * len(values)) if len(values) > FEW else 1
    widths = sorted((count for count, times in counts.items() if times >= enough), reverse=True)
    edges = next(filter(None, (_edges_of(values, width) for width in widths)), None)
    if edges is None:
        return None
    if not labelled:
        others = [cell for row in numeric for cell in row.cells]
        with_words = sorted([*edges, *_beside(others, edges)])
        return Columns(tuple(with_words), labelled=False) if len(edges) > 1 else None
    return Columns(_with_words(rows, edges), labelled=True)


def _edges_of(values: Sequence[Sequence[Cell]], width: int) -> list[tuple[float, float]] | None:
    """The columns of the rows that have so many numbers, if the numbers of the others fit."""
    ranks = list(zip(*(cells for cells in values if len(cells) == width), strict=True))
    edges = [_around(rank) for rank in ranks]
    if not _are_apart(edges) or not all(map(_has_an_edge, ranks)):
        return None
    fitting = sum(len(cells) == width or _fits(cells, edges) for cells in values)
    return edges if fitting >= SHARE_ALIGNED * len(values) else None


def _with_words(
    rows: Sequence[Line], edges: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """Columns of numbers, with those of words beside them and the labels on the left."""
    words = [row.cells for row in rows if not row.cells[0].is_number]
    labels = _around([cells[0] for cells in words])
    values = sorted([*edges, *_beside([cell for cells in words for cell in cells[1:]], edges)])
    return ((labels[0], max(min(labels[1], values[0][0]), labels[0] + 1)), *values)


def _beside(
    cells: Sequence[Cell], edges: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The columns of words beside those of numbers: two cells at least stand in each."""
    others = sorted((cell.left, cell.right) for cell in cells if not cell.is_number)
    found: list[tuple[float, float]] = []
    times: list[int] = []
    for left, right in others:
        if any(left < edge[1] and right > edge[0] for edge in edges):
            continue
        if found and left < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], right)
            times[-1] += 1
        else:
            found.append((left, right))
            times.append(1)
    return [edge for edge, count in zip(found, times, strict=True) if count > 1]


def _of_words(rows: Sequence[Line]) -> Columns | None:
    counts = Counter(len(row.cells) for row in rows)
    width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    if len(rows) < 3 or width < 2 or times < max(3, SHARE_REGULAR * len(rows)):
        return None
    ranks = list(zip(*(row.cells for row in rows if len(row.cells) == width), strict=True))
    edges = [_around(rank) for rank in ranks]
    if not _are_apart(edges) or not all(_has_an_edge(rank) for rank in ranks):
        return None
    if any(mean(cell.end - cell.start for cell in rank) > MOST_CHARACTERS for rank in ranks):
        return None
    if all(_is_prose(rank, edge) for rank, edge in zip(ranks, edges, strict=True)):
        return None
    return Columns(tuple(edges), labelled=True, verbal=True)


def _is_prose(rank: Sequence[Cell], edge: tuple[float, float]) -> bool:
    """Whether a column is so full of words that it is text set in columns."""
    fill = mean(cell.right - cell.left for cell in rank) / (edge[1] - edge[0])
    return fill > FULL and mean(cell.end - cell.start for cell in rank) > PROSE_CHARACTERS


def _has_an_edge(rank: Sequence[Cell]) -> bool:
    """Whether most cells below each other begin, end or have their middle at one place."""
    return (
        _is_common([cell[3] for cell in rank])  # by place: names take twice as long
        or _is_common([cell[2] for cell in rank])
        or _is_common([(cell[2] + cell[3]) / 2 for cell in rank])
    )


def _is_common(places: Sequence[float]) -> bool:
    in_order = sorted(places)
    middle = (in_order[(len(places) - 1) // 2] + in_order[len(places) // 2]) / 2
    common = bisect_right(in_order, middle + EDGE) - bisect_left(in_order, middle - EDGE)
    return common >= SHARE_ALIGNED * len(places)


def _fits(cells: Sequence[Cell], edges: Sequence[tuple[float, float]]) -> bool:
    """Whether each cell stands in a column of its own, or just beside it."""
    nearest = [_nearest(cell, edges) for cell in cells]
    return len({index for index, _ in nearest}) == len(cells) and all(
        shared > -EDGE for _, shared in nearest
    )


def _nearest(cell: Cell, edges: Sequence[tuple[float, float]]) -> tuple[int, float]:
    """The column that shares most with a cell, and how much; see `_shared`."""
    most = -math.inf
    begin, end = cell[2], cell[3]
    for index, (left, right) in enumerate(edges):
        shared = (end if end < right else right) - (begin if begin > left else left)
        if shared <= most:  # from left to right they come nearer, then go away
            return index - 1, most
        most = shared
    return len(edges) - 1, most


def _narrower(cell: Cell, edges: tuple[float, float]) -> float:
    return min(cell.right - cell.left, edges[1] - edges[0])


def _around(cells: Sequence[Cell]) -> tuple[float, float]:
    return min([cell[2] for cell in cells]), max([cell[3] for cell in cells])


def _are_apart(edges: Sequence[tuple[float, float]]) -> bool:
    return all(before[1] <= after[0] for before, after in pairwise(edges))


def _shared(cell: Cell, edges: tuple[float, float]) -> float:
    """How much of a cell is between two edges; negative by how far it is away from them."""
    left, right = edges
    return (cell.right if cell.right < right else right) - (cell.left if cell.left > left else left)
