"""Puts labels of rows that wrap together with their values, which stand beside their first line.

Programs draw a table cell by cell: the text of a page then has all lines of a label before the
values that stand right of the first. The text stays as it is; only its lines are joined, and so the
rows that are made of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from ingest.layout import GAP_OF_NUMBERS, Line
from ingest.level_lines import Letter, are_level

MOST_LINES = 6  # of a label
INDENT = 2.0  # by which its lines may begin left or right of each other

# Lines that begin with an amount; found at once, as few lines do.
_AMOUNT_FIRST = re.compile(r"\n[($€£]{0,2}\d{1,3}(?:[,.]\d|[)%]| [($€£\d])")


def joined(text: str, lines: Sequence[Line], letter: Letter) -> Sequence[Line]:
    """The lines, those of a label that wraps made one with the values beside its first.

    `letter` tells where a character stands; it is asked where a line of values follows others that
    are labels alone.
    """
    amounts = [found.start() + 1 for found in _AMOUNT_FIRST.finditer(text)] if lines else ()
    if not amounts:
        return lines
    starts = [line.start for line in lines]
    found: list[Line] = []
    after = 0
    for amount in amounts:
        place = bisect_left(starts, amount)
        if place == len(lines) or starts[place] != amount:
            continue
        first = _first_of_label(lines, place, after, letter)
        if first < place:
            found += [*lines[after:first], _whole(lines[first:place], lines[place])]
            after = place + 1
    return [*found, *lines[after:]] if found else lines


def _first_of_label(lines: Sequence[Line], place: int, after: int, letter: Letter) -> int:
    """The first line of a label of two lines at least that ends before values; else their place."""
    values = lines[place]
    if not values.cells or len(values.numbers) < len(values.cells):
        return place
    for first in range(place - 1, max(place - 1 - MOST_LINES, after - 1), -1):
        line = lines[first]
        if len(line.cells) != 1 or line.numbers or line.right + GAP_OF_NUMBERS >= values.left:
            break
        if abs(line.left - lines[place - 1].left) > INDENT:
            break
        if are_level(letter(line.start), letter(values.start)):
            return first if first < place - 1 else place
    return place


def _whole(label: Sequence[Line], values: Line) -> Line:
    """The lines of a label, which follow each other in the text, and its values as one line."""
    right = max(line.right for line in label)
    one = label[0].cells[0]._replace(end=label[-1].end, right=right)
    return Line(one.start, values.end, (one, *values.cells), values.numbers)
