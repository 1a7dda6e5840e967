"""What a service read on a page, in blocks of markdown or HTML, as plain text with places."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser

from rag.intake import OcrPage, WordBox

CELL_BORDER = " | "
LETTER_SHAPE = 0.42  # the width of a letter, of the distance between lines, in running text

_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^)\s]*\)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*])\1(?![\w*])")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|$&%~<>-])")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TABLE_TAG = re.compile(r"<table\b", re.IGNORECASE)
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
_RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
_BORDER = re.compile(r"(?<!\\)\|")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list or a table as read, and its box in pixels."""

    content: str
    left: float
    top: float
    right: float
    bottom: float


def set_blocks(blocks: Sequence[Block], width: float, height: float) -> OcrPage:
    """The blocks as a page of text, a blank line between them, and about where each word stands.

    `width` and `height` are the page's, in pixels.
    """
    text = ""
    words: list[WordBox] = []
    for block in blocks:
        plain = plain_text(block.content)
        if plain:
            text += "\n\n" if text else ""
            words += [
                _fraction(word, width, height) for word in _word_boxes(block, plain, len(text))
            ]
            text += plain
    return OcrPage(text, tuple(words))


def plain_text(content: str) -> str:
    """Markdown or HTML as it reads on the page: no marks, no pictures, a row of a table a line."""
    if _TABLE_TAG.search(content):
        content = _Rows.of(content)
    lines = [_plain_line(line) for line in _HEADING.sub("", content).splitlines()]
    kept = [line for line in lines if line is not None]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _plain_line(line: str) -> str | None:
    """A line of markdown as it reads; None for the rule below a table's header."""
    if _RULE.fullmatch(line):
        return None
    line = _BREAK.sub(" ", _IMAGE.sub("", line))
    if _ROW.fullmatch(line):
        cells = _BORDER.split(line.strip())[1:-1]
        line = CELL_BORDER.join(" ".join(cell.split()) for cell in cells)
    line = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", line))
    return html.unescape(_ESCAPED.sub(r"\1", line)).rstrip()


class _Rows(HTMLParser):
    """The rows of HTML tables, and what stands between the tables, as lines."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._cells: list[str] = []
        self._text: list[str] = []
        self._in_cell = False

    @classmethod
    def of(cls, content: str) -> str:
        """The lines."""
        parser = cls()
        parser.feed(content)
        parser.close()
        parser._end_line()
        return "\n".join(parser._lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell, which also ends the one before."""
        if tag in ("tr", "table", "caption", "p"):
            self._end_line()
        elif tag in ("td", "th"):
            self._end_cell()
            self._in_cell = True
        elif tag == "br":
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a row or a cell."""
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table", "caption", "p"):
            self._end_line()

    def handle_data(self, data: str) -> None:
        """Take text."""
        self._text.append(data)

    def _end_cell(self) -> None:
        words = " ".join("".join(self._text).split())
        self._text = []
        if self._in_cell or words:
            self._cells.append(words)
        self._in_cell = False

    def _end_line(self) -> None:
        self._end_cell()
        if any(self._cells):
            self._lines.append(CELL_BORDER.join(self._cells))
        self._cells = []


def _word_boxes(block: Block, plain: str, start: int) -> Iterator[WordBox]:
    """Each word over the whole width of the block, at the height of the lines it may stand in."""
    lines = plain.split("\n")
    height = (block.bottom - block.top) / len(lines)
    rows = 1 if len(lines) > 1 else _rows(block, len(plain))
    for index, line in enumerate(lines):
        for word in _WORD.finditer(line):
            first, last = _share(word.start() / len(line), word.end() / len(line), rows)
            top, bottom = (block.top + (index + share) * height for share in (first, last))
            at = start + word.start()
            yield WordBox(at, at + len(word[0]), block.left, top, block.right, bottom)
        start += len(line) + 1


def _rows(block: Block, letters: int) -> int:
    """In about how many lines a paragraph stands, from the shape of its box."""
    width, height = block.right - block.left, block.bottom - block.top
    if width <= 0 or height <= 0:
        return 1
    return max(1, round(math.sqrt(LETTER_SHAPE * letters * height / width)))


def _share(begins: float, ends: float, rows: int) -> tuple[float, float]:
    """From which to which part of a paragraph's height a word stands, half a line more or less."""
    if rows == 1:
        return 0.0, 1.0
    first, last = math.floor(begins * rows - 0.5), math.ceil(ends * rows + 0.5)
    return max(first, 0) / rows, min(last, rows) / rows


def _fraction(word: WordBox, width: float, height: float) -> WordBox:
    left, right = (min(max(x / width, 0.0), 1.0) for x in (word.left, word.right))
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in (word.top, word.bottom))
    return replace(word, left=left, top=top, right=right, bottom=bottom)
