"""Reads JSON: a list of flat objects is a table, anything else one line a value with its path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from ingest import grid, titles
from ingest.composer import Composer
from ingest.filetypes import suffix_of
from ingest.loaded import LoadedDocument
from ingest.loaders import notebook
from ingest.loaders import text as plain_text
from rag.domain import DocumentState
from rag.errors import DocumentError

MEDIA_TYPE = "application/json"
MAX_CHARACTERS = 30_000_000  # of the file: its values take ten times as much memory
MAX_WRITTEN = 60_000_000  # characters: values far below the root have long paths
MAX_COLUMNS = 100
MORE_COLUMNS = 4  # than a record has on average, for records to be rows of one table
LEAST_ROWS = 2
MAX_BROKEN_SHARE = 0.5  # of the lines

_PLAIN_KEY = re.compile(r"[^\W\d][\w-]*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CONSTANTS = {True: "true", False: "false", None: "null"}


class _Number(str):
    """A number as it is written in the file."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    value: Any = None
    is_value: bool = False


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a JSON file, or one with a JSON value on each line; what is neither is plain text.

    Numbers stand as they are written.

    Raises:
        DocumentError: the file holds no text, something else than text, or too much of it.
    """
    text = plain_text.decode(path.read_bytes())
    if len(text) > MAX_CHARACTERS:
        raise _too_large()
    try:
        value = _parsed(text)
    except (ValueError, RecursionError):
        return _lines_or_text(text, name, max_pages)
    if notebook.is_notebook(value):
        return notebook.loaded_from(value, name, max_pages=max_pages)
    composer = Composer()
    _write(value, composer)
    return _document(composer, name, max_pages)


def _lines_or_text(text: str, name: str, max_pages: int) -> LoadedDocument:
    lines = [_line(line) for line in text.splitlines() if line.strip()]
    broken = [line.text for line in lines if not line.is_value]
    if len(lines) < LEAST_ROWS or len(broken) > MAX_BROKEN_SHARE * len(lines):
        plain = plain_text.loaded_from(text, name, max_pages=max_pages)
        suffix = suffix_of(name) or "JSON"
        reason = f"The file is called {suffix}, but is no valid JSON; it was read as plain text."
        return replace(plain, reason=reason)
    composer = Composer()
    _write([line.value for line in lines if line.is_value], composer)
    for line in broken:
        composer.paragraph(_CONTROLS.sub(" ", line))
    loaded = _document(composer, name, max_pages)
    if not broken:
        return loaded
    reason = f"{len(broken):,} of {len(lines):,} lines are no valid JSON; they stand at the end."
    return replace(loaded, reason=reason)


def _document(composer: Composer, name: str, max_pages: int) -> LoadedDocument:
    composed = composer.finish(max_pages)
    return replace(composed, outline=()).document(titles.from_name(name), MEDIA_TYPE)


def _parsed(text: str) -> Any:
    return json.loads(
        text.lstrip("\ufeff"),
        parse_int=_Number,
        parse_float=_Number,
        parse_constant=_Number,
        object_pairs_hook=_object,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with all its members: a name that stands there again is numbered."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    members = {}
    for name, value in pairs:
        names = chain([name], (f"{name}-{number}" for number in count(2)))
        members[next(free for free in names if free not in members)] = value
    return members


def _line(text: str) -> _Line:
    try:
        return _Line(text, _parsed(text), is_value=True)
    except (ValueError, RecursionError):
        return _Line(text)


def _write(value: Any, composer: Composer) -> None:
    """Write all values below one in their order, without recursion."""
    open_values: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while open_values:
        entry = next(open_values[-1], None)
        if entry is None:
            open_values.pop()
            continue
        path, inner = entry
        columns = _columns(inner) if isinstance(inner, list) else ()
        if columns:
            _write_table(path, inner, columns, composer)
        elif isinstance(inner, dict) and inner:
            open_values.append(_members(path, inner))
        elif isinstance(inner, list) and inner:
            open_values.append(_items(path, inner))
        else:
            composer.item(f"{path}: {_shown(inner)}" if path else _shown(inner))
        if composer.length > MAX_WRITTEN:
            raise _too_large()


def _members(path: str, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if not _PLAIN_KEY.fullmatch(key):
            yield f"{path}[{json.dumps(key, ensure_ascii=False)}]", inner
        else:
            yield f"{path}.{key}" if path else key, inner


def _items(path: str, value: list[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{path}[{index}]", inner) for index, inner in enumerate(value))


def _columns(value: Sequence[Any]) -> tuple[str, ...]:
    """The names of the columns of a list of flat objects that are alike; else none."""
    if len(value) < LEAST_ROWS:
        return ()
    columns: dict[str, None] = {}
    cells = 0
    for record in value:
        if not isinstance(record, dict):
            return ()
        if any(isinstance(inner, (dict, list)) for inner in record.values()):
            return ()
        cells += len(record)
        columns.update(dict.fromkeys(record))
        if len(columns) > MAX_COLUMNS:
            return ()
    is_alike = LEAST_ROWS <= len(columns) <= cells / len(value) + MORE_COLUMNS
    return tuple(columns) if is_alike else ()


def _write_table(
    path: str, records: list[dict[str, Any]], columns: tuple[str, ...], composer: Composer
) -> None:
    header = tuple(grid.clean(column) for column in columns)
    rows = (
        tuple(
            grid.clean(_shown(it[column])) if it.get(column) is not None else ""
            for column in columns
        )
        for it in records
    )
    if path:
        composer.paragraph(f"{path}:")
    composer.table(chain([header], rows), name=path, header=header)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return _CONTROLS.sub(" ", value)
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    return _CONSTANTS[value]


def _too_large() -> DocumentError:
    return DocumentError(
        DocumentState.TOO_LARGE, "The JSON file holds too many values to be read at once. Split it."
    )
