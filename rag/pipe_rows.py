"""Rows of tables as Markdown writes them, a line each, their cells between pipes.

GitHub Flavored Markdown, "Tables (extension)": https://github.github.com/gfm/#tables-extension-
"""

from __future__ import annotations

import re

_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_BORDER = re.compile(r"(?<!\\)((?:\\\\)*)\|")
# Quotes and list items, in which tables stand too.
_IN_OTHERS = re.compile(r"(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))*[ \t]*")


def is_rule(line: str) -> bool:
    """Whether a line is the one below the head of a table, with nothing but dashes in its cells."""
    bare = line.strip().lstrip("> \t")
    return "|" in bare and _RULE.fullmatch(bare) is not None


def is_pipe_row(line: str) -> bool:
    """Whether a line begins and ends with a pipe, in a quote or a list item or by itself."""
    bare = without_marks(line).rstrip()
    return len(bare) > 1 and bare[0] == bare[-1] == "|"


def has_pipe(line: str) -> bool:
    """Whether a line has a border of cells: a pipe that no backslash stands before."""
    return _BORDER.search(line) is not None


def without_marks(line: str) -> str:
    """A line without the marks of the quotes and list items that it begins in."""
    found = _IN_OTHERS.match(line)
    return line[found.end() :] if found else line


def cells_in(row: str) -> list[str]:
    """The cells of a row as they are written, without white space around them."""
    bare = row.strip()
    borders = [found.end() for found in _BORDER.finditer(bare)]
    starts = [0, *borders]
    ends = [*(border - 1 for border in borders), len(bare)]
    cells = [bare[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    if borders and borders[-1] == len(bare):
        cells.pop()
    return cells[1:] if bare.startswith("|") else cells
