"""Tells a table kept as text (CSV) that is called a text from prose with commas in it."""

from __future__ import annotations

import csv
from itertools import islice

from ingest.heads import LONGEST_NAME, header_of, is_value

FEWEST_ROWS = 3  # the names of the columns among them
LOOKED_AT = 50  # rows
DELIMITERS = ("\t", ";", ",")


def delimiter_in(head: str) -> str:
    """What parts the cells of a text that is clearly a table; empty for any other.

    Every line is a row of as many cells, the first names the columns, no cell begins with a space,
    and at least one column holds values alone. `head` is the beginning of the text, whose last line
    may be cut.
    """
    lines = head.splitlines()
    lines = lines[:-1] if len(lines) > FEWEST_ROWS and not head.endswith("\n") else lines
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < FEWEST_ROWS or not all(map(str.strip, lines)):
        return ""
    return next((each for each in DELIMITERS if _is_table(lines, each)), "")


def _is_table(lines: list[str], delimiter: str) -> bool:
    if delimiter not in lines[0]:
        return False
    try:
        rows = list(islice(csv.reader(lines, delimiter=delimiter, strict=True), LOOKED_AT))
    except csv.Error:
        return False
    width = len(rows[0])
    if width < 2 or len(rows) < FEWEST_ROWS or any(len(row) != width for row in rows):
        return False
    cells = [cell for row in rows for cell in row]
    if any(cell[:1].isspace() or len(cell) > LONGEST_NAME for cell in cells):
        return False
    if not all(rows[0]) or not header_of(rows):
        return False
    columns = zip(*rows[1:], strict=True)
    return any(all(column) and all(map(is_value, column)) for column in columns)
