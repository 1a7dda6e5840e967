"""Tables of a page, recognised by lines whose cells stand below each other.

Being sure matters more than finding all: what becomes a table has columns that do not overlap, in
at least three lines. Prose, lists, tables of contents and text set in columns have none, or are
told apart by how full their columns are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.layout import Cell, Line
from ingest.ruling import UNRULED, Ruling
from ingest.table_columns import INDENT, Columns, columns
from ingest.table_headers import YEAR, heads_of
from ingest.table_levels import levels
from ingest.table_parts import PERIOD, UNIT, has_values, parts
from rag.folding import flowing
from rag.intake import Table, TableRow

MOST_BETWEEN = 3  # lines without cells between two rows: names of sections, broken labels
MOST_CHARACTERS_BETWEEN = 120
MOST_HEADER_LINES = 64  # cells of a header are often set below each other, a word a line
MOST_HEADING = 60  # characters of a line of a header without gaps
MOST_SECTIONS = 3  # lines between a header and the first row
MOST_LABELS = 2  # lines that only name the rows, within a header
MOST_AFTER = 3  # lines below a table that goes on over the page: its number, a note
MOST_BEFORE = 4  # lines above it on the next page: a running title
MOST_NAME = 100  # characters

_DIGIT = re.compile(r"\d")
_ANNOUNCEMENT = re.compile(
    r"\b(?:follows?|following|below|suivante?s?|ci-dessous|folgende[nr]?|siguientes?)\b", re.I
)
_LEADERS = re.compile(r"(?:\.\s?){4}")
_SENTENCE = re.compile(r".{60}[^)]*[.;]$", re.S)
_GOES_ON = re.compile(r"\(\w{1,2}\)|[a-zà-ÿ]")
_CAPTION = re.compile(
    r"(?i:table|exhibit|figure|tableau|tabelle|tabla)\s+(?:\d[\w.-]*|[IVXLC]+|[A-Z])\b"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A table on a page, from one line to another; `header` is the row that names its columns."""

    first: int
    last: int
    columns: Columns
    name: str
    header: TableRow | None
    rows: tuple[TableRow, ...]


class _Page(NamedTuple):
    """A page to look for tables on."""

    text: str
    lines: Sequence[Line]
    ruling: Ruling


class Collector:
    """Numbers the tables of a document, page after page, and joins what a page's end cuts."""

    def __init__(self) -> None:
        self._tables: list[Table] = []
        self._open: Found | None = None  # the one that ends the page before
        self._page = 0

    def found(self) -> tuple[Table, ...]:
        """All tables so far, in order."""
        return tuple(self._tables)

    def add(self, number: int, text: str, lines: Sequence[Line], ruling: Ruling = UNRULED) -> None:
        """Look for tables on a page; pages are added in order."""
        before = self._open if self._page == number - 1 else None
        self._open, self._page = None, number
        for table in find(text, lines, ruling):
            above = [text[line.start : line.end] for line in lines[: min(table.first, MOST_BEFORE)]]
            is_first = table.first < MOST_BEFORE and not any(map(_announces, above))
            if before is not None and is_first and _is_more(before, table):
                last = self._tables[-1]
                rows = table.rows
                if table.header is not None and table.header.cells != last.header:
                    rows = (table.header, *rows)  # of words: it was a row like the others
                self._tables.append(Table(last.number, number, last.name, last.header, rows))
            else:
                count = self._tables[-1].number + 1 if self._tables else 1
                header = table.header.cells if table.header else ()
                rows = (table.header, *table.rows) if table.header else table.rows
                self._tables.append(Table(count, number, table.name, header, rows))
            before = None
            self._open = table if len(lines) - 1 - table.last <= MOST_AFTER else None


def _is_more(before: Found, table: Found) -> bool:
    """Whether a table at the top of a page is more of the one that ends the page before."""
    if not table.columns.continues(before.columns):
        return False
    if table.header is None or (table.columns.verbal and before.columns.verbal):
        return True
    return before.header is not None and before.header.cells == table.header.cells


def find(text: str, lines: Sequence[Line], ruling: Ruling = UNRULED) -> Iterator[Found]:
    """The tables of a page, in order; no line is in two of them."""
    after = 0
    page = _Page(text, lines, ruling)
    for run in _runs(text, lines):
        pieces = [*parts(text, lines, *run)]
        begin = after
        for piece in pieces:
            for table in _tables(page, *piece, after):
                after = table.last + 1
                yield table
        if after == begin and len(pieces) > 1:  # too small each: heads above every row
            for table in _tables(page, *run, after):
                after = table.last + 1
                yield table


def _runs(text: str, lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The first and the last of lines with cells that may be one table."""
    first = last = -1
    right, has_values = 0.0, False
    for index, line in enumerate(lines):
        if len(line.cells) < 2:
            continue
        names = _names_columns(text, line)
        if last < 0 or (names and has_values) or not _goes_on(text, lines, last, index, right):
            begin = _begin(lines, first, index) if last >= 0 else index
            if last >= 0 and begin < index:
                last = max(at for at in range(first, begin) if len(lines[at].cells) > 1)
            if last > first:
                yield first, last
            first, right, has_values = begin, 0.0, False
        last, right = index, max(right, line.right)
        has_values = has_values or (not names and any(cell.is_number for cell in line.cells))
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
    return _announces(line) or UNIT.fullmatch(line) is not None


def _announces(line: str) -> bool:
    return any(found.search(line) for found in (_SENTENCE, _ANNOUNCEMENT))


def _names_columns(text: str, line: Line) -> bool:
    """Whether its numbers are years or dates."""
    values = line.cells if line.cells[0].is_number else line.cells[1:]
    return all(YEAR.fullmatch(text[cell.start : cell.end]) for cell in values)


def _tables(page: _Page, first: int, last: int, after: int) -> Iterator[Found]:
    table = _table(page, first, last, after)
    if table is not None:
        yield table
        return
    start = first
    for index in range(first + 1, last + 2):  # the parts between lines without cells
        if index > last or len(page.lines[index].cells) < 2:
            if index - start > 1 and (start, index - 1) != (first, last):
                table = _table(page, start, index - 1, after)
                if table is not None:
                    after = table.last + 1
                    yield table
            start = index + 1


def _table(page: _Page, first: int, last: int, after: int) -> Found | None:
    text, lines = page.text, page.lines
    rows = [line for line in lines[first : last + 1] if len(line.cells) > 1]
    begin = next((row for row in rows if has_values(text, row)), rows[0])
    values = [r for r in rows if r.start >= begin.start and not _names_columns(text, r)]
    grid = columns(values) or columns(rows) or _columns_below(rows)
    if grid is None or _lists_pages(text, values, grid):
        return None
    if not grid.labelled and not has_values(text, begin):
        return None  # years alone: the header of a table below
    if grid.verbal:
        top, bottom = first, first + _is_unlike(text, rows, grid)
    else:
        place = next(index for index in range(first, last + 1) if lines[index] is begin)
        lines = page.ruling.parted(text, lines, place, grid)
        top, bottom = _header(text, lines, place, after, grid)
    if last + 1 - top < 3:
        return None
    header = _header_row(page, lines[top:bottom], grid) if bottom > top else None
    ruled = page.ruling.rows(text, lines[bottom:], last - bottom, grid)
    if ruled:
        last = max(last, bottom + sum(map(len, ruled)) - 1)
        body = tuple(_row(text, row, grid) for row in ruled)
    else:
        body = tuple(_rows(text, lines[bottom : last + 1], grid))
    return Found(top, last, grid, _name(text, lines, top, after), header, body)


def _columns_below(rows: Sequence[Line]) -> Columns | None:
    """The columns of words below a row that names each of them, set otherwise than they are."""
    grid = columns(rows[1:])
    return grid if grid and grid.verbal and len(rows[0].cells) == len(grid.edges) else None


def _is_unlike(text: str, rows: Sequence[Line], grid: Columns) -> bool:
    """Whether the first row of words is unlike the others: only these have digits in a column."""
    first, *others = (row for row in rows if len(row.cells) == len(grid.edges))
    if first is not rows[0] or _DIGIT.search(text, first.start, first.end):
        return False
    return any(
        2 * sum(_DIGIT.search(text, cell.start, cell.end) is not None for cell in column)
        >= len(others)
        for column in zip(*(row.cells for row in others), strict=True)
    )


def _names_unit(text: str, line: Line) -> bool:
    short = line.end - line.start <= MOST_CHARACTERS_BETWEEN
    return short and UNIT.fullmatch(text, line.start, line.end) is not None


def _lists_pages(text: str, rows: Sequence[Line], grid: Columns) -> bool:
    """Whether it is a table of contents: leaders, or one column of page numbers."""
    if any(_LEADERS.search(text, row.start, row.end) for row in rows):
        return True
    if any(len(row.numbers) - row.cells[0].is_number > 1 for row in rows):
        return False
    last = [text[row.cells[-1].start : row.cells[-1].end] for row in rows]
    pages = [int(number) for number in last if number.isdecimal() and len(number) <= 4]
    return len(pages) > 2 and 2 * len(pages) >= len(rows) and pages == sorted(pages)


def _header(
    text: str, lines: Sequence[Line], begin: int, after: int, grid: Columns
) -> tuple[int, int]:
    """The first line of the header above the row that begins the table, and the one below it.

    Without a header both are that of the first row.
    """
    top = bottom = begin
    labels_end = max(grid.values[0], grid.edges[1][0]) if grid.labelled else grid.values[0]
    for index in range(begin - 1, max(after, begin - MOST_HEADER_LINES) - 1, -1):
        line = lines[index]
        if not line.cells:
            break
        is_next = top in (begin, index + 1)
        most = MOST_SECTIONS if top == begin else MOST_LABELS
        if _is_above(text, line, grid) and (is_next or _is_group(text, line)):
            bottom = bottom if top < begin else index + 1
            top = index
        elif top - index > most or line.right > labels_end:
            break
    while top < bottom and _is_title(text, lines[top], grid):
        top += 1
    return (top, bottom) if top < bottom else (begin, begin)


def _is_title(text: str, line: Line, grid: Columns) -> bool:
    return len(line.cells) == 1 and grid.is_title(line.cells[0]) and not _names_unit(text, line)


def _is_above(text: str, line: Line, grid: Columns) -> bool:
    """Whether all of a line names columns, a unit, or what the rows are."""
    span = line.start, line.end
    if _SENTENCE.match(text, *span) or _ANNOUNCEMENT.search(text, *span):
        return False
    left, right = grid.values
    values = line.cells
    if len(values) == 1 and _names_unit(text, line):
        return True
    if len(values) == 1 and (values[0].left < left or line.end - line.start > MOST_HEADING):
        return False
    if values[0].left < left:
        values = values[1:]
    if any(cell.left < left or cell.right > right for cell in values):
        return False
    return not has_values(text, line)


def _is_group(text: str, line: Line) -> bool:
    """Whether it belongs to a header even above a line that only names the rows."""
    return len(line.cells) > 1 or PERIOD.search(text, line.start, line.end) is not None


def _header_row(page: _Page, lines: Sequence[Line], grid: Columns) -> TableRow:
    text = page.text
    words: list[list[str]] = [[] for _ in grid.edges]
    units = [line for line in lines if len(line.cells) == 1 and _names_unit(text, line)]
    naming = levels([line for line in lines if line not in units], grid)
    found = page.ruling.placed(text, naming, heads_of(text, naming, grid), grid)
    heads = dict(zip((line.start for line in naming), found, strict=True))
    heads |= {line.start: {0: [*line.cells]} for line in units}
    for start in sorted(heads):
        for place, cells in sorted(heads[start].items()):
            words[place].extend(_words(text, cell) for cell in cells)
    return TableRow(lines[0].start, lines[-1].end, tuple(" ".join(cell) for cell in words))


def _rows(text: str, lines: Sequence[Line], grid: Columns) -> Iterator[TableRow]:
    """The rows; a label that is broken over lines is put together with its values."""
    waiting: list[Line] = []
    for line in lines:
        if waiting and not _GOES_ON.match(text, line.start):
            yield from (_row(text, [single], grid) for single in waiting)
            waiting = []
        waiting.append(line)
        if len(line.cells) > 1:
            yield _row(text, waiting, grid)
            waiting = []
    yield from (_row(text, [single], grid) for single in waiting)


def _row(text: str, lines: Sequence[Line], grid: Columns) -> TableRow:
    words: list[list[str]] = [[] for _ in grid.edges]
    for line in lines:
        for cell, place in zip(line.cells, grid.places(line.cells), strict=True):
            words[place].append(_words(text, cell))
    return TableRow(lines[0].start, lines[-1].end, tuple(" ".join(cell) for cell in words))


def _words(text: str, cell: Cell) -> str:
    words = text[cell.start : cell.end]
    return words if words.isprintable() and "  " not in words else flowing(words)


def _name(text: str, lines: Sequence[Line], top: int, after: int) -> str:
    """The caption above a table, if there is one."""
    if top <= after:
        return ""
    line = lines[top - 1]
    title = flowing(text[line.start : line.end])
    return title if len(title) <= MOST_NAME and _CAPTION.match(title) else ""
