"""Reads tables kept as text: CSV and TSV in their many dialects and character sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ingest import grid, titles
from ingest.composer import MAX_CELLS, Composer, too_many_cells
from ingest.loaded import LoadedDocument
from ingest.loaders.text import decode

CSV_TYPE, TSV_TYPE = "text/csv", "text/tab-separated-values"
DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 200  # rows, to find the dialect
LONGEST_LOOK = 200_000  # characters
MOST_LINES = 500  # of one cell; more are a quotation mark that is never closed
_SEPARATOR_NOTE = "sep="  # Excel's, on the first line
_NAMEABLE = ",;\t|:~^#"


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a table kept as text: a row a line, in sections.

    Raises:
        DocumentError: it holds no text, something else than text, or too much of it.
    """
    text, delimiter = _without_note(decode(path.read_bytes()))
    delimiter = delimiter or delimiter_of(text)
    _check_size(text, delimiter)
    title = titles.from_name(name)
    composer = Composer()
    for block in grid.tables(_rows(text, delimiter)):
        composer.paragraph(*block.lines)
        composer.table(block.rows, name=title, header=block.header)
    composed = composer.finish(max_pages)
    return composed.document(title, TSV_TYPE if delimiter == "\t" else CSV_TYPE)


def delimiter_of(text: str) -> str:
    """The delimiter with which most rows have the same number of cells, and more than one."""
    head = text[:LONGEST_LOOK]
    best, most = DELIMITERS[0], 0.0
    for delimiter in DELIMITERS:
        if delimiter in head and (score := _evenness(head, delimiter)) > most:
            best, most = delimiter, score
    return best


def _check_size(text: str, delimiter: str) -> None:
    """Count the cells before they take their memory."""
    rows = max(text.count("\n"), text.count("\r"))
    if rows + text.count(delimiter) > MAX_CELLS:
        raise too_many_cells()


def _evenness(head: str, delimiter: str) -> float:
    """How well a delimiter fits: the share of rows that are alike, and a little for wide ones."""
    try:
        widths = [len(row) for row in islice(_parsed(head, delimiter), LOOKED_AT) if any(row)]
    except csv.Error:
        return 0.0
    if len(head) == LONGEST_LOOK:
        widths = widths[:-1]
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0.0
    usual = max(set(wide), key=wide.count)
    return wide.count(usual) / len(widths) + min(usual, 50) / 1000


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """All rows, their cells clean; quotation marks mean nothing where one is never closed."""
    try:
        rows = list(_checked(_parsed(text, delimiter)))
    except csv.Error:
        rows = []
    if not rows:
        lines = text.splitlines()
        return [[grid.clean(cell) for cell in line.split(delimiter)] for line in lines]
    return [[grid.clean(cell) for cell in row] for row in rows]


def _checked(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for row in rows:
        if any(cell.count("\n") > MOST_LINES for cell in row):
            raise csv.Error("a quotation mark is never closed")
        yield row


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _without_note(text: str) -> tuple[str, str]:
    """The text without Excel's note on its delimiter, and the delimiter, empty without a note."""
    first, end, rest = text.partition("\n")
    note = first.strip("\r\n").lower()
    delimiter = note.removeprefix(_SEPARATOR_NOTE)
    if end and note != delimiter and len(delimiter) == 1 and delimiter in _NAMEABLE:
        return rest, delimiter
    return text, ""
