"""Puts the words of a header together that are one heading, broken over lines."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.layout import Cell, Line
from ingest.table_columns import EDGE, Columns


def levels(lines: Sequence[Line], grid: Columns) -> list[Line]:
    """The headings that stand beside each other, as lines of cells.

    Text runs down one heading and goes on at the top of the next one: a line goes on with those
    before it where its first cell stands below their last one, or beside it in the next column.
    """
    found: list[list[Cell]] = []
    depth = 1  # lines of the last heading
    for line in lines:
        first, *others = line.cells
        if found and _is_below(first, found[-1][-1], grid):
            found[-1][-1] = _together(found[-1][-1], first)
            found[-1].extend(others)
            depth = 1 if others else depth + 1
        else:
            if found and _is_beside(first, found[-1], depth, grid):
                found[-1].extend(line.cells)
            else:
                found.append([*line.cells])
            depth = 1
    return [Line(cells[0].start, cells[-1].end, tuple(cells)) for cells in found]


def _is_below(cell: Cell, last: Cell, grid: Columns) -> bool:
    """Whether two cells have an edge or their middle in common, and are no labels."""
    if last.left < grid.values[0] or cell.left > last.right or cell.right < last.left:
        return False
    off = (cell.left - last.left, cell.right - last.right)
    return min(abs(off[0]), abs(off[1]), abs(sum(off)) / 2) < EDGE / 2


def _is_beside(cell: Cell, before: Sequence[Cell], depth: int, grid: Columns) -> bool:
    """Whether a cell begins the heading right of the last one, which is of so many lines.

    Below one of a single line there may be others, farther right or where it is above all.
    """
    last = before[-1]
    if cell.left <= last.right:
        return False
    if depth > 1:
        return True
    values = [each for each in before if each.left >= grid.values[0]]
    if len(values) == 1 and grid.off_middle(last) < EDGE / 2:
        return False
    return not any(
        last.right < (left + right) / 2 < cell.left for left, right in grid.edges[grid.labelled :]
    )


def _together(one: Cell, other: Cell) -> Cell:
    left, right = min(one.left, other.left), max(one.right, other.right)
    return Cell(one.start, other.end, left, right, is_number=False)
