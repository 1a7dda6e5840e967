"""Makes tables of rows of cells: cleans them, tells tables on one sheet apart, finds their headers.

A cell is its text as a person sees it; a row is a list of cells, of any length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from ingest.head_rows import count_of, is_title, joined
from ingest.heads import Row
from ingest.spans import is_across

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a sheet: lines of text above a table, and the table, where there is one.

    `header` is the first of the `rows`, or empty.
    """

    lines: tuple[str, ...]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def clean(cell: str) -> str:
    """A cell's text on one line, without control characters."""
    if _CONTROLS.search(cell):
        cell = _CONTROLS.sub(" ", cell)
    return " ".join(cell.split())


def blocks(rows: Sequence[Row]) -> Iterator[Block]:
    """The tables of a sheet of clean cells: empty rows divide them, empty columns are left out.

    What has no second row or no second column is text, and so are rows of a single cell above a
    table: its caption.
    """
    for group in _groups(rows):
        yield _block(_without_empty_columns(group))


def tables(rows: Sequence[Row]) -> list[Block]:
    """The tables of a file that usually is one, of one column or more.

    What an empty row divides off goes on with the table, unless it has a header of its own and
    another number of columns. A single cell for itself is text.
    """
    found: list[Block] = []
    for group in _groups(rows):
        even = _even(group)
        if len(even) == len(even[0]) == 1:
            found.append(Block(even[0], (), []))
            continue
        caption, rest = _caption(even)
        table, width = headed(rest), len(found[-1].rows[0]) if found and found[-1].rows else 0
        if width and not (table.header and len(rest[0]) != width):
            found[-1].rows.extend(_even(group, width))
        else:
            found.append(Block(caption + table.lines, table.header, table.rows))
    return found


def headed(rows: Sequence[Row], marked: int = 0) -> Block:
    """A table of rows of one length, with all rows that name its columns in one.

    `marked` is how many of the first rows the file says to do so. A title that is merged over all
    columns above them is a line.
    """
    above = 0
    while above < len(rows) - 1 and is_title(rows[above]):
        above += 1
    count = count_of(rows[above:], max(marked - above, 0))
    if above and not count:
        above, count = 0, count_of(rows, marked)
    lines = tuple(row[0] for row in rows[:above])
    table = [tuple(row) for row in rows[above:]]
    if not count:
        return Block(lines, (), table)
    header = joined(table[:count]) if count > 1 else table[0]
    return Block(lines, header, [header, *table[count:]])


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows that follow one another without an empty one."""
    group: list[Row] = []
    for row in rows:
        if any(row):
            group.append(row)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _block(rows: Sequence[Row]) -> Block:
    caption, rest = _caption(rows)
    if len(rest) < 2 or len(rest[0]) < 2:
        lines = tuple(" | ".join(filter(None, row)) for row in rest)
        return Block(caption + lines, (), [])
    table = headed(rest)
    return Block(caption + table.lines, table.header, table.rows)


def _caption(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The rows of a single cell that stand above wider ones, and the others.

    One that is merged over columns which the rows below it name is no caption.
    """
    above = 0
    while above < len(rows) and sum(map(bool, rows[above])) == 1:
        is_merged = not rows[above][0] and any(map(is_across, rows[above]))
        if is_merged and count_of(rows[above:]) > 1:
            break
        above += 1
    if above == len(rows):
        above = 0
    lines = tuple("".join(row) for row in rows[:above])
    return lines, [tuple(row) for row in rows[above:]]


def _without_empty_columns(group: Sequence[Row]) -> list[tuple[str, ...]]:
    width = max(len(row) for row in group)
    used = [False] * width
    for row in group:
        for column, cell in enumerate(row):
            if cell:
                used[column] = True
    kept = sum(used)
    if kept == width and all(len(row) == width for row in group):
        return [tuple(row) for row in group]
    rows = (tuple(compress(row, used)) for row in group)
    return [row + ("",) * (kept - len(row)) for row in rows]


def _even(rows: Sequence[Row], least: int = 0) -> list[tuple[str, ...]]:
    """The rows with as many cells as the widest of them has, without empty columns at the end."""
    width = max(least, *(_width(row) for row in rows))
    return [tuple(row[:width]) + ("",) * (width - len(row)) for row in rows]


def _width(row: Row) -> int:
    """How many cells a row has up to the last one that says something."""
    width = len(row)
    while width and not row[width - 1]:
        width -= 1
    return width
