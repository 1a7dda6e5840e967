"""Tables in a text that is Markdown, or written like it: rows of cells between pipes.

The text stays as it is: a row is a line of it. A line without a pipe ends a table, where Markdown
would take it for one more row.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest import grid
from ingest.head_rows import count_of, joined
from ingest.placing import WholeTable
from rag.intake import TableRow
from rag.pipe_rows import cells_in, has_pipe, is_rule, without_marks

MAX_CELLS = 1_000_000  # of all tables of a text; what is beyond stays text
LONGEST_MARKED = 1_000  # characters; marks in longer cells are left in them
CODE_COLUMNS = 4  # from which on a line is code, except in a list

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_QUOTES = re.compile(r"(?: {0,3}>)*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_FENCE = re.compile(r"(`{3,}|~{3,})(.*)$")
_OTHER_BLOCK = re.compile(r"#{1,6}(?:\s|$)|<[!/a-zA-Z]")
_VERBATIM = re.compile(r"<(?:(!--)|(pre|script|style|textarea)\b)", re.IGNORECASE)

_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_ADDRESS = re.compile(r"<((?:https?:|mailto:)[^<>\s]+|[^<>\s@]+@[^<>\s]+)>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_STRONG = re.compile(
    r"(\*{1,3}|~~)(?=\S)([^*~]+)(?<=\S)\1|(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\3(?!\w)"
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: where it stands, in how many quotes, and what it says without their marks."""

    start: int
    end: int
    depth: int
    text: str
    is_code: bool = False

    @property
    def inner(self) -> str:
        """What it says within its list item too."""
        return without_marks(self.text).rstrip()


def find(text: str) -> list[WholeTable]:
    """The tables of a text, each with its header and at least one row below it."""
    found: list[WholeTable] = []
    cells = 0
    for lines in _groups(text):
        table = _table(lines)
        cells += sum(len(row.cells) for row in table.rows)
        if cells > MAX_CELLS:
            break
        if table.rows:
            found.append(table)
    return found


def shown(cell: str) -> str:
    """What a reader sees of a cell: without the marks of emphasis, links and code."""
    plain = cell.replace("\\|", "|")
    if len(plain) <= LONGEST_MARKED:
        plain = "".join(_unmarked(plain))
    return grid.clean(plain)


def _unmarked(cell: str) -> Iterator[str]:
    done = 0
    for code in _CODE.finditer(cell):
        yield _without_marks(cell[done : code.start()])
        yield code[2]
        done = code.end()
    yield _without_marks(cell[done:])


def _without_marks(text: str) -> str:
    for pattern, instead in ((_LINK, r"\1"), (_ADDRESS, r"\1"), (_BREAK, " "), (_TAG, "")):
        text = pattern.sub(instead, text)
    text = _STRONG.sub(lambda found: found[2] or found[4], text)
    return html.unescape(_ESCAPED.sub(r"\1", text))


def _table(lines: Sequence[_Line]) -> WholeTable:
    """The table of a head, a rule and rows; without rows where it has no row of values.

    Rows below the rule that name the columns together with the head are one row with it.
    """
    head, width = lines[0], len(cells_in(lines[1].inner))
    rows = [_row(line, width) for line in (head, *lines[2:])]
    is_named = any(rows[0].cells)
    if not is_named:  # a head of empty cells is there because Markdown has no table without
        rows = rows[1:]
    elif len(rows) == 1:
        return WholeTable("", rows[0].cells)
    count = count_of([row.cells for row in rows], int(is_named))
    if not count:
        return WholeTable("", (), rows)
    header = joined([row.cells for row in rows[:count]]) if count > 1 else rows[0].cells
    first = TableRow(rows[0].start, rows[count - 1].end, header)
    return WholeTable("", header, [first, *rows[count:]])


def _row(line: _Line, width: int) -> TableRow:
    cells = [shown(cell) for cell in cells_in(line.inner)[:width]]
    return TableRow(line.start, line.end, (*cells, *[""] * (width - len(cells))))


def _groups(text: str) -> Iterator[list[_Line]]:
    """The lines of each table: its head, the rule below it, and its rows."""
    group: list[_Line] = []
    before: _Line | None = None
    for line in _prose(text):
        if group and _goes_on(group[0], line):
            group.append(line)
            continue
        if group:
            yield group
        group = [before, line] if before is not None and _begins(before, line) else []
        before = line
    if group:
        yield group


def _begins(head: _Line, rule: _Line) -> bool:
    if head.is_code or rule.is_code or head.depth != rule.depth or not is_rule(rule.inner):
        return False
    return has_pipe(head.inner) and len(cells_in(head.inner)) == len(cells_in(rule.inner))


def _goes_on(head: _Line, line: _Line) -> bool:
    if line.is_code or line.depth != head.depth or not has_pipe(line.text):
        return False
    return not _ITEM.match(line.text) and not _OTHER_BLOCK.match(line.inner)


def _prose(text: str) -> Iterator[_Line]:
    """The lines outside code and what is hidden; those inside count as empty lines."""
    closing, depth, in_list = "", 0, False
    for line in _lines(text):
        bare = line.text.strip()
        if closing and line.depth >= depth:
            if _closes(bare, closing):
                closing = ""
            yield _Line(line.start, line.end, line.depth, "")
            continue
        closing = _opens(line.inner)
        if closing:
            depth = line.depth
            yield _Line(line.start, line.end, line.depth, "")
            continue
        if bare:
            is_item = _ITEM.match(line.text) is not None
            in_list = is_item or (in_list and line.text[:1] in (" ", "\t"))
        yield line if in_list or not _is_indented(line.text) else _as_code(line)


def _as_code(line: _Line) -> _Line:
    return _Line(line.start, line.end, line.depth, line.text, is_code=True)


def _is_indented(line: str) -> bool:
    wide = line.expandtabs(CODE_COLUMNS)
    return len(wide) - len(wide.lstrip(" ")) >= CODE_COLUMNS


def _opens(line: str) -> str:
    """What ends the code or the hidden part that a line begins; empty where it begins none."""
    if fence := _FENCE.match(line):
        is_fence = fence[1][0] == "~" or "`" not in fence[2]
        return fence[1] if is_fence else ""
    if verbatim := _VERBATIM.match(line):
        closing = "-->" if verbatim[1] else f"</{verbatim[2].lower()}>"
        return "" if closing in line[verbatim.end() :].lower() else closing
    return ""


def _closes(line: str, closing: str) -> bool:
    if closing[0] in "`~":
        return line.startswith(closing) and not line.strip(closing[0])
    return closing in line.lower()


def _lines(text: str) -> Iterator[_Line]:
    for found in _LINE.finditer(text):
        line = found[0].rstrip("\r\n")
        marks = _QUOTES.match(line)
        end = marks.end() if marks else 0
        start = found.start() + len(line) - len(line.lstrip())
        bare = line[end:]
        if end and bare.startswith(" "):  # belongs to the mark
            bare = bare[1:]
        yield _Line(start, found.start() + len(line.rstrip()), line[:end].count(">"), bare)
