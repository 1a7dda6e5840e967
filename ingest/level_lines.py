"""Puts together the lines of a page that stand at one height: pdfium parts rows of a table.

It begins a line of its text where a cell is one character that is drawn by itself. The text stays
as it is; only its lines are joined, and so the rows that are made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from ingest.layout import GAP_OF_NUMBERS, Line

OFF = 0.25  # of the height of a character, by which those of one line may be higher or lower
_ENDS_OF_WORDS = frozenset(("", " ", "\r", "\n"))


class _Extent(Protocol):
    """Where a character stands from below to above."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


def joined(
    text: str, lines: Sequence[Line], letter: Callable[[int], _Extent | None]
) -> Sequence[Line]:
    """The lines, those made one that go on at the height and right of the one before.

    `letter` tells where a character stands; it is asked where a line begins with a word of one
    character right of the end of the line before.
    """
    places = {
        place
        for place, (one, line) in enumerate(pairwise(lines), 1)
        if line.cells
        and text[line.start + 1 : line.start + 2] in _ENDS_OF_WORDS
        and one.cells
        and line.left > one.right + GAP_OF_NUMBERS
        and _are_level(letter(one.end - 1), letter(line.start))
    }
    if not places:
        return lines
    found: list[Line] = []
    for place, line in enumerate(lines):
        if place in places:
            one = found.pop()
            line = Line(one.start, line.end, one.cells + line.cells, one.numbers + line.numbers)
        found.append(line)
    return found


def _are_level(one: _Extent | None, other: _Extent | None) -> bool:
    """Whether two characters are as high and stand as high; a raised mark of a note does not."""
    if one is None or other is None:
        return False
    most = OFF * (one.high - one.low)
    return abs(one.low - other.low) < most and abs(one.high - other.high) < most
