"""Tells raised marks of notes from the figures that they follow, in the cells of a page's lines.

In a page's text a small raised 2 behind 1,234 reads as 1,2342. Only figures that have more digits
than belong there are looked at, as asking for the place of each would take long.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.layout import Cell, Line
from ingest.level_lines import Letter

GROUP = 3  # digits behind the last sign that parts thousands
LONGEST_MARK = 2  # digits
LENGTH_OF_YEAR = 4  # digits
CENTURIES = ("19", "20")
RAISED = 0.2  # of the height of a figure, by which a mark begins above it
SMALLER = 0.85  # of that height, which a mark has at most


def without_marks(text: str, lines: Sequence[Line], letter: Letter) -> Sequence[Line]:
    """The lines, the raised digits behind thousands and years left out of their cells.

    `letter` tells where a character stands; the lines themselves begin and end where they did.
    """
    doubtful = [
        (place, cell)
        for place, (_, _, _, numbers) in enumerate(lines)  # by place: names take twice as long
        for cell in numbers
        if cell[1] - cell[0] > LENGTH_OF_YEAR and text[cell[1] - GROUP - 1] != ","
    ]
    if not doubtful:
        return lines
    found: list[Line] = []
    for place, cell in doubtful:
        end = _more_than_belongs(text, cell)
        if end and _are_raised(range(end, cell.end), letter):
            found = found or [*lines]
            found[place] = _with(found[place], cell, cell._replace(end=end))
    return found or lines


def _more_than_belongs(text: str, cell: Cell) -> int:
    """Where the figure should end at which a cell has one or two digits more; 0 if it has none."""
    end = text.rfind(",", cell.start, cell.end) + 1 + GROUP
    if end <= GROUP:
        is_year = text.startswith(CENTURIES, cell.start, cell.end)
        end = cell.start + LENGTH_OF_YEAR if is_year else cell.end
    more = cell.end - end
    return end if 0 < more <= LONGEST_MARK and text[end - 1 : cell.end].isdecimal() else 0


def _are_raised(offsets: range, letter: Letter) -> bool:
    """Whether characters stand above the one before them and are smaller."""
    own, *marks = (letter(offset) for offset in (offsets[0] - 1, *offsets))
    if own is None:
        return False
    height = own.high - own.low
    return all(
        mark is not None
        and mark.low > own.low + RAISED * height
        and mark.high - mark.low < SMALLER * height
        for mark in marks
    )


def _with(line: Line, cell: Cell, shorter: Cell) -> Line:
    return line._replace(
        cells=tuple(shorter if each is cell else each for each in line.cells),
        numbers=tuple(shorter if each is cell else each for each in line.numbers),
    )
