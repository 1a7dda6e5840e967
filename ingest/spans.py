"""Puts cells that go over several columns or rows where they stand among the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Covered(str):
    """What stands where a cell from the left or from above goes on.

    It is that cell's text where it comes from above, and empty where it comes from the left.
    """

    __slots__ = ()


ACROSS = Covered("")
_Above = dict[int, tuple[Covered, int]]
"""What goes on below, by its column, and in how many rows."""


def is_across(cell: str) -> bool:
    """Whether what stands on the left goes on in a place."""
    return isinstance(cell, Covered) and not cell


@dataclass(frozen=True, slots=True)
class Span:
    """A cell and over how many columns and rows it goes, itself counted."""

    text: str
    columns: int = 1
    rows: int = 1


def spread(rows: Sequence[Sequence[Span]], most: int) -> list[list[str]]:
    """The cells of each row in their columns, as HTML's table model has them.

    A cell stands in the first column that no cell from above takes, and where two would stand in
    one place, the upper has it. What goes beyond the last row ends there. Nothing is left where
    the rows would have more than `most` cells.
    """
    if sum(span.columns for row in rows for span in row) > most:
        return []
    found: list[list[str]] = []
    above: _Above = {}
    cells = 0
    for number, row in enumerate(rows):
        line, above = _placed(row, above, len(rows) - number)
        found.append(line)
        cells += len(line)
        if cells > most:
            return []
    return found


def _placed(row: Sequence[Span], above: _Above, left: int) -> tuple[list[str], _Above]:
    """A row with what goes on in it, and what goes on below; `left` rows there are yet."""
    below = {column: (text, rows - 1) for column, (text, rows) in above.items() if rows > 1}
    line: list[str] = []
    for span in row:
        while len(line) in above:
            line.append(above[len(line)][0])
        start, rows = len(line), min(span.rows, left) - 1
        for place in range(start, start + span.columns):
            if place in above:
                break
            text = span.text if place == start else ACROSS
            line.append(text)
            if rows > 0:
                below[place] = (Covered(text), rows)
    for column in sorted(column for column in above if column >= len(line)):
        line += [""] * (column - len(line))
        line.append(above[column][0])
    return line, below
