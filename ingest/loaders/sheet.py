"""A sheet of a workbook as it is read, whatever the workbook's format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.composer import MAX_CELLS, too_many_cells
from ingest.heads import LONGEST_NAME
from ingest.spans import ACROSS, Covered

MAX_ROWS = 1_048_576  # that a sheet of Excel has
MAX_COLUMNS = 16_384
MAX_MERGED = 1_000_000  # rows and cells that are looked at, of those that are merged


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that are one, from the first row and column to the last; they count from 0."""

    first: int
    last: int
    column: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows of clean cells; an empty one stands for any number of them.

    `boxes` are texts that lie on it, `notes` those on its cells. `is_drawing` is one that has no
    cells: a chart or a form. One that `hides_cells` has hidden rows or columns, which are read.
    `damaged_from` is the row, counted from 1, that the damage of
    a damaged one begins in; one that `lacks_results` has formulas that were never calculated.
    """

    name: str
    rows: list[list[str]]
    is_hidden: bool
    boxes: tuple[str, ...] = ()
    damaged_from: int | None = None
    lacks_results: bool = False
    notes: tuple[str, ...] = ()
    is_drawing: bool = False
    hides_cells: bool = False


class Cells:
    """Collects the cells of a workbook, of bearable number, sheet by sheet."""

    def __init__(self) -> None:
        self._count = 0
        self.rows: dict[int, list[str]] = {}

    def put(self, row: int, column: int, text: str) -> None:
        """Keep a cell of the sheet; empty ones need not be kept.

        Raises:
            DocumentError: there are too many.
        """
        if not text or column >= MAX_COLUMNS or row >= MAX_ROWS:
            return
        cells = self.rows.setdefault(row, [])
        missing = column + 1 - len(cells)
        if missing > 0:
            cells += [""] * missing
            self._count += missing
            if self._count > MAX_CELLS:
                raise too_many_cells()
        cells[column] = text

    def take(self, merged: Sequence[Merged]) -> list[list[str]]:
        """The rows of the sheet, whose next one begins empty."""
        rows, self.rows = self.rows, {}
        _fill_merged(rows, merged)
        taken: list[list[str]] = []
        before = -1
        for number in sorted(rows):
            if number > before + 1:
                taken.append([])
            taken.append(rows[number])
            before = number
        return taken


def _fill_merged(rows: Mapping[int, list[str]], merged: Sequence[Merged]) -> None:
    """Put the value of merged cells into all rows that say something, and what it goes over.

    A long text over several columns is one to be read, and stands in its first row alone.
    """
    left = MAX_MERGED
    width = max(map(len, rows.values()), default=0)
    for each in merged:
        above = rows.get(each.first, [])
        if each.column >= len(above) or not above[each.column]:
            continue
        last_column = min(each.last_column, width - 1)
        is_box = last_column > each.column and len(above[each.column]) > LONGEST_NAME
        last = each.first if is_box else each.last
        left -= (last - each.first + 1) + (last_column - each.column)
        for number in range(each.first, last + 1):
            if left < 0:
                return
            if number in rows:
                left -= last_column - each.column
                _fill_row(rows[number], each.column, last_column, above[each.column])


def _fill_row(cells: list[str], first: int, last: int, text: str) -> None:
    cells += [""] * (last + 1 - len(cells))
    for column, covered in enumerate((Covered(text), *[ACROSS] * (last - first)), first):
        cells[column] = cells[column] or covered
