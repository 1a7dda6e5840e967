"""Takes web pages apart into headings, paragraphs, list items and tables.

The parser's events are read as they come and no tree is built, so that no page is nested too
deeply. Entities are those of HTML alone, and nothing that a page names is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ingest import grid, page_styles, raised
from ingest.composer import Composer
from ingest.markup_tables import ROW_GROUPS, Block, Cell, Table
from rag.domain import DocumentState
from rag.errors import DocumentError

MAX_TABLE_DEPTH = 8  # tables in one another; deeper ones are read as text
MAX_INDENT = 6  # levels of lists in one another that are shown
MAX_FRAMES = 3  # pages in one another
MOST_PIECES = 8  # that the mark of a note is in
PIECE_CHARACTERS = 65_536

_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form header hgroup hr html legend li main menu ol p pre search "
    "section summary table tbody td textarea tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_UNSEEN_NAMES = (
    "script style template noframes iframe object embed applet audio video canvas annotation "
    "datalist map area head desc metadata defs symbol"
)
_NEVER_SHOWN = frozenset(_UNSEEN_NAMES.split())
_PREFORMATTED = frozenset({"pre", "textarea"})
_LINES = frozenset({"br", "title", "text", "option", "optgroup"})  # in lines of their own
_PLACED = frozenset({"x", "y", "dy"})  # what has them begins elsewhere in a drawing
_SHOWN_VALUE_NAMES = (
    "text search email tel url number date time month week datetime-local submit button reset"
)
_SHOWN_VALUES = frozenset({"", *_SHOWN_VALUE_NAMES.split()})  # fields that show what they hold
_MARKED = frozenset({"checkbox", "radio"})
_SHIFTS = {"sup": 1, "sub": -1}
_WITHIN_LINES = frozenset({"select", "button", "input", "img", *_SHIFTS})
_CHOSEN, _OPEN = "[x] ", "[ ] "  # before what a form lets one choose
_NAVIGATION = frozenset({"nav"})
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_LINE_SPACE = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\ufeff]")


@dataclass(frozen=True, slots=True)
class Markup:
    """What a web page shows: its title and its blocks."""

    title: str
    blocks: tuple[Block, ...]


def read(markup: str, sheets: str = "") -> Markup:
    """What a web page shows. Navigation is left out, unless the page holds nothing else.

    `sheets` are the style sheets that it names, where they were at hand; it has its own besides.

    Raises:
        DocumentError: it cannot be parsed.
    """
    shifts = page_styles.shifts_in(f"{sheets}\n{page_styles.sheets_of(markup)}")
    found = _parse(markup, _NEVER_SHOWN | _NAVIGATION, shifts)
    return found if found.blocks else _parse(markup, _NEVER_SHOWN, shifts)


def write(blocks: Iterable[Block], composer: Composer) -> None:
    """Write the blocks of a web page into a document."""
    for block in blocks:
        if block.rows:
            composer.table(block.rows, name=block.text, header=block.header)
        elif block.is_item:
            composer.item(block.text)
        elif block.level:
            composer.heading(block.text, block.level)
        else:
            composer.paragraph(block.text)


def _parse(
    markup: str, skipped: frozenset[str], shifts: page_styles.Shifts, frames: int = 0
) -> Markup:
    from lxml import etree

    target = _Target(skipped, shifts, frames)
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True, huge_tree=True)
    try:
        for start in range(0, len(markup), PIECE_CHARACTERS):
            piece = markup[start : start + PIECE_CHARACTERS].replace("\x00", "\ufffd")
            parser.feed(piece.encode("utf-8", errors="replace"))
        return parser.close() if markup.strip() else Markup("", ())
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise DocumentError(
            DocumentState.DAMAGED, "The web page is damaged and cannot be read."
        ) from error


class _Target:
    """What the parser tells of the elements of a page, in their order."""

    def __init__(self, skipped: frozenset[str], shifts: page_styles.Shifts, frames: int) -> None:
        self._skipped = skipped
        self._shifts = shifts
        self._frames = frames  # that the page stands within
        self._blocks: list[Block] = []
        self._tables: list[Table] = []
        self._text: list[str] = []
        self._title: list[str] = []
        self._lists: list[int] = []  # of each that is open, the number of its last item; -1: none
        self._marker = ""
        self._depth = 0
        self._hidden_from = 0  # the depth at which what is not shown begins; 0 where all is shown
        self._in_head = False
        self._in_title = False
        self._pre = 0
        self._deep_tables = 0
        self._options: list[tuple[int, bool]] = []  # where in the text, and whether it is chosen
        self._takes_many = False
        self._styled: dict[int, int] = {}  # of each depth what its element is shifted by its style
        self._shifted: list[int] = []  # where in the text what is raised or lowered begins
        self._marks: dict[int, tuple[int, int, bool]] = {}  # by depth; see `_start_styled`

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._hidden_from:
            self._in_title = tag == "title" and self._in_head and not self._title
            return
        if tag in self._skipped or _is_hidden(attributes):
            if tag == "iframe" and not _is_hidden(attributes):
                self._add_frame(attributes.get("srcdoc", ""))
            self._hidden_from = self._depth
            self._in_head = tag == "head"
        elif tag in _LINES or (tag == "tspan" and _PLACED & attributes.keys()):
            self._text.append("\n" + attributes.get("label", "") * (tag == "optgroup"))
            if tag == "option":
                self._options.append((len(self._text), "selected" in attributes))
                self._text.append("")
        elif tag in _WITHIN_LINES:
            self._start_within_line(tag, attributes)
        elif tag == "table":
            self._start_table()
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._flush()
            self._start_block(tag, attributes)
        else:
            self._start_styled(tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends; every one that began does."""
        if tag == "title":
            self._in_title = False
        if not self._hidden_from:
            self._end_shown(tag)
        elif self._hidden_from == self._depth:
            self._hidden_from = 0
        self._depth -= 1

    def data(self, text: str) -> None:
        """Characters between elements."""
        if self._in_title:
            self._title.append(text)
        elif not self._hidden_from:
            self._text.append(text if self._pre else _SPACE.sub(" ", text))

    def comment(self, text: str) -> None:
        """A comment, which nobody sees."""

    def close(self) -> Markup:
        """The whole page; elements that were never closed end here."""
        self._flush()
        while self._tables:
            self._end_table()
        return Markup(grid.clean("".join(self._title)), tuple(self._blocks))

    def _start_within_line(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "select":
            self._end_select()
            self._takes_many = "multiple" in attributes
        elif tag in _SHIFTS:
            self._start_shifted()
        elif tag == "button":  # which stands apart from what is beside it
            self._text.append(" ")
        elif tag == "input":
            self._text.append(f" {_value(attributes)} ")
        elif said := grid.clean(attributes.get("alt", "")):
            self._text.append(f" [image: {said}] ")

    def _add_frame(self, page: str) -> None:
        """What a page within the page shows; one deeper than is bearable shows nothing."""
        if self._frames < MAX_FRAMES and page.strip():
            self._flush()
            shifts = page_styles.shifts_in(page_styles.sheets_of(page))
            self._room().extend(_parse(page, self._skipped, shifts, self._frames + 1).blocks)

    def _start_block(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _LISTS:
            first = attributes.get("start", "1")
            number = int(first) if first.isascii() and first.isdigit() and len(first) < 9 else 1
            self._lists.append(number - 1 if tag == "ol" else -1)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag in _PREFORMATTED:
            self._pre += 1
        elif self._tables and not self._deep_tables:
            self._start_in_table(tag, attributes)

    def _start_in_table(self, tag: str, attributes: Mapping[str, str]) -> None:
        table = self._tables[-1]
        if tag in ("tr", "caption"):
            table.cell = None
            if tag == "tr":
                table.rows.append([])
        elif tag in ("td", "th"):
            if not table.rows:
                table.rows.append([])
            table.cell = Cell(attributes, tag == "th")
            table.rows[-1].append(table.cell)
        elif tag in ROW_GROUPS:
            table.begin_group(tag)

    def _end_shown(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._flush(heading=_HEADINGS[tag])
        elif tag in _LINES and tag != "br":
            self._text.append("\n")
        elif tag == "button":
            self._text.append(" ")
        elif tag in _SHIFTS or self._depth in self._styled or self._depth in self._marks:
            self._end_styled(tag)
        elif tag == "select":
            self._end_select()
        elif tag == "table":
            self._flush()
            if self._deep_tables:
                self._deep_tables -= 1
            elif self._tables:
                self._end_table()
        elif tag in _BLOCKS:
            self._flush()
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = ""
        elif tag in _PREFORMATTED and self._pre:
            self._pre -= 1
        elif self._tables and not self._deep_tables:
            if tag in ("td", "th", "tr"):
                self._tables[-1].cell = None
            elif tag in ROW_GROUPS:
                self._tables[-1].begin_group("")

    def _start_table(self) -> None:
        self._flush()
        if len(self._tables) == MAX_TABLE_DEPTH or self._deep_tables:
            self._deep_tables += 1
        else:
            self._tables.append(Table())

    def _end_table(self) -> None:
        table = self._tables.pop()
        self._room().extend(table.blocks())

    def _room(self) -> list[Block]:
        """Where the next block belongs."""
        if not self._tables:
            return self._blocks
        table = self._tables[-1]
        return table.cell.blocks if table.cell is not None else table.caption

    def _next_marker(self) -> str:
        indent = "  " * min(max(len(self._lists) - 1, 0), MAX_INDENT)
        if not self._lists or self._lists[-1] < 0:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _end_select(self) -> None:
        """Mark what is chosen of a list; nothing where that is not told. The last one counts."""
        options, self._options = self._options, []
        chosen = [place for place, is_chosen in options if is_chosen]
        shown = frozenset(chosen if self._takes_many else chosen[-1:])
        for place, _ in options if shown else ():
            self._text[place] = _CHOSEN if place in shown else _OPEN

    def _start_shifted(self) -> None:
        self._shifted.append(-1 if self._shifted else len(self._text))  # once, if in another

    def _end_shifted(self, shift: int) -> None:
        """Write what is raised or lowered apart; what goes beyond a block stays as it is."""
        start = self._shifted.pop() if self._shifted else len(self._text)
        if 0 <= start < len(self._text) and not self._options:
            before = "".join(self._text[max(start - 8, 0) : start])
            text = "".join(self._text[start:])
            self._text[start:] = [raised.shifted(text, before, shift=shift)]

    def _start_styled(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Remember where what is raised or lowered, or may be the mark of a note, begins."""
        if shift := self._shifts.of(tag, attributes):
            self._styled[self._depth] = shift
            self._start_shifted()
            return
        is_note = page_styles.refers_to_note(attributes)
        if nudge := 1 if is_note else page_styles.nudge_of(attributes):
            self._marks[self._depth] = (len(self._text), nudge, is_note)

    def _end_styled(self, tag: str) -> None:
        if shift := _SHIFTS.get(tag) or self._styled.pop(self._depth, 0):
            self._end_shifted(shift)
        else:
            self._end_mark(*self._marks.pop(self._depth))

    def _end_mark(self, start: int, shift: int, is_note: bool) -> None:
        """Write a mark apart from the word before it, which one must have that is set so only."""
        pieces = self._text[start : start + MOST_PIECES]
        is_whole = start + len(pieces) == len(self._text) and not (self._options or self._pre)
        if not is_whole or sum(map(len, pieces)) > page_styles.LONGEST_MARK:
            return
        text, before = "".join(pieces), "".join(self._text[max(start - 8, 0) : start])
        if page_styles.is_mark(text) and (is_note or page_styles.takes_mark(before)):
            self._text[start:] = [raised.shifted(text, before, shift=shift)]

    def _flush(self, heading: int = 0) -> None:
        """End the block that is open."""
        self._end_select()
        if not self._text:
            return
        text = raised.with_fractions(_CONTROLS.sub("", "".join(self._text)))
        self._text.clear()
        self._shifted.clear()
        self._marks.clear()
        text = text.strip("\n").rstrip() if self._pre else _tidy(text)
        if not text.strip():
            return
        if heading:
            self._room().append(Block(" ".join(text.split()), heading))
        elif self._marker:
            self._room().append(Block(self._marker + text.lstrip(), is_item=True))
            self._marker = ""
        else:
            self._room().append(Block(text))


def _tidy(text: str) -> str:
    """One space between words, one line end where the page has one or more."""
    text = _LINE_SPACE.sub("\n", re.sub(r" {2,}", " ", text))
    return _BLANK_LINES.sub("\n", text).strip()


def _value(attributes: Mapping[str, str]) -> str:
    """What stands in a field of a form, on a button or in a box; nothing of what is no text."""
    kind = attributes.get("type", "").strip().lower()
    if kind in _MARKED:
        return _CHOSEN if "checked" in attributes else _OPEN
    return attributes.get("value", "") if kind in _SHOWN_VALUES else ""


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    style = attributes.get("style", "")
    return attributes.get("role") == "navigation" or bool(_HIDDEN_STYLE.search(style))
