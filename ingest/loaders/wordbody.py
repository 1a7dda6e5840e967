"""Collects what stands in a part of a Word document: paragraphs, headings, items and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ingest import grid, raised
from ingest.loaders import formulas, symbols
from ingest.loaders.formulas import Formulas
from ingest.loaders.numbering import BULLET, Numbering
from ingest.loaders.wordruns import Line
from ingest.loaders.wordstyles import HEADINGS, Runs, Styles, depth_of
from ingest.ooxml import Part
from ingest.spans import ACROSS, Covered
from rag.domain import DocumentState
from rag.errors import DocumentError

MAX_CHARACTERS = 20_000_000
WIDEST = 1000  # columns of a table
COMMENT = "commentReference"
# What is no longer there, or there twice.
_SKIPPED = frozenset({"moveFrom", "Fallback", "del", "rPrChange"})
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_LIST = re.compile(r"List ?(?:Bullet|Number)", re.IGNORECASE)
_TITLE_NAME = re.compile(r"title|titre|titel|título", re.IGNORECASE)
_CAPTION_NAME = re.compile(r"caption|légende|beschriftung|table", re.IGNORECASE)


class Kind(Enum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    TITLE = "title"
    HEADING = "heading"
    CAPTION = "caption"
    ITEM = "item"
    TABLE = "table"


@dataclass(slots=True)
class Block:
    """A paragraph or a table; `mark` is an item's or a heading's number, `notes` its footnotes."""

    kind: Kind
    text: str = ""
    level: int = 0
    mark: str = ""
    rows: list[list[str]] = field(default_factory=list)
    headed: int = 0  # how many of the first rows the file says to head the others
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Paragraph:
    line: Line = field(default_factory=Line)
    style: str = ""
    level: int = 0
    number: str = ""
    depth: int | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    text: str = ""
    span: int = 1
    goes_on: bool = False  # it is merged with the one above it


class Body(Part):
    """The blocks of the document, or of its notes, headers and footers.

    `notes` has what the footnotes and the comments say, by the reference's element and number,
    `chunks` the texts of other formats, by their relations.
    """

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        notes: Mapping[tuple[str, str], str] | None = None,
        chunks: Mapping[str, list[Block]] | None = None,
    ) -> None:
        self.blocks: list[Block] = []
        self.commented: set[tuple[str, str]] = set()  # the comments that something referred to
        self._chunks = dict(chunks or {})
        self._styles, self._numbering, self._notes = styles, numbering, notes or {}
        self._open: list[_Paragraph] = []
        self._rows: list[list[_Cell]] = []  # that are open
        self._tables: list[Block] = []  # that are open
        self._outer: list[int] = []  # where each of these stands among those that are closed
        self._closed: list[Block] = []  # in one that is open
        self._skipped = 0
        self._in_text = False
        self._runs = Runs(styles)
        self._formulas = Formulas()
        self._length = 0
        self._noted = 0

    @property
    def has_hidden(self) -> bool:
        """Whether hidden text was left out."""
        return self._runs.has_hidden

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element of the body."""
        if name in _SKIPPED or self._skipped:
            self._skipped += 1
        elif name == "p":
            self._open.append(_Paragraph())
        elif name == "tbl":
            self._tables.append(Block(Kind.TABLE))
            self._outer.append(len(self._closed))
        elif name == "tr":
            self._rows.append([])
        elif name == "tc" and self._rows:
            self._rows[-1].append(_Cell())
        elif name == "t":
            self._in_text = True
        elif name == "r":
            self._runs.begin()
        elif name == "tblHeader" and self._tables:
            _head_row(self._tables[-1], attributes.get("val", ""))
        elif name in ("gridSpan", "vMerge") and self._rows and self._rows[-1]:
            _merge(self._rows[-1][-1], name, attributes.get("val", ""))
        else:
            self._take(name, attributes)

    def end(self, name: str) -> None:
        """The end of an element of the body."""
        if self._skipped:
            self._skipped -= 1
        elif name == "t":
            self._in_text = False
        elif name == "p" and self._open:
            self._close(self._open.pop())
        elif name == "tr" and self._rows:
            self._close_row(self._rows.pop())
        elif name == "tbl" and self._tables:
            self._close_table(self._tables.pop())
        elif self._open:
            self._formulas.end(name, self._open[-1].line.pieces)

    def say(self, text: str) -> None:
        """Characters."""
        if self._in_text and self._open and not self._skipped:
            paragraph = self._open[-1]
            look = self._runs.look(paragraph.style)
            if shown := self._runs.shown(text, look):
                paragraph.line.say(shown, look)
            self._length += len(text)
            if self._length > MAX_CHARACTERS:
                raise DocumentError(
                    DocumentState.TOO_LARGE, "The Word document holds too much text. Split it."
                )

    def _take(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take a text of another format, once so that none grows, or what a paragraph is."""
        if name == "altChunk":
            self.blocks += self._chunks.pop(attributes.get("id", ""), [])
        elif self._open and not self._runs.take(name, attributes):
            self._formulas.start(name, attributes, self._open[-1].line.pieces)
            self._note(self._open[-1], name, attributes)

    def _note(self, paragraph: _Paragraph, name: str, attributes: Mapping[str, str]) -> None:
        """Take what an element inside a paragraph says of it."""
        value = attributes.get("val", "")
        if name == "pStyle":
            paragraph.style = value
        elif name == "outlineLvl" and value.isdigit() and int(value) < HEADINGS:
            paragraph.level = int(value) + 1
        elif name == "numId":
            paragraph.number = value
        elif name == "ilvl":
            paragraph.depth = depth_of(value)
        elif name == COMMENT:
            self._comment(paragraph, (name, attributes.get("id", "")))
        else:
            self._add(paragraph, name, attributes)

    def _add(self, paragraph: _Paragraph, name: str, attributes: Mapping[str, str]) -> None:
        """Add what an element within a run stands for: a sign, a picture, a note."""
        if name == "docPr" and (described := grid.clean(attributes.get("descr", ""))):
            self._put(paragraph, f" [image: {described}] ")
        elif name in _SIGNS:
            self._put(paragraph, _SIGNS[name])
        elif name == "sym":
            look = self._runs.look(paragraph.style)
            sign = symbols.sign(attributes.get("font", ""), attributes.get("char", ""))
            if shown := self._runs.shown(sign, look):
                paragraph.line.say(shown, look)
        elif said := self._notes.get((name, attributes.get("id", ""))):
            mark = f"[note {self._noted + 1}]"
            if self._put(paragraph, f" {mark}"):
                self._noted += 1
                paragraph.notes.append(f"{mark} {said}")

    def _put(self, paragraph: _Paragraph, piece: str) -> bool:
        """Add what no run says in letters; false where the run is hidden."""
        shown = self._runs.shown(piece, self._runs.look(paragraph.style))
        if shown:
            paragraph.line.pieces.append(shown)
        return bool(shown)

    def _comment(self, paragraph: _Paragraph, key: tuple[str, str]) -> None:
        if key in self._notes and key not in self.commented:
            self.commented.add(key)
            paragraph.notes.append(self._notes[key])

    def _close(self, paragraph: _Paragraph) -> None:
        text = formulas.tidy(raised.with_fractions("".join(paragraph.line.pieces))).strip()
        if self._rows and self._rows[-1]:
            cell = self._rows[-1][-1]
            mark = self._mark(paragraph) if text else ""
            mark = "" if mark == BULLET else mark
            cell.text = " ".join([*cell.text.split(), *mark.split(), *text.split()])
            if self._tables:
                self._tables[-1].notes += paragraph.notes
        elif text:
            self.blocks.append(self._block(paragraph, text))
        else:
            self._say_alone(paragraph.notes)

    def _block(self, paragraph: _Paragraph, text: str) -> Block:
        mark, style = self._mark(paragraph), paragraph.style
        level = paragraph.level or self._styles.level(style)
        notes = paragraph.notes
        if level:
            is_title = self._styles.is_named(style, _TITLE_NAME)
            kind = Kind.TITLE if is_title else Kind.HEADING
            mark = "" if mark == BULLET else mark
            return Block(kind, " ".join(text.split()), level, mark, notes=notes)
        if mark:
            return Block(Kind.ITEM, text, paragraph.depth or 0, mark, notes=notes)
        is_caption = self._styles.is_named(style, _CAPTION_NAME)
        return Block(Kind.CAPTION if is_caption else Kind.PARAGRAPH, text, notes=notes)

    def _mark(self, paragraph: _Paragraph) -> str:
        """The number of a paragraph, a dash for an item without one, nothing for others."""
        number, depth = paragraph.number, paragraph.depth
        if not number:
            number, of_style = self._styles.numbering(paragraph.style)
            if depth is None:
                depth = of_style
        if number and depth is None:
            depth = self._numbering.level_of_style(number, paragraph.style)
        if number and number != "0":
            return self._numbering.next(number, depth or 0)
        is_item = not number and _LIST.match(paragraph.style)
        return BULLET if is_item else ""

    def _close_row(self, cells: list[_Cell]) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        above = table.rows[-1] if table.rows else []
        row: list[str] = []
        for cell in cells[:WIDEST]:
            text = grid.clean(cell.text)
            if cell.goes_on and not text and len(row) < len(above):
                text = Covered(above[len(row)])
            row += [text] + [ACROSS] * (cell.span - 1)
        if any(cell.text for cell in cells):
            table.rows.append(row[:WIDEST])
        table.headed = min(table.headed, len(table.rows))

    def _close_table(self, table: Block) -> None:
        """Take a table, those in its cells behind it."""
        alone = [Block(Kind.PARAGRAPH, note) for note in table.notes]
        self._closed.insert(self._outer.pop(), table) if table.rows else self._closed.extend(alone)
        if not self._tables:
            self.blocks += self._closed
            self._closed.clear()

    def _say_alone(self, notes: list[str]) -> None:
        """Notes on what says nothing itself."""
        self.blocks += [Block(Kind.PARAGRAPH, note) for note in notes]


def _head_row(table: Block, value: str) -> None:
    """Take that the row which is open heads the others, if all above it do."""
    if table.headed == len(table.rows) and value not in ("0", "false"):
        table.headed += 1


def _merge(cell: _Cell, name: str, value: str) -> None:
    if name == "gridSpan":
        cell.span = min(max(int(value), 1), WIDEST) if value.isdigit() else 1
    else:
        cell.goes_on = value != "restart"
