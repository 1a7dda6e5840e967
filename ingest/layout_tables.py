"""Tables of a page, recognised by lines whose cells stand below each other.

Being sure matters more than finding all: what becomes a table has columns that do not overlap, in
at least three lines. Prose, lists, tables of contents and text set in columns have none, or are
told apart by how full their columns are.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ingest import cut_rows
from ingest.dated_rows import are_values, names_columns
from ingest.layout import Line
from ingest.ruled_tables import RuledTable, ruled_tables
from ingest.ruling import UNRULED, Ruling
from ingest.table_columns import Columns, columns
from ingest.table_headers import heads_of, in_order
from ingest.table_levels import levels
from ingest.table_parts import PERIOD, UNIT, has_values, parts
from ingest.table_rows import row_of, rows_of, words_of
from ingest.table_runs import (
    ANNOUNCEMENT,
    MOST_CHARACTERS_BETWEEN,
    SENTENCE,
    announces,
    runs,
)
from rag.folding import flowing
from rag.intake import Table, TableRow

MOST_HEADER_LINES = 64  # cells of a header are often set below each other, a word a line
MOST_HEADING = 60  # characters of a line of a header without gaps
MOST_SECTIONS = 3  # lines between a header and the first row
MOST_LABELS = 2  # lines that only name the rows, within a header
MOST_AFTER = 3  # lines below a table that goes on over the page: its number, a note
MOST_BEFORE = 4  # lines above it on the next page: a running title
MOST_NAME = 100  # characters
LEADERS = 4  # points in a row

_LINE = re.compile(r"\S(?:[^\n]*\S)?")
_STATEMENT = re.compile(
    r"[^\W\d_a-z]\S*(?:\s+\S+){3,}\s+\S*[^\W\d_A-Z]{2}[.!?]"
)  # a short sentence
_DIGIT = re.compile(r"\d")
_LEADERS = re.compile(rf"(?:\.\s?){{{LEADERS}}}")
_CAPTION = re.compile(
    r"(?i:table|exhibit|figure|tableau|tabelle|tabla)\s+(?:\d[\w.-]*|[IVXLC]+|[A-Z])\b"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A table on a page, from one line to another; `header` is the row that names its columns.

    `columns` are what its cells stand below each other in, unless it is `ruled`.
    """

    first: int
    last: int
    columns: Columns | None
    name: str
    header: TableRow | None
    rows: tuple[TableRow, ...]
    ruled: RuledTable | None = None


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
        for table in find(text, lines, ruling, before.ruled if before else None):
            is_first = before is not None and _begins_page(text, lines, table)
            rows = _more(before, table) if before is not None and is_first else ()
            if before is not None and rows:
                last, rows = self._whole(rows)
                self._tables.append(Table(last.number, number, last.name, last.header, rows))
                table = _with_heads_of(before, table)
            else:
                count = self._tables[-1].number + 1 if self._tables else 1
                header = table.header.cells if table.header else ()
                rows = (table.header, *table.rows) if table.header else table.rows
                self._tables.append(Table(count, number, table.name, header, rows))
            before = None
            count = len(lines) or sum(1 for _ in _LINE.finditer(text))
            self._open = table if count - 1 - table.last <= MOST_AFTER else None

    def _whole(self, rows: tuple[TableRow, ...]) -> tuple[Table, tuple[TableRow, ...]]:
        """The last table with its last row whole, and the rows that go on with it."""
        last = self._tables[-1]
        row = cut_rows.joined(last.rows[-1], rows)
        if row is not None:
            self._tables[-1] = last = replace(last, rows=(*last.rows[:-1], row))
            rows = rows[1:]
        return last, rows


def _begins_page(text: str, lines: Sequence[Line], table: Found) -> bool:
    """Whether hardly anything is above a table, and nothing that announces it."""
    above = lines[: min(table.first, MOST_BEFORE)]
    return table.first < MOST_BEFORE and not any(
        announces(text[line.start : line.end]) for line in above
    )


def _more(before: Found, table: Found) -> tuple[TableRow, ...]:
    """The rows of a table at the top of a page that is more of the one that ends the page before.

    None where it is another one.
    """
    if before.ruled is not None and table.ruled is not None:
        return table.ruled.more_of(before.ruled)
    if before.columns is None or table.columns is None:
        return ()
    if not table.columns.continues(before.columns):
        return ()
    if table.header is None:
        return table.rows
    if before.header is not None and before.header.cells == table.header.cells:
        return table.rows
    if table.columns.verbal and before.columns.verbal:  # it was a row like the others
        return (table.header, *table.rows)
    return ()


def _with_heads_of(before: Found, table: Found) -> Found:
    """A table that goes on with one in lines, as one that has its heads."""
    if before.ruled is None or table.ruled is None:
        return table
    return replace(table, ruled=before.ruled._replace(edges=table.ruled.edges))


def find(
    text: str,
    lines: Sequence[Line],
    ruling: Ruling = UNRULED,
    before: RuledTable | None = None,
) -> Iterator[Found]:
    """The tables of a page, in order; no line is in two of them.

    First those that ruled lines draw, then, in the other lines, those whose cells stand below each
    other. Of those in lines, one row goes on with the one `before`, which ends the last page.
    """
    ruled = ruled_tables(text, ruling, before)
    if not ruled:
        yield from _in_lines(_Page(text, lines, ruling))
        return
    whole = lines or [Line(*line.span(), ()) for line in _LINE.finditer(text)]
    placed = [_ruled(text, whole, table) for table in ruled]
    if len(ruled[0].rows) == 1 and not _begins_page(text, whole, placed[0]):
        del placed[0], ruled[0]
    rows = sorted((row.start, row.end) for table in ruled for row in table.rows)
    free = [line._replace(cells=(), numbers=()) if _is_in(line, rows) else line for line in whole]
    others = _in_lines(_Page(text, free, ruling))
    tables = [*placed, *others]
    yield from sorted(tables, key=lambda table: table.first)


def _is_in(line: Line, rows: Sequence[tuple[int, int]]) -> bool:
    """Whether a row has words of a line."""
    place = bisect_left(rows, (line.end, 0))
    return place > 0 and rows[place - 1][1] > line.start


def _ruled(text: str, lines: Sequence[Line], table: RuledTable) -> Found:
    starts = [line.start for line in lines]
    first = bisect_right(starts, table.rows[0].start) - 1
    last = bisect_left(starts, table.rows[-1].end) - 1
    name = table.name or _name(text, lines, first, 0)
    return Found(first, last, None, name, table.header, table.values, table)


def _in_lines(page: _Page) -> Iterator[Found]:
    """The tables of a page whose cells stand below each other."""
    text, lines = page.text, page.lines
    after = 0
    for run in runs(text, lines):
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
    begin = next((lines[at] for at in range(first, last + 1) if _is_row(page, first, at)), rows[0])
    values = [r for r in rows if r.start >= begin.start and not names_columns(text, r)]
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
    crossing = sum(map(grid.is_crossed_by, lines[bottom : last + 1])) if len(rows) < 3 else 0
    if last + 1 - top < 3 or crossing >= len(rows):
        return None
    header = _header_row(page, lines[top:bottom], grid) if bottom > top else None
    if header is not None and _names_rows(header):
        header, bottom = None, top
    ruled = page.ruling.rows(text, lines[bottom:], last - bottom, grid)
    if ruled:
        last = max(last, bottom + sum(map(len, ruled)) - 1)
        body = tuple(row_of(text, row, grid) for row in ruled)
    else:
        body = tuple(rows_of(text, lines[bottom : last + 1], grid))
    return Found(top, last, grid, _name(text, lines, top, after), header, body)


def _is_row(page: _Page, first: int, index: int) -> bool:
    """Whether a line has cells of which one is a value of the table that begins at `first`."""
    text, lines = page.text, page.lines
    return len(lines[index].cells) > 1 and (
        has_values(text, lines[index]) or are_values(text, lines, first, index)
    )


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
    dotted = [row for row in rows if text.count(".", row.start, row.end) >= LEADERS]
    if any(_LEADERS.search(text, row.start, row.end) for row in dotted):
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
    is_unit = len(line.cells) == 1 and _names_unit(text, line)
    if not is_unit and not _is_over_values(text, line, grid):
        return False
    span = line.start, line.end
    if len(line.cells) == 1 and _STATEMENT.fullmatch(text, *span):
        return False
    return not (SENTENCE.match(text, *span) or ANNOUNCEMENT.search(text, *span))


def _is_over_values(text: str, line: Line, grid: Columns) -> bool:
    left, right = grid.values
    values = line.cells
    if len(values) == 1 and (values[0].left < left or line.end - line.start > MOST_HEADING):
        return False
    if values[0].left < left:
        values = values[1:]
    is_within = all(cell.left >= left and cell.right <= right for cell in values)
    if not is_within and not (grid.are_at_each(line.cells) and in_order(line.cells, grid)):
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
            words[place].extend(words_of(text, cell) for cell in cells)
    return TableRow(lines[0].start, lines[-1].end, tuple(" ".join(cell) for cell in words))


def _names_rows(header: TableRow) -> bool:
    """Whether it names none of several columns of values, and no unit: only the rows below it.

    A year alone above one of them is the end of words that are broken over lines.
    """
    label, *others = header.cells
    if len(others) > 1 and not label and [*map(bool, others)].count(True) == 1:
        return PERIOD.fullmatch("".join(others)) is not None
    return len(others) > 1 and not any(others) and UNIT.fullmatch(label) is None


def _name(text: str, lines: Sequence[Line], top: int, after: int) -> str:
    """The caption above a table, if there is one."""
    if top <= after:
        return ""
    line = lines[top - 1]
    title = flowing(text[line.start : line.end])
    return title if len(title) <= MOST_NAME and _CAPTION.match(title) else ""
