"""The program that runs one SELECT over one table, in a process of its own, and then ends.

SQLite sorts, joins and even prepares a query without looking at any clock, and takes what memory it
gets: only the system's limits on a process bound all of that. It is run by its path, and imports
nothing of ours. On its standard input are an `Order` as a line of JSON and the table's rows, a line
each; on its standard output it leaves one object of JSON, `{"heads": [...], "rows": [[...]]}` or
`{"error": "..."}`. It is killed where a query takes too long.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

NAME = "t"
MEMORY_BYTES = 96 * 1024 * 1024  # that a query may take besides its table
MOST_BYTES = 100_000  # of a value, or of a row that is sorted
MOST_STEPS = 10_000  # of a query as SQLite compiles it
MOST_PATTERN = 100  # characters of LIKE and GLOB
EXPLAINS = re.compile(r"(?:[\s;]|--[^\n]*(?:\n|$)|/\*.*?\*/)*explain\b", re.I | re.S)
FUNCTIONS = frozenset(
    {
        *("abs", "avg", "ceil", "ceiling", "char", "coalesce", "count", "cume_dist", "date"),
        *("datetime", "dense_rank", "exp", "first_value", "floor", "format", "glob"),
        *("group_concat", "ifnull", "iif", "instr", "julianday", "lag", "last_value", "lead"),
        *("length", "like", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod"),
        *("nth_value", "ntile", "nullif", "percent_rank", "pow", "power", "printf", "rank"),
        *("replace", "round", "row_number", "rtrim", "sign", "sqrt", "strftime", "string_agg"),
        *("substr", "substring", "sum", "time", "total", "trim", "trunc", "typeof", "unicode"),
        "upper",
    }
)


class Order(TypedDict):
    """What to do: a query over rows of so many columns, and how much to answer and to take."""

    sql: str
    create: str
    insert: str
    most_columns: int
    most_rows: int
    most_cell: int
    seconds: float


def main(lines: Iterator[str]) -> dict[str, Any]:
    """Do what the first line says with the others, and give what is to be answered."""
    order: Order = json.loads(next(lines))
    database = sqlite3.connect(":memory:")
    database.execute("PRAGMA temp_store = MEMORY")
    database.execute(order["create"])
    database.executemany(order["insert"], map(json.loads, lines))
    database.commit()
    if EXPLAINS.match(order["sql"]):
        return {"error": "not authorized"}
    _confine(database, order)
    try:
        cursor = database.execute(order["sql"])
        rows = islice(cursor, order["most_rows"])
        found = [[_shown(value, order["most_cell"]) for value in row] for row in rows]
    except MemoryError:
        return {"error": "out of memory"}
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        return {"error": str(error)}
    if cursor.description is None:
        return {"error": "not authorized"}
    return {"heads": [column[0] for column in cursor.description], "rows": found}


def _shown(value: object, most: int) -> object:
    if isinstance(value, bytes):
        value = repr(value[:most])
    return value[:most] if isinstance(value, str) else value


def _confine(database: sqlite3.Connection, order: Order) -> None:
    """Let a query read the table and do nothing else, and this process end soon."""
    for limit, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES),
        (sqlite3.SQLITE_LIMIT_VDBE_OP, MOST_STEPS),
        (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MOST_PATTERN),
        (sqlite3.SQLITE_LIMIT_COLUMN, order["most_columns"]),
        (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    ):
        database.setlimit(limit, most)
    database.set_authorizer(_may)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    in_use = _address_space()
    if in_use is not None:
        _limit(resource.RLIMIT_AS, in_use + MEMORY_BYTES)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # kills, whatever SQLite is at
    signal.setitimer(signal.ITIMER_REAL, order["seconds"])


def _may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        is_allowed = (second or "").lower() in FUNCTIONS
    elif action == sqlite3.SQLITE_READ:
        is_allowed = first == NAME or not second  # no column: what WITH names, counted
    else:
        is_allowed = action == sqlite3.SQLITE_SELECT
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


def _address_space() -> int | None:
    """Bytes of address space that this process takes; None where the system does not say."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return None
    return int(statistics.read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _lines(stream: Iterable[str]) -> Iterator[str]:
    return (line for line in stream if line.strip())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(_lines(sys.stdin))))
