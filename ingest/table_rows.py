"""The rows of a table whose cells stand below each other, out of the lines of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.layout import Cell, Line
from ingest.table_columns import Columns
from rag.folding import flowing
from rag.intake import TableRow

_GOES_ON = re.compile(r"\(\w{1,2}\)|[a-zà-ÿ]")


def rows_of(text: str, lines: Sequence[Line], grid: Columns) -> Iterator[TableRow]:
    """The rows; a label that is broken over lines is put together with its values."""
    waiting: list[Line] = []
    for line in lines:
        if waiting and not _GOES_ON.match(text, line.start):
            yield from (row_of(text, [single], grid) for single in waiting)
            waiting = []
        waiting.append(line)
        if len(line.cells) > 1:
            yield row_of(text, waiting, grid)
            waiting = []
    yield from (row_of(text, [single], grid) for single in waiting)


def row_of(text: str, lines: Sequence[Line], grid: Columns) -> TableRow:
    """The words of lines by column, as one row."""
    if len(lines) == 1 and (plain := _plain_words(text, lines[0].cells, grid)):
        return TableRow(lines[0].start, lines[0].end, tuple(plain))
    words = [""] * len(grid.edges)
    for line in lines:
        for cell, place in zip(line.cells, grid.places(line.cells), strict=True):
            own = words_of(text, cell)
            words[place] = f"{words[place]} {own}" if words[place] else own
    return TableRow(lines[0].start, lines[-1].end, tuple(words))


def _plain_words(text: str, cells: Sequence[Cell], grid: Columns) -> list[str]:
    """The words of a row with a cell in each column, as most rows are; none of others."""
    if len(cells) != len(grid.edges) or not isinstance(grid.places(cells), range):
        return []
    words = [text[cell[0] : cell[1]] for cell in cells]  # start to end: names take twice as long
    whole = "|".join(words)
    return words if whole.isprintable() and "  " not in whole else []


def words_of(text: str, cell: Cell) -> str:
    """The words of a cell, on one line."""
    words = text[cell[0] : cell[1]]
    return words if words.isprintable() and "  " not in words else flowing(words)
