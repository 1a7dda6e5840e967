"""SQL over one table of a document: read-only, in a process of its own, within bounds."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rag import confined_query
from rag.confined_query import NAME, Order
from rag.errors import ToolError
from rag.intake import Table
from rag.raised import without_marks

ROW_NUMBER = "row_number"
ONLY_SELECT = f"Only a single SELECT over {NAME} can be run."
LONGEST_CELL = 2_000  # characters that are kept of a cell
LONGEST_SQL = 2_000  # characters
MOST_ROWS = 50  # of an answer
MOST_CELL = 200  # characters of a cell of it
MOST_COLUMNS = 200
SECONDS = 3.0  # for the query
START_SECONDS = 20.0  # for the process to start and to take the table in, on a busy machine
MOST_DIGITS = 18  # of an integer of SQLite's

_KILLED = -signal.SIGALRM  # by its clock
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
    answer = _answer(sql, names, _rows(parts, len(names)))
    if (error := answer.get("error")) is not None:
        raise ToolError(_why_not(str(error), names))
    return _written(answer["heads"], [" | ".join(map(_cell, row)) for row in answer["rows"]])


def _answer(sql: str, names: Sequence[str], rows: Iterator[tuple[object, ...]]) -> dict[str, Any]:
    """What the process says that runs the query."""
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * (len(names) + 1))
    order = Order(
        sql=sql,
        create=f"CREATE TABLE {NAME} ({ROW_NUMBER} INTEGER, {columns})",
        insert=f"INSERT INTO {NAME} VALUES ({marks})",  # noqa: S608 - of nothing but our names
        most_columns=MOST_COLUMNS + 1,
        most_rows=MOST_ROWS + 1,
        most_cell=MOST_CELL,
        seconds=SECONDS,
    )
    asked = "\n".join(map(json.dumps, (order, *rows)))
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", confined_query.__file__],
            input=asked.encode(),
            capture_output=True,
            env={},
            timeout=SECONDS + START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": "interrupted"}
    except OSError as error:
        raise ToolError("No query can be run on this machine now.") from error
    if ended.returncode == _KILLED:
        return {"error": "interrupted"}
    if ended.returncode:
        return {"error": "out of memory"}
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


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
    """A cell as a number where it is one: `(1,577)` is -1577, `12 %` is 12, `57¹` is 57."""
    text = cell.strip()
    found = _NUMBER.fullmatch(without_marks(text))
    if found is None:
        return text[:LONGEST_CELL] or None
    digits = re.sub(r"[^\d.]", "", found["digits"])
    is_integer = "." not in digits and len(digits) <= MOST_DIGITS
    number = int(digits) if is_integer else float(digits)
    is_negative = found["open"] or found["minus"] or found["sign"] in ("-", "−", "–")
    return -number if is_negative else number


def _why_not(error: str, names: Sequence[str]) -> str:
    if error == "interrupted":
        return "The query takes too long. Ask for less."
    if error == "out of memory":
        return "The query takes too much memory. Ask for less."
    if "to use function" in error:
        return f"The query fails: {error}. Use the usual functions of SQL."
    if any(sign in error for sign in ("authoriz", "prohibited", "one statement")):
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
