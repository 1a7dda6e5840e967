"""Which lines of a page may be one table, because those with cells are near each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.dated_rows import are_values, names_columns
from ingest.layout import Line
from ingest.table_columns import INDENT
from ingest.table_parts import UNIT

MOST_BETWEEN = 3  # lines without cells between two rows: names of sections, broken labels
MOST_CHARACTERS_BETWEEN = 120

ANNOUNCEMENT = re.compile(
    r"\b(?:follows?|following|below|suivante?s?|ci-dessous|folgende[nr]?|siguientes?)\b", re.I
)
_SIGNS = frozenset("$€£¥₹(–—−-+<>~*")  # with which no year begins
SENTENCE = re.compile(r".{60}[^)]*[.;]$", re.S)


def runs(text: str, lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The first and the last of lines with cells that may be one table."""
    first = last = -1
    right, has_values = 0.0, False
    rows = [place for place, line in enumerate(lines) if len(line[2]) > 1]  # cells
    for place, index in enumerate(rows):
        line = lines[index]
        names = names_columns(text, line)
        if names and has_values:
            below = rows[place + 1 : place + 2]
            is_last = not (below and _goes_on(text, lines, index, below[0], right))
            names = not are_values(text, lines, first, index, is_last=is_last)
        if last < 0 or (names and has_values) or not _goes_on(text, lines, last, index, right):
            begin = _begin(lines, first, index) if last >= 0 else index
            if last >= 0 and begin < index:
                last = max(at for at in range(first, begin) if len(lines[at].cells) > 1)
            if last > first:
                yield first, last
            first, right, has_values = begin, 0.0, False
        last, right = index, max(right, line.right)
        has_values = has_values or (not names and bool(line.numbers))
    if last > first:
        yield first, last


def _begin(lines: Sequence[Line], first: int, index: int) -> int:
    """Where the header of a table begins whose years or first row stand in the line at `index`.

    Lines of words alone, none of them a label on the left, head what is below.
    """
    label = min(line.left for line in lines[first : index + 1] if line.cells) + INDENT
    while index - 1 > first and _is_group_line(lines[index - 1], label):
        index -= 1
    return index


def _is_group_line(line: Line, label: float) -> bool:
    return len(line.cells) > 1 and not line.numbers and line.left > label


def _goes_on(text: str, lines: Sequence[Line], last: int, index: int, right: float) -> bool:
    """Whether what stands between two lines with cells may belong to their table."""
    return index - last - 1 <= MOST_BETWEEN and all(
        line.end - line.start <= MOST_CHARACTERS_BETWEEN
        and line.cells
        and line.right <= right
        and not _is_about(text[line.start : line.end])
        for line in lines[last + 1 : index]
    )


def _is_about(line: str) -> bool:
    """Whether a line is a sentence, announces a table or names its unit: it begins something."""
    return announces(line) or UNIT.fullmatch(line) is not None


def announces(line: str) -> bool:
    """Whether a line is a sentence, or says that something follows."""
    return any(found.search(line) for found in (SENTENCE, ANNOUNCEMENT))
