"""Reads tables kept as text: CSV and TSV in their many dialects and character sets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import chain, islice
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
MOST_UNCLOSED = 8  # such marks; in a file with more of them, they mean nothing at all
_SEPARATOR_NOTE = "sep="  # Excel's, on the first line
_NAMEABLE = ",;\t|:~^#"
_IN_CELL = r"[^,;|:~#^\s]"  # what stands beside a quotation mark that begins and ends no cell
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_ESCAPED_INSIDE = re.compile(_ESCAPED.pattern + f"(?={_IN_CELL})")
_DOUBLED = re.compile(f'(?<={_IN_CELL})""|""(?={_IN_CELL})')


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a table kept as text: a row a line, in sections.

    Raises:
        DocumentError: it holds no text, something else than text, or too much of it.
    """
    text, delimiter = _without_note(decode(path.read_bytes()))
    text = _with_doubled_quotes(text)
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
    lines = io.StringIO(head, newline="")
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        widths = [len(row) for row in islice(rows, LOOKED_AT) if any(row)]
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
    """All rows, their cells clean; a quotation mark that is never closed means nothing."""
    lines = list(io.StringIO(text, newline=""))
    rows: list[list[str]] = []
    start = 0
    for _ in range(MOST_UNCLOSED):
        start = _read_rows(lines, start, delimiter, rows)
        if start == len(lines):
            return rows
        rows.append(_without_quotes(lines[start], delimiter))
        start += 1
    return rows + [_without_quotes(line, delimiter) for line in lines[start:]]


def _read_rows(lines: Sequence[str], start: int, delimiter: str, rows: list[list[str]]) -> int:
    """Add the rows up to one with a quotation mark that is never closed; the line it begins in."""
    added = chain(islice(lines, start, None), [""])
    reader = csv.reader(added, delimiter=delimiter, skipinitialspace=True)
    begun = start
    try:
        for row in reader:
            if start + reader.line_num > len(lines):  # what was added to the lines, for this
                return begun if row else len(lines)
            if any(max(cell.count("\n"), cell.count("\r")) > MOST_LINES for cell in row):
                return begun
            rows.append([grid.clean(cell) for cell in row])
            begun = start + reader.line_num
    except csv.Error:
        return begun
    return len(lines)


def _without_quotes(line: str, delimiter: str) -> list[str]:
    return [grid.clean(cell) for cell in line.split(delimiter)]


def _with_doubled_quotes(text: str) -> str:
    """The text with quotation marks in cells doubled, where it writes them with a backslash."""
    if not _ESCAPED_INSIDE.search(text) or _DOUBLED.search(text):
        return text
    return _ESCAPED.sub(r'\1""', text)


def _without_note(text: str) -> tuple[str, str]:
    """The text without Excel's note on its delimiter, and the delimiter, empty without a note."""
    first, end, rest = text.partition("\n")
    note = first.strip("\r\n").lower()
    delimiter = note.removeprefix(_SEPARATOR_NOTE)
    if end and note != delimiter and len(delimiter) == 1 and delimiter in _NAMEABLE:
        return rest, delimiter
    return text, ""
