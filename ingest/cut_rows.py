"""Rows of a table that the end of a page cuts through a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.intake import TableRow

MOST_FILLED = 0.5  # of the cells of what is left of a row on the next page


def joined(last: TableRow, rows: Sequence[TableRow]) -> TableRow | None:
    """The last row of a page with what the first of `rows`, of the next page, has of its cells.

    It has none of its own label, and goes on with words of a few cells, as "22 January" with
    "2009"; a figure below a figure is a sum. None where the first row is one of its own, or alone.
    """
    if len(rows) < 2 or len(rows[0].cells) != len(last.cells):
        return None
    rest = rows[0].cells
    filled = [column for column, cell in enumerate(rest) if cell]
    if not filled or not last.cells[0] or rest[0] or len(filled) > MOST_FILLED * len(rest):
        return None
    if not all(last.cells[column][-1:].isalpha() for column in filled):
        return None
    if not all(rows[1].cells[column] for column in (0, *filled)):
        return None
    whole = tuple(f"{one} {other}".strip() for one, other in zip(last.cells, rest, strict=True))
    return replace(last, cells=whole)
