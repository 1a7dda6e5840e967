"""Tells a row that names the columns of a table from rows of values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.spans import Covered
from rag.raised import without_marks

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
_ANSWERS = frozenset({"true", "false", "yes", "no"})
_LOGICAL = _ANSWERS | {"n/a", "#n/a"}

Row = Sequence[str]


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
    values = [
        name
        for column, name in enumerate(first)
        if is_value(name) and not _asks(name, column, below)
    ]
    if values and not _are_years(values, names, below):
        return ()
    if not values and _goes_on_alike(first, below):
        return ()
    return tuple(first) + ("",) * (width - len(first))


def is_value(cell: str) -> bool:
    """Whether a cell is a number, a date, a time or a logical value, and no name."""
    cell = without_marks(cell)
    if cell[-1:].isdigit() or cell[:1].isdigit() or not cell[:1].isalpha():
        return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell)) or cell.lower() in _LOGICAL
    return cell.lower() in _LOGICAL


def _asks(name: str, column: int, below: Sequence[Row]) -> bool:
    """Whether a logical word is a name, such as "No" above numbers: no cell below is logical."""
    return name.lower() in _ANSWERS and not any(
        cell.lower() in _LOGICAL for row in below for cell in row[column : column + 1]
    )


def is_period(cell: str) -> bool:
    """Whether a cell is a year or a date."""
    return bool(_YEAR.fullmatch(cell) or _DATE.fullmatch(cell))


def _are_years(values: Sequence[str], names: Sequence[str], below: Sequence[Row]) -> bool:
    """Whether the numbers among names are years above other numbers, which head columns too."""
    if not all(_YEAR.fullmatch(value) for value in values) or len(values) == len(names) > 1:
        return False
    others = [cell for row in below for cell in row if cell and is_value(cell)]
    return bool(others) and not all(_YEAR.fullmatch(cell) for cell in others)


def _goes_on_alike(first: Row, below: Sequence[Row]) -> bool:
    """Whether a cell of the first row comes again below it, as values do and names do not.

    One that is merged with cells below it stands there once.
    """
    return any(
        cell and any(_is_again(cell, row[column : column + 1]) for row in below)
        for column, cell in enumerate(first)
    )


def _is_again(name: str, cells: Row) -> bool:
    return any(cell == name and not isinstance(cell, Covered) for cell in cells)
