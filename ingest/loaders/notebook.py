"""Reads Jupyter notebooks: text, code and what it printed, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ingest.loaded import LoadedDocument
from ingest.loaders import markdown

MEDIA_TYPE = "application/x-ipynb+json"
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_FENCES = re.compile(r"`{3,}")


def is_notebook(value: Any) -> bool:
    """Whether a JSON value is a notebook."""
    return isinstance(value, dict) and "nbformat" in value and isinstance(value.get("cells"), list)


def loaded_from(notebook: Mapping[str, Any], name: str, *, max_pages: int) -> LoadedDocument:
    """The document that a notebook makes; pictures and other outputs that are no text are left out.

    Raises:
        DocumentError: it holds no text, or too much of it.
    """
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    text = "\n\n".join(part for cell in cells for part in _parts(cell))
    return replace(markdown.loaded_from(text, name, max_pages=max_pages), media_type=MEDIA_TYPE)


def _parts(cell: Mapping[str, Any]) -> Iterator[str]:
    source = _text(cell.get("source"))
    if not source.strip():
        return
    if cell.get("cell_type") != "code":
        yield source
        return
    yield _fenced(source)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        printed = _printed(output) if isinstance(output, dict) else ""
        if printed.strip():
            yield _fenced(printed)


def _printed(output: Mapping[str, Any]) -> str:
    if output.get("output_type") == "error":
        return f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    found = output.get("data")
    return _text(found.get("text/plain") if isinstance(found, dict) else output.get("text"))


def _text(value: Any) -> str:
    """A text, or a list of its lines."""
    parts = value if isinstance(value, list) else [value]
    whole = "".join(part for part in parts if isinstance(part, str))
    return _CONTROLS.sub("", _COLOURS.sub("", whole)).strip("\n")


def _fenced(text: str) -> str:
    longest = max((len(fence) for fence in _FENCES.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"
