"""Tells years that name the columns below from years that are values, as of what was founded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.layout import Line
from ingest.table_columns import EDGE
from ingest.table_headers import YEAR

_SIGNS = frozenset("($€£¥₹(–—−-+<>~*")  # with which no year begins
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def names_columns(text: str, line: Line) -> bool:
    """Whether its numbers are years or dates."""
    values = line.cells if line.cells[0].is_number else line.cells[1:]
    for cell in values:
        if text[cell[0]] in _SIGNS or YEAR.fullmatch(text, cell[0], cell[1]) is None:
            return False
    return True


def are_values(
    text: str, lines: Sequence[Line], first: int, index: int, *, is_last: bool = False
) -> bool:
    """Whether the years in the line at `index` are values of the table that begins at `first`.

    They are where that has heads, the line has a label of its own like the rows just above it, and
    no head of another table could be so: its years are all others than those in the heads, or,
    below words, do not follow each other. If it `is_last`, nothing is below that it could name.
    """
    line, head = lines[index], lines[first]
    above = lines[index - 1].cells
    if index <= first or not _are_labelled_years(text, line) or len(head.cells) != len(line.cells):
        return False
    if len(above) != len(line.cells) or abs(above[0].left - line.left) > EDGE:
        return False
    if not (names_columns(text, head) or not head.numbers) or head.cells[0].is_number:
        return False
    if _label(text, head) == _label(text, line):
        return False
    own, heads = _years(text, line), set(_years(text, head))
    follow = len(own) > 1 and all(abs(one - other) < 2 for one, other in pairwise(own))
    return is_last or (heads.isdisjoint(own) if heads else not follow)


def _are_labelled_years(text: str, line: Line) -> bool:
    if len(line.cells) < 2 or line.cells[0].is_number or not names_columns(text, line):
        return False
    return _YEAR.search(text, line.cells[0].start, line.cells[0].end) is None


def _label(text: str, line: Line) -> str:
    return text[line.cells[0].start : line.cells[0].end]


def _years(text: str, line: Line) -> list[int]:
    return [
        int(found[0])
        for cell in line.cells[1:]
        for found in _YEAR.finditer(text, cell.start, cell.end)
    ]
