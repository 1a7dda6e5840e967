"""Where the rows of tables stand on a page, and the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap, takewhile

from ingest.graphemes import boundary_before, is_boundary
from rag.domain import Page
from rag.folding import flowing
from rag.intake import Table

LONGEST_HEADER = 200  # characters
CELL_BORDER = " | "
_NUMBER_OF_NAME = re.compile(r"\d{1,3}")
_LINE_REST = re.compile(r"[^\S\r\n]*(?:\r\n|\r|\n)?")


@dataclass(frozen=True, slots=True, eq=False)
class TablePart:
    """As much of a table as stands on one page: the names of its columns in one line, shortened.

    `begins` is whether the table itself begins on this page.
    """

    name: str
    header: str
    begins: bool


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row at `text[start:end]` of its page, with the end of its line."""

    start: int
    end: int
    part: TablePart
    names_columns: bool


def rows_by_page(pages: Sequence[Page], tables: Sequence[Table]) -> dict[int, list[PlacedRow]]:
    """The rows on each page, in order and without overlaps.

    What lies outside of its page or in a row before it, and what would take a character apart, is
    left out; the text there counts as lines.
    """
    texts = {page.number: page.text for page in pages}
    found: dict[int, list[PlacedRow]] = {}
    begun: set[int] = set()
    for table in tables:
        text = texts.get(table.page, "")
        begins = table.number not in begun
        begun.add(table.number)
        part = TablePart(table.name, header_line(table.header), begins)
        for index, row in enumerate(table.rows):
            of_columns = bool(part.header) and not index
            names = of_columns and (begins or row.cells == table.header)
            placed = _placed(text, row.start, row.end, part, names)
            if placed is not None:
                found.setdefault(table.page, []).append(placed)
    return {number: _apart(rows) for number, rows in found.items()}


def header_line(cells: Sequence[str]) -> str:
    """The names of a table's columns as they are put before its later rows.

    Where they are too long together, what neighbours begin with is said once.
    """
    names = [name for name in map(flowing, cells) if name]
    line = CELL_BORDER.join(names)
    if len(line) > LONGEST_HEADER:
        line = CELL_BORDER.join(starmap(_without_group, pairwise(["", *names])))
    return shortened(line, LONGEST_HEADER)


def _without_group(before: str, name: str) -> str:
    """A name without the words of its group, which the name before it begins with too."""
    words = name.split()
    pairs = zip(before.split(), words[:-1], strict=False)
    group = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    if len(group) < 3 and not any(map(str.isdigit, group)):
        return name
    is_numbered = _NUMBER_OF_NAME.fullmatch(words[len(group)]) is not None  # as in "Level 2"
    return " ".join(words[len(group) - is_numbered :])


def shortened(line: str, length: int) -> str:
    """As much of a line as has `length` characters at most, no character cut."""
    if len(line) <= length:
        return line
    return line[: boundary_before(line, length, 0)].rstrip(" |") if length > 0 else ""


def _placed(text: str, start: int, end: int, part: TablePart, names: bool) -> PlacedRow | None:
    start, end = max(start, 0), min(end, len(text))
    row = text[start:end] if start < end else ""
    shown = row.strip()
    if not shown:
        return None
    start += row.index(shown)
    rest = _LINE_REST.match(text, start + len(shown))
    end = rest.end() if rest else start + len(shown)
    if not (is_boundary(text, start) and is_boundary(text, end)):
        return None
    return PlacedRow(start, end, part, names)


def _apart(rows: list[PlacedRow]) -> list[PlacedRow]:
    apart: list[PlacedRow] = []
    for row in sorted(rows, key=lambda row: row.start):
        if not apart or row.start >= apart[-1].end:
            apart.append(row)
    return apart
