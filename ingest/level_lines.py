"""Puts together the lines of a page that stand at one height: pdfium parts rows of a table.

It begins a line of its text where a cell is one character that is drawn by itself. The text stays
as it is; only its lines are joined, and so the rows that are made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


Letter = Callable[[int], _Extent | None]
"""Where the character at an offset stands; None where that is not known."""


def joined(text: str, lines: Sequence[Line], letter: Letter) -> Sequence[Line]:
    """The lines, those made one that go on at the height and right of the one before.

    `letter` tells where a character stands; it is asked where a line begins with a word of one
    character right of the end of the line before.
    """
    begun = [
        place
        for place, (start, _, cells, _) in enumerate(lines)  # by place: names take twice as long
        if cells and text[start + 1 : start + 2] in _ENDS_OF_WORDS
    ]
    places = {
        place for place in begun if place and _goes_on(lines[place - 1], lines[place], letter)
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


def _goes_on(one: Line, line: Line, letter: Letter) -> bool:
    """Whether a line stands at the height of the one before and right of it."""
    if not one.cells or line.left <= one.right + GAP_OF_NUMBERS:
        return False
    return are_level(letter(one.end - 1), letter(line.start))


def are_level(one: _Extent | None, other: _Extent | None) -> bool:
    """Whether two characters are as high and stand as high; a raised mark of a note does not."""
    if one is None or other is None:
        return False
    most = OFF * (one.high - one.low)
    return abs(one.low - other.low) < most and abs(one.high - other.high) < most
