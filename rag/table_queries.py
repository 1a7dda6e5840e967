"""SQL over one table of a document: read-only, in memory, within bounds."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice

from rag.errors import ToolError
from rag.intake import Table

NAME = "t"
ROW_NUMBER = "row_number"
ONLY_SELECT = f"Only a single SELECT over {NAME} can be run."
LONGEST_CELL = 2_000  # characters that are kept of a cell
LONGEST_SQL = 2_000  # characters
MOST_ROWS = 50  # of an answer
MOST_CELL = 200  # characters of a cell of it
MOST_COLUMNS = 200
SECONDS = 3.0
STEPS = 10_000  # of SQLite's machine, between two looks at the clock
MOST_BYTES = 100_000  # of a value that a query makes
MOST_PATTERN = 100  # characters of LIKE and GLOB, which no clock stops

_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_NOT_IN_NAMES = re.compile(r"\W+")
_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-−–+])?\s*[$€£¥]?\s*(?P<minus>\()?"
    r"(?P<digits>\d{1,3}(?:[,   ’']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(?P<percent>%)?\)?"
)


def columns_of(parts: Sequence[Table]) -> list[str]:
    """The names of a table's columns as a query writes them: `revenue_2023`, or `c3` for none."""
    header = next((part.header for part in parts if part.header), ())
    width = max([len(header), *(len(row.cells) for part in parts for row in part.rows)], default=0)
    names: list[str] = []
    for place in range(min(width, MOST_COLUMNS)):
        cell = header[place] if place < len(header) else ""
        name = _NOT_IN_NAMES.sub("_", cell.lower()).strip("_") or f"c{place + 1}"
        name = f"_{name}" if name[0].isdigit() else name
        while name in names or name == ROW_NUMBER:
            name = f"{name}_{place + 1}"
        names.append(name)
    return names


def query(parts: Sequence[Table], sql: str) -> str:
    """The rows that a SELECT gives over a table, named `t`, as lines of cells.

    Cells that are numbers, with whatever signs, separators and currencies, are numbers; all others
    are text, and empty ones NULL. `row_number` counts the table's rows from 1.

    Raises:
        ToolError: it is no SELECT, fails, or takes too long; the message says why.
    """
    if len(sql) > LONGEST_SQL:
        raise ToolError(f"The query is longer than {LONGEST_SQL} characters.")
    names = columns_of(parts)
    with closing(sqlite3.connect(":memory:")) as database:
        columns = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * (len(names) + 1))
        database.execute(f"CREATE TABLE {NAME} ({ROW_NUMBER} INTEGER, {columns})")
        insert = f"INSERT INTO {NAME} VALUES ({marks})"  # noqa: S608 - of nothing but our names
        database.executemany(insert, _rows(parts, len(names)))
        database.commit()
        _confine(database)
        try:
            cursor = database.execute(sql)
            found = [" | ".join(map(_cell, row)) for row in islice(cursor, MOST_ROWS + 1)]
        except (sqlite3.Error, sqlite3.Warning, ValueError, UnicodeError) as error:
            raise ToolError(_why_not(error, names)) from error
        if cursor.description is None:
            raise ToolError(ONLY_SELECT)
        heads = [column[0] for column in cursor.description]
    return _written(heads, found)


def _rows(parts: Sequence[Table], width: int) -> Iterator[tuple[object, ...]]:
    number = 0
    for part in parts:
        for row in part.rows:
            if row.cells == part.header:
                continue
            number += 1
            cells = [_valued(cell) for cell in row.cells[:width]]
            yield (number, *cells, *[None] * (width - len(cells)))


def _valued(cell: str) -> float | str | None:
    """A cell as a number where it is one: `(1,577)` is -1577, `12 %` is 12."""
    text = cell.strip()
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text[:LONGEST_CELL] or None
    digits = re.sub(r"[^\d.]", "", found["digits"])
    number = float(digits) if "." in digits else int(digits)
    is_negative = found["open"] or found["minus"] or found["sign"] in ("-", "−", "–")
    return -number if is_negative else number


def _confine(database: sqlite3.Connection) -> None:
    """Let a query read what is there, and do nothing else, for a while."""
    until = time.monotonic() + SECONDS

    def may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_DENY if second == "load_extension" else sqlite3.SQLITE_OK
        return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY

    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    database.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MOST_PATTERN)
    database.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, MOST_COLUMNS + 1)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.set_authorizer(may)
    database.set_progress_handler(lambda: time.monotonic() > until, STEPS)


def _why_not(error: Exception, names: Sequence[str]) -> str:
    if "interrupted" in str(error):
        return "The query takes too long. Ask for less."
    if any(sign in str(error) for sign in ("authoriz", "prohibited", "one statement")):
        return ONLY_SELECT
    return f"The query fails: {error}. The columns of {NAME} are: {', '.join(names)}."


def _written(heads: Sequence[str], rows: Sequence[str]) -> str:
    lines = [" | ".join(map(_cell, heads)), *rows[:MOST_ROWS]]
    if not rows:
        lines.append("No row is like that.")
    elif len(rows) > MOST_ROWS:
        lines.append(f"There are more rows; these are the first {MOST_ROWS}.")
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return "" if value is None else " ".join(str(value).split())[:MOST_CELL]
