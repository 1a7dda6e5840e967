"""Makes tables of rows of cells: cleans them, tells tables on one sheet apart, finds their headers.

A cell is its text as a person sees it; a row is a list of cells, of any length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

LONGEST_NAME = 80  # characters, of a column
FEWEST_NAMED = 0.5  # of the columns, for a row to be a header
LOOKED_AT = 50  # rows below a header that are compared with it

_CURRENCY = r"(?:EUR|USD|GBP|CHF|JPY|CNY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|Fr\.?|kr\.?)"
_NUMBER = re.compile(
    rf"[^\w\s]{{0,3}}\s?(?:{_CURRENCY}\s?)?[-+−(]?[^\w\s]?\d[\d.,'’\s]*(?:[eE][-+]?\d+)?\)?"
    rf"\s?(?:[^\w\s]{{1,2}}|{_CURRENCY}|[kMG]?[€$£])?"
)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?.*)?|\d{1,2}:\d{2}.*"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LOGICAL = frozenset({"true", "false", "yes", "no", "n/a", "#n/a"})

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a sheet: lines of text above a table, and the table, where there is one.

    `header` is the first of the `rows`, or empty.
    """

    lines: tuple[str, ...]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def clean(cell: str) -> str:
    """A cell's text on one line, without control characters."""
    if _CONTROLS.search(cell):
        cell = _CONTROLS.sub(" ", cell)
    return " ".join(cell.split())


def blocks(rows: Sequence[Row]) -> Iterator[Block]:
    """The tables of a sheet of clean cells: empty rows divide them, empty columns are left out.

    What has no second row or no second column is text, and so are rows of a single cell above a
    table: its caption.
    """
    for group in _groups(rows):
        yield _block(_without_empty_columns(group))


def tables(rows: Sequence[Row]) -> list[Block]:
    """The tables of a file that usually is one, of one column or more.

    What an empty row divides off goes on with the table, unless it has a header of its own and
    another number of columns. A single cell for itself is text.
    """
    found: list[Block] = []
    for group in _groups(rows):
        even = _even(group)
        if len(even) == len(even[0]) == 1:
            found.append(Block(even[0], (), []))
            continue
        caption, rest = _caption(even)
        header, width = header_of(rest), len(found[-1].rows[0]) if found and found[-1].rows else 0
        if width and not (header and len(rest[0]) != width):
            found[-1].rows.extend(_even(group, width))
        else:
            found.append(Block(caption, header, rest))
    return found


def header_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The first row, if it reads like the names of columns; else nothing."""
    if len(rows) < 2:
        return ()
    first, below = rows[0], rows[1 : 1 + LOOKED_AT]
    width = max(len(row) for row in rows[: 1 + LOOKED_AT])
    names = [cell for cell in first if cell]
    if len(names) < max(FEWEST_NAMED * width, 1) or len(set(names)) < len(names):
        return ()
    if any(len(name) > LONGEST_NAME for name in names):
        return ()
    values = [name for name in names if is_value(name)]
    if values and not _are_years(values, names, below):
        return ()
    if not values and _goes_on_alike(first, below):
        return ()
    return tuple(first) + ("",) * (width - len(first))


def is_value(cell: str) -> bool:
    """Whether a cell is a number, a date, a time or a logical value, and no name."""
    if cell[-1:].isdigit() or cell[:1].isdigit() or not cell[:1].isalpha():
        return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell)) or cell.lower() in _LOGICAL
    return cell.lower() in _LOGICAL


def _are_years(values: Sequence[str], names: Sequence[str], below: Sequence[Row]) -> bool:
    """Whether the numbers among names are years above other numbers, which head columns too."""
    if not all(_YEAR.fullmatch(value) for value in values) or len(values) == len(names) > 1:
        return False
    others = [cell for row in below for cell in row if cell and is_value(cell)]
    return bool(others) and not all(_YEAR.fullmatch(cell) for cell in others)


def _goes_on_alike(first: Row, below: Sequence[Row]) -> bool:
    """Whether a cell of the first row comes again below it, as values do and names do not."""
    return any(
        cell and any(row[column : column + 1] and row[column] == cell for row in below)
        for column, cell in enumerate(first)
    )


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows that follow one another without an empty one."""
    group: list[Row] = []
    for row in rows:
        if any(row):
            group.append(row)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _block(rows: Sequence[Row]) -> Block:
    caption, rest = _caption(rows)
    if len(rest) < 2 or len(rest[0]) < 2:
        lines = tuple(" | ".join(filter(None, row)) for row in rest)
        return Block(caption + lines, (), [])
    return Block(caption, header_of(rest), rest)


def _caption(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The rows of a single cell that stand above wider ones, and the others."""
    above = 0
    while above < len(rows) and sum(map(bool, rows[above])) == 1:
        above += 1
    if above == len(rows):
        above = 0
    lines = tuple("".join(row) for row in rows[:above])
    return lines, [tuple(row) for row in rows[above:]]


def _without_empty_columns(group: Sequence[Row]) -> list[tuple[str, ...]]:
    width = max(len(row) for row in group)
    used = [False] * width
    for row in group:
        for column, cell in enumerate(row):
            if cell:
                used[column] = True
    kept = sum(used)
    if kept == width and all(len(row) == width for row in group):
        return [tuple(row) for row in group]
    rows = (tuple(compress(row, used)) for row in group)
    return [row + ("",) * (kept - len(row)) for row in rows]


def _even(rows: Sequence[Row], least: int = 0) -> list[tuple[str, ...]]:
    """The rows with as many cells as the widest of them has, without empty columns at the end."""
    width = max(least, *(_width(row) for row in rows))
    return [tuple(row[:width]) + ("",) * (width - len(row)) for row in rows]


def _width(row: Row) -> int:
    """How many cells a row has up to the last one that says something."""
    width = len(row)
    while width and not row[width - 1]:
        width -= 1
    return width
