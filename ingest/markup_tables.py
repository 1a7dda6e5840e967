"""The tables of web pages: which hold values, and what their rows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest import grid
from ingest.composer import MAX_CELLS
from ingest.spans import Covered, Span, spread

MAX_SPAN = 100  # columns that one cell goes over
LONGEST_CELL = 1_000  # characters; a table with longer ones is there to lay out a page
ROW_GROUPS = frozenset({"thead", "tbody", "tfoot"})


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; a heading or a list item where it has a level; a table where it has rows."""

    text: str
    level: int = 0
    is_item: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    header: tuple[str, ...] = ()


class Cell:
    """A cell and what stands in it."""

    __slots__ = ("blocks", "columns", "is_header", "rows")

    def __init__(self, attributes: Mapping[str, str], is_header: bool) -> None:
        self.blocks: list[Block] = []
        self.is_header = is_header
        self.columns = min(max(_number(attributes.get("colspan", "")), 1), MAX_SPAN)
        self.rows = _number(attributes.get("rowspan", "")) or MAX_CELLS

    def span(self) -> Span:
        """Its text, over its columns and rows."""
        text = grid.clean(" ".join(block.text for block in self.blocks))
        return Span(text, self.columns, self.rows)


class Table:
    """A table as the parser tells it: row by row, in groups that no cell goes beyond."""

    def __init__(self) -> None:
        self.caption: list[Block] = []
        self.rows: list[list[Cell]] = []
        self.cell: Cell | None = None  # the one that is open
        self._groups = [(0, "")]  # where each begins, and its element

    def begin_group(self, tag: str) -> None:
        """Rows of a head, a body or a foot follow; of nothing, where that ended."""
        self.cell = None
        self._groups.append((len(self.rows), tag))

    def blocks(self) -> list[Block]:
        """A table of values as one block; of one that only lays out a page, what stands in it."""
        rows = self._placed() if _holds_values(self.rows) else []
        width = max((len(row) for row, _ in rows), default=0)
        if len(rows) < 2 or width * len(rows) > MAX_CELLS:
            inside = (block for row in self.rows for cell in row for block in cell.blocks)
            return [*self.caption, *inside]
        even = [tuple(row) + ("",) * (width - len(row)) for row, _ in rows]
        marked = next((place for place, (_, is_head) in enumerate(rows) if not is_head), len(rows))
        table = grid.headed(even, marked)
        name = grid.clean(" ".join(block.text for block in self.caption)) or " ".join(table.lines)
        values = Block(name, rows=tuple(table.rows), header=table.header)
        return [*self.caption, *map(Block, table.lines), values]

    def _placed(self) -> list[tuple[list[str], bool]]:
        """The rows that say something, and whether they name columns; none if there is too much."""
        found: list[tuple[list[str], bool]] = []
        left = MAX_CELLS
        for (start, tag), (end, _) in pairwise([*self._groups, (len(self.rows), "")]):
            rows = self.rows[start:end]
            placed = spread([[cell.span() for cell in row] for row in rows], left)
            if len(placed) < len(rows):
                return []
            left -= sum(map(len, placed))
            for row, line in zip(rows, placed, strict=True):
                if any(cell and not isinstance(cell, Covered) for cell in line):
                    names = tag == "thead" or _names_columns(row, is_first=not found)
                    found.append((line, names))
        return found


def _names_columns(row: Sequence[Cell], *, is_first: bool) -> bool:
    """Whether a row is of headers alone, but for an empty corner."""
    headers = [cell for cell in row if cell.is_header]
    others = [cell for cell in row if not cell.is_header]
    if not headers or (len(headers) < 2 and not is_first):
        return False
    return not others or (others == [row[0]] and not row[0].blocks)


def _holds_values(rows: Sequence[Sequence[Cell]]) -> bool:
    rows = [row for row in rows if any(cell.blocks for cell in row)]
    width = max((sum(cell.columns for cell in row) for row in rows), default=0)
    if len(rows) < 2 or width < 2 or width * len(rows) > MAX_CELLS:
        return False
    blocks = [block for row in rows for cell in row for block in cell.blocks]
    if any(block.rows or (block.level and not block.is_item) for block in blocks):
        return False
    longest = max(sum(len(block.text) for block in cell.blocks) for row in rows for cell in row)
    return longest <= LONGEST_CELL


def _number(written: str) -> int:
    """A number of columns or rows; 0 for as many as there are."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else 1
