"""Tells tables apart that stand below each other: where headings come again, another begins."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from ingest.dated_rows import are_values
from ingest.layout import Cell, Line
from ingest.table_columns import INDENT
from ingest.table_headers import YEAR

UNIT = re.compile(
    r"(?:\W*(?:amounts?|dollars?|shares?)?\s*(?:\w{0,3}[$€£] ?)?in |\()(?:\w+ of )?"
    r"(?:millions|thousands|billions)\b.{0,60}",
    re.I,
)
_Edges = tuple[float, float]
"""Where the lines of a table begin on the left, and the numbers in them."""

_NOWHERE: _Edges = (math.inf, math.inf)
FEWEST_ROWS = 3  # of a table without values
_NOTE = r"\(\w{1,2}\)"
_SIGN = r"(?:EUR|USD|GBP|CHF|pts?\.?|bps|x|[^\w—–−*-])+"
_NO_VALUE = re.compile(f"(?i:{YEAR.pattern})|{_NOTE}|{_SIGN}")
PERIOD = re.compile(r"\b(?:19|20)\d\d\b")
_SENTENCE = re.compile(r"\S+(?:\s+\S+){6,}[.!?]\s*", re.S)
_AMOUNT = re.compile(r"[(\W]?\d")


def has_values(text: str, line: Line) -> bool:
    """Whether it has a number that is no year, no mark of a note and no unit alone."""
    for cell in line.numbers:
        start, end = cell[0], cell[1]
        # Most have a comma, as no mark, no unit and no year has that does not begin with a letter.
        if text.find(",", start, end) > start and not text[start].isalpha():
            return True
        if _NO_VALUE.fullmatch(text, start, end) is None:
            return True
    return False


def is_value(number: str) -> bool:
    """Whether what reads like a number is none of a header: a year, a mark of a note, a unit."""
    return _NO_VALUE.fullmatch(number) is None


def parts(text: str, lines: Sequence[Line], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The first and the last line of each table in lines that go on without a gap.

    A table begins with lines that name two columns or more below values, if they say a period or a
    unit too, come again from the header above, or follow a sentence; a label or a period alone is a
    group of the same table. Where such lines end the others and are few, they are above a table
    farther below.
    """
    values = -1  # the last line with values
    edges = _NOWHERE
    names: set[str] = set()
    for index in range(first, last + 1):
        if not _is_row(text, lines[index]) and not (
            values >= 0 and are_values(text, lines, first, index, is_last=index == last)
        ):
            continue
        between = lines[values + 1 if values >= 0 else first : index]
        if values < 0:
            names = {words for line in between for words in _words(text, line)}
        elif between and (
            _begins(text, edges, between, names) or _follows_prose(text, edges, between)
        ):
            yield first, values
            first = next((i for i in range(values + 1, index) if len(lines[i].cells) > 1), index)
            names = {words for line in between for words in _words(text, line)}
            edges = _NOWHERE
        edges = _edges(edges, [*between, lines[index]])
        values = index
    after = lines[values + 1 : last + 1]
    if after and values >= 0 and _begins(text, edges, after, names):
        yield first, values
        if sum(len(line.cells) > 1 for line in after) < FEWEST_ROWS:
            return
        first = values + 1
    yield first, last


def _edges(edges: _Edges, lines: Sequence[Line]) -> _Edges:
    """The edges of a table with more lines."""
    label, values = edges
    for line in lines:
        label = min(label, line.left)
        if line.numbers:
            values = min(values, line.numbers[0].left)
    return label, values


def _is_row(text: str, line: Line) -> bool:
    """Whether it has values, in words or in numbers."""
    if has_values(text, line):
        return True
    return len(line.cells) > 2 and any(
        not cell.is_number and _AMOUNT.match(text, cell.start, cell.end) for cell in line.cells[1:]
    )


def _begins(text: str, edges: _Edges, between: Sequence[Line], names: set[str]) -> bool:
    """Whether lines below those of a table begin another one."""
    label = edges[0] + INDENT
    values = label if edges[1] == math.inf else edges[1]
    heads = [
        cell
        for line in between
        for cell in line.cells
        if cell.left > label and (len(line.cells) > 1 or cell.right > values)
    ]
    if len(heads) < 2 or max(cell.left for cell in heads) < min(cell.right for cell in heads):
        return False
    words = [text[cell.start : cell.end] for cell in heads]
    if any(is_value(text[cell.start : cell.end]) for cell in heads if cell.is_number):
        return False
    return (
        any(map(PERIOD.search, words))
        or len(names.intersection(words)) > 1
        or any(UNIT.fullmatch(text, *_span(line.cells[0])) for line in between)
    )


def _follows_prose(text: str, edges: _Edges, between: Sequence[Line]) -> bool:
    """Whether lines name columns below a sentence that runs on into the numbers' columns."""
    prose = [
        index
        for index, line in enumerate(between)
        if len(line.cells) == 1
        and line.cells[0].right > edges[1]
        and _SENTENCE.fullmatch(text, *_span(line.cells[0]))
    ]
    return bool(prose) and any(len(line.cells) > 1 for line in between[prose[-1] :])


def _words(text: str, line: Line) -> Iterator[str]:
    return (text[cell.start : cell.end] for cell in line.cells)


def _span(cell: Cell) -> tuple[int, int]:
    return cell.start, cell.end
