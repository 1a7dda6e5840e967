"""The tables of rich text documents (RTF): where their cells stand and which are merged.

A row defines its cells by the places where they end, which need not be those of the row above
(RTF 1.9.1, "Table Definitions").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest import grid
from ingest.composer import MAX_CELLS
from ingest.markup_tables import Block
from ingest.spans import ACROSS, Covered

NEAR = 100  # twips by which ends of cells in one column may differ
DEFINING = ("trhdr", "clmrg", "clvmrg", "cellx")
"""What is said of a row: that it is one of heads; of a cell: that it goes on from the one before
or above it, and where it ends."""


@dataclass(slots=True)
class _Format:
    """What a row says of itself: where its cells end, and which are merged with others."""

    ends: list[int] = field(default_factory=list)
    merged: list[frozenset[str]] = field(default_factory=list)
    is_head: bool = False
    waiting: set[str] = field(default_factory=set)  # marks of the cell that is not defined yet


class RichTable:
    """Collects the rows of a table."""

    def __init__(self) -> None:
        self._rows: list[tuple[tuple[str, ...], _Format]] = []
        self._format = _Format()
        self._cells: list[str] = []  # of the row that is open

    def begin_row(self) -> None:
        """What is said from here on is about another row."""
        self._format = _Format()

    def define(self, word: str, number: int) -> None:
        """Take one of the `DEFINING` words; places are in twips."""
        if word == "trhdr":
            self._format.is_head = True
        elif word != "cellx":
            self._format.waiting.add(word)
        else:
            self._format.ends.append(number)
            self._format.merged.append(frozenset(self._format.waiting))
            self._format.waiting.clear()

    def begin_cell(self) -> None:
        """A cell begins, unless one is open."""
        self._cells = self._cells or [""]

    def say(self, text: str) -> None:
        """Take what stands in the cell that is open."""
        self.begin_cell()
        self._cells[-1] = f"{self._cells[-1]} {text}".strip()

    def end_cell(self) -> None:
        """A cell ends, and another may begin."""
        self._cells.append("")

    def end_row(self) -> None:
        """A row ends; the next one is like it, unless it says otherwise."""
        cells = self._cells[:-1] if self._cells and not self._cells[-1] else self._cells
        self._rows.append((tuple(map(grid.clean, cells)), self._format))
        self._cells = []

    def take(self) -> list[Block]:
        """The table, after which another begins; as lines where it has no two rows and columns."""
        if any(self._cells):  # a row that never ended
            self._cells.append("")
            self.end_row()
        rows = [(cells, row) for cells, row in self._rows if any(cells)]
        self._rows, self._format, self._cells = [], _Format(), []
        width = max((len(cells) for cells, _ in rows), default=0)
        if len(rows) < 2 or width < 2 or width * len(rows) > MAX_CELLS:
            return [Block(" | ".join(filter(None, cells))) for cells, _ in rows]
        marked = next((place for place, (_, row) in enumerate(rows) if not row.is_head), len(rows))
        table = grid.headed(_placed(rows, width), marked)
        name = " ".join(table.lines)
        values = Block(name, rows=tuple(table.rows), header=table.header)
        return [*map(Block, table.lines), values]


def _placed(rows: Sequence[tuple[tuple[str, ...], _Format]], width: int) -> list[list[str]]:
    """The cells in the columns that they go over, where each row says where its cells end."""
    columns = _columns({end for _, row in rows for end in row.ends})
    if len(set(columns.values())) != width or any(len(row.ends) < len(each) for each, row in rows):
        return [[*cells, *[""] * (width - len(cells))] for cells, _ in rows]
    placed: list[list[str]] = []
    for cells, row in rows:
        above, line = placed[-1] if placed else [], list[str]()
        for cell, end, merged in zip(cells, row.ends, row.merged, strict=False):
            text = cell
            if not cell and "clmrg" in merged:
                text = ACROSS
            elif not cell and "clvmrg" in merged and len(line) < len(above):
                text = Covered(above[len(line)])
            line += [text, *[ACROSS] * (columns[end] - len(line))]
        placed.append((line + [""] * width)[:width])
    return placed


def _columns(ends: set[int]) -> dict[int, int]:
    """The column that ends at each place."""
    columns: dict[int, int] = {}
    before = last = -1
    for end in sorted(ends):
        if last < 0 or end - before > NEAR:
            last += 1
        columns[end], before = last, end
    return columns
