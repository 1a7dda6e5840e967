"""Tables of a page whose cells are drawn: what stands in each, and which rows name the columns.

Where words cross a line, or what is between two lines is several rows, the lines draw no table, and
nothing is told of them here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ingest.head_rows import count_of, is_title, joined
from ingest.heads import Row, is_value
from ingest.ruled_cells import Cells, Word, cells_of, words_of
from ingest.ruled_grids import grids
from ingest.ruling import Ruling
from ingest.spans import Covered, Span, spread
from rag.intake import TableRow

MOST_CELLS = 20_000
NARROW = 8.0  # points: what is between double lines is no column
SHIFT = 3.0  # points by which the columns of a table may be elsewhere on the next page

_DIGIT = re.compile(r"\d")


class RuledTable(NamedTuple):
    """A table in lines: `rows` are all of it, of which the first `names` name its columns.

    `name` is the title above all columns, `edges` are where these stand.
    """

    edges: tuple[float, ...]
    name: str
    names: int
    rows: tuple[TableRow, ...]

    @property
    def header(self) -> TableRow | None:
        """The rows that name the columns, as one."""
        rows = self.rows[: self.names]
        if not rows:
            return None
        cells = joined([row.cells for row in rows]) if len(rows) > 1 else rows[0].cells
        return _plain(TableRow(rows[0].start, rows[-1].end, tuple(cells)))

    @property
    def values(self) -> tuple[TableRow, ...]:
        """The rows below those."""
        return tuple(map(_plain, self.rows[self.names :]))

    def more_of(self, before: RuledTable) -> tuple[TableRow, ...]:
        """Its rows, without heads that come again, if they go on with a table of another page.

        Such a table has columns as wide, and no other heads. Else there are none.
        """
        heads = [row.cells for row in before.rows[: before.names]]
        has_heads = bool(heads) and [row.cells for row in self.rows[: before.names]] == heads
        if not _are_as_wide(self.edges, before.edges) or (self.names and not has_heads):
            return ()
        return tuple(map(_plain, self.rows[before.names if has_heads else 0 :]))


def _plain(row: TableRow) -> TableRow:
    return TableRow(row.start, row.end, tuple(map(str, row.cells)))


def _are_as_wide(edges: Sequence[float], others: Sequence[float]) -> bool:
    if len(edges) != len(others):
        return False
    shifts = [one - two for one, two in zip(edges, others, strict=True)]
    return max(shifts) - min(shifts) < SHIFT


def ruled_tables(text: str, ruling: Ruling, before: RuledTable | None = None) -> list[RuledTable]:
    """The tables of a page that lines draw, in the order of its text.

    One row alone is a table if it is the first and goes on with the one `before`, of the last page.
    """
    drawn = grids(*ruling.borders(), fewest=2 if before is None else 1)
    words = words_of(text, ruling) if drawn else []
    cells = (cells_of(text, words, grid, ruling) for grid in drawn)
    tables = (_table(each, words) for each in cells if each is not None)
    found = sorted((table for table in tables if table), key=lambda table: table.rows[0].start)
    return [
        table
        for place, table in enumerate(found)
        if len(table.rows) > 1 or (not place and before is not None and table.more_of(before))
    ]


def _table(cells: Cells, words: Sequence[Word]) -> RuledTable | None:
    if not cells.are_of_a_table() or cells.hold_rows():
        return None
    placed = _rows(cells)
    if not _are_apart(placed, cells, words):
        return None
    rows = [row for _, row in placed]
    texts = [row.cells for row in rows]
    above = 0
    while above < len(rows) - 1 and is_title(texts[above]):
        above += 1
    names = 0 if cells.grid.goes_on else _names(texts[above:])
    above = above if names else 0
    name = " ".join(row[0] for row in texts[:above])
    return RuledTable(cells.grid.across, name, names, tuple(rows[above:]))


def _rows(cells: Cells) -> list[tuple[int, TableRow]]:
    """The rows with words of their own, by number."""
    grid = cells.grid
    spans: list[list[Span]] = [[] for _ in grid.down[1:]]
    for region in grid.regions:
        spans[region.row].append(Span(cells.text_of(region), region.columns, region.rows))
    lines = spread(spans, MOST_CELLS)
    kept = _kept(lines, grid.across)
    return [
        (number, TableRow(*place, tuple(lines[number][column] for column in kept)))
        for number, place in cells.spans()
    ]


def _kept(lines: Sequence[Row], across: Sequence[float]) -> list[int]:
    """The columns but for those between double lines."""
    return [
        place
        for place, (left, right) in enumerate(pairwise(across))
        if right - left >= NARROW or any(line[place] for line in lines)
    ]


def _are_apart(placed: Sequence[tuple[int, TableRow]], cells: Cells, words: Sequence[Word]) -> bool:
    """Whether the rows follow one another in the text, and nothing else is within one."""
    rows = [row for _, row in placed]
    if len(rows) < min(2, len(cells.grid.down) - 1) or any(
        one.end > other.start for one, other in pairwise(rows)
    ):
        return False
    return all(
        {word.start for word in words if row.start <= word.start < row.end}
        <= {*cells.starts_within(number, (row.start, row.end))}
        for number, row in placed
    )


def _names(rows: Sequence[Row]) -> int:
    """How many of the first rows name the columns; none where it is in doubt that they do.

    Above words, only what has no figure in a column of which most cells have one does.
    """
    count = count_of(rows)
    below = rows[count:]
    for column, name in enumerate(rows[0] if count else ()):
        own = [row[column] for row in below if row[column] and not isinstance(row[column], Covered)]
        figures = sum(
            is_value(cell) or (not _DIGIT.search(name) and bool(_DIGIT.search(cell)))
            for cell in own
        )
        if own and 2 * figures >= len(own):
            return count
    return 0
