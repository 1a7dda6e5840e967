"""Takes rich text (RTF) apart into paragraphs, headings, list items and tables.

The control words that hold no text, and the code pages of fonts, are those that striprtf lists. The
text is gone through once and without recursion, so that no file takes longer than its length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from striprtf.striprtf import charset_map, destinations

from ingest import grid, raised
from ingest.charsets import whole
from ingest.markup_tables import Block
from ingest.richtext_signs import (
    ASIDES,
    BULLETS,
    CODE_PAGES,
    ESCAPES,
    HEADING_NAME,
    MARGINS,
    MARKERS,
    SIGNS,
    TOKEN,
    is_known,
)
from ingest.richtext_state import Aside, Paragraph, RichText, State
from ingest.richtext_tables import DEFINING, RichTable
from rag.domain import DocumentState
from rag.errors import DocumentError

DEEPEST = 10_000  # groups in one another
MAX_FONTS = 20_000
HEADINGS = 6  # levels


def read(content: bytes) -> RichText:
    """What a rich text document says.

    Raises:
        DocumentError: its groups stand in one another without end.
    """
    return _Reader(content.decode("latin-1")).read()


class _Reader:
    """Goes through the text once, with what holds in every group that is open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._state = State()
        self._open: list[State] = []
        self._encoding = "cp1252"
        self._fonts: dict[str, str] = {}
        self._font = ""
        self._levels: dict[str, int] = {}  # of heading styles
        self._style = ""
        self._title: list[str] = []
        self._author: list[str] = []  # of the next comment
        self._noted = 0  # footnotes with a mark so far
        self._is_marked = False  # by a number that is counted, of the next footnote
        self._bytes = bytearray()  # of the text, not yet decoded
        self._to_skip = 0
        self._is_optional = False
        self._is_first = False  # in its group
        self._paragraph = Paragraph()
        self._asides: list[Aside] = []
        self._blocks: list[Block] = []
        self._notes: list[Block] = []
        self._margins: dict[tuple[str, tuple[Block, ...]], None] = {}  # each that differs, once
        self._table = RichTable()
        self._is_damaged = False

    def read(self) -> RichText:
        """All of it."""
        place = 0
        while match := TOKEN.match(self._text, place):
            place = match.end()
            word, number, code, symbol, brace, run = match.groups()
            if word:
                if word == "bin" and number:
                    place += self._binary(max(int(number), 0), len(self._text) - place)
                self._word(word, number)
            elif code:
                self._characters(bytes.fromhex(code))
            elif symbol:
                self._symbol(symbol)
            elif brace:
                self._brace(brace)
            elif run:
                self._characters(run.encode("latin-1"))
        self._end_all()
        title = grid.clean("".join(self._title))
        margins = tuple(block for _, blocks in self._margins for block in blocks)
        return RichText(title, tuple(self._blocks), margins, self._is_damaged)

    def _binary(self, announced: int, there: int) -> int:
        """How many bytes that are no text follow; none in a text that announces too many."""
        self._is_damaged |= announced > there
        return announced if announced <= there else there if self._state.destination else 0

    def _brace(self, brace: str) -> None:
        self._decode()
        self._to_skip = 0
        self._is_optional = False
        self._is_first = brace == "{"
        if brace == "{":
            if len(self._open) >= DEEPEST:
                raise DocumentError(
                    DocumentState.DAMAGED,
                    "The rich text document is damaged: its groups never end.",
                )
            self._open.append(self._state)
        elif self._open:
            if self._asides and self._asides[-1].depth == len(self._open):
                self._end_aside()
            self._state = self._open.pop()

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._is_optional = self._is_first
        elif symbol in ESCAPES:
            self._say(ESCAPES[symbol])

    def _word(self, word: str, number: str | None) -> None:
        is_optional, self._is_optional, self._is_first = self._is_optional, False, False
        if word == "u" and number is not None:
            self._unicode(int(number))
            return
        if self._to_skip and word not in SIGNS:
            self._to_skip = 0
        if word in ASIDES:
            self._start_aside(word)
        elif word in MARKERS:
            self._set(is_marker=True)
        elif word == "result":  # what is seen of an embedded thing
            self._set(destination="")
        elif word in destinations or (is_optional and word not in SIGNS):
            self._decode()
            self._set(destination=word)
        elif word in SIGNS:
            self._say(SIGNS[word])
        elif handler := _WORDS.get(word):
            handler(self, number)
        elif word in CODE_PAGES:
            self._encoding = CODE_PAGES[word]

    def _unicode(self, number: int) -> None:
        self._say(chr(number & 0xFFFF))
        self._to_skip = self._state.after_unicode

    def _set(
        self,
        *,
        destination: str | None = None,
        is_hidden: bool | None = None,
        is_marker: bool | None = None,
    ) -> None:
        state = self._state
        self._state = replace(
            state,
            destination=state.destination if destination is None else destination,
            is_hidden=state.is_hidden if is_hidden is None else is_hidden,
            is_marker=state.is_marker if is_marker is None else is_marker,
        )

    def _characters(self, content: bytes) -> None:
        """Bytes of the text, some of which may only stand for a character that was said."""
        skipped = min(self._to_skip, len(content))
        self._to_skip -= skipped
        self._bytes += content[skipped:]

    def _decode(self) -> None:
        if self._bytes:
            encoding = self._state.encoding or self._encoding
            text = self._bytes.decode(encoding, errors="replace")
            self._bytes.clear()
            self._put(text)

    def _say(self, text: str) -> None:
        self._decode()
        self._put(text)

    def _put(self, text: str) -> None:
        destination = self._state.destination
        if destination == "title":
            self._title.append(text)
        elif destination == "atnauthor":
            self._author.append(text)
        elif destination == "stylesheet":
            found = HEADING_NAME.search(text)
            if found and self._style and len(self._levels) < MAX_FONTS:
                self._levels[self._style] = min(int(found[1] or 1), HEADINGS)
        elif not destination and not self._state.is_hidden:
            is_marker = self._state.is_marker
            pieces = self._paragraph.marker if is_marker else self._paragraph.pieces
            pieces.append(raised.shifted(text, "".join(pieces[-2:]), shift=self._state.shift))

    def _start_aside(self, word: str) -> None:
        self._decode()
        margin = word[:6] if word in MARGINS else ""
        within = self._asides[-1] if self._asides else None
        blocks = [] if margin else within.blocks if within and within.margin else self._notes
        lead = self._comment() if word == "annotation" else self._mark(word)
        depth = len(self._open)
        aside = Aside(depth, self._paragraph, blocks, margin, lead, len(blocks))
        self._asides.append(aside)
        self._paragraph = Paragraph()
        self._set(destination="", is_hidden=False, is_marker=False)
        self._state = replace(self._state, shift=0)

    def _comment(self) -> str:
        author = grid.clean("".join(self._author))
        self._author.clear()
        return f"Comment by {author}:" if author else "Comment:"

    def _announce(self, _number: str | None) -> None:
        """A number stands here that is counted: of a footnote that follows, where none is open."""
        state = self._state
        self._is_marked = not (self._asides or state.destination or state.is_hidden)

    def _mark(self, word: str) -> str:
        """The mark of a footnote, which the text has then, too; empty for one without a number."""
        is_marked, self._is_marked = self._is_marked, False
        if word != "footnote" or not is_marked:
            return ""
        self._noted += 1
        mark = f"[note {self._noted}]"
        self._paragraph.pieces.append(f" {mark}")
        return mark

    def _end_aside(self) -> None:
        self._end_paragraph(None)
        ended = self._asides.pop()
        self._paragraph = ended.outer
        ended.end()
        if ended.margin:  # programs write it for every section, and for left and right pages
            self._margins[ended.margin, tuple(ended.blocks)] = None

    def _end_paragraph(self, _number: str | None) -> None:
        self._decode()
        if self._state.is_marker or self._state.destination:
            return
        paragraph = self._paragraph
        text = raised.with_fractions(whole("".join(paragraph.pieces))).strip()
        marker = "".join(paragraph.marker).strip()
        paragraph.pieces.clear()
        paragraph.marker.clear()
        if paragraph.in_table and not self._asides:
            if text:
                self._table.say(text)
            return
        room = self._room()
        if text and paragraph.level:
            room.append(Block(" ".join(text.split()), paragraph.level))
        elif text and marker:
            sign = "-" if BULLETS.issuperset(marker) else whole(marker)
            room.append(Block(f"{sign} {text}", is_item=True))
        elif text:
            room.append(Block(text))
        if not self._asides and self._notes:
            self._blocks.extend(self._notes)
            self._notes.clear()

    def _room(self) -> list[Block]:
        if self._asides:
            return self._asides[-1].blocks
        self._blocks += self._table.take()
        return self._blocks

    def _reset_paragraph(self, _number: str | None) -> None:
        if not self._state.is_marker and not self._state.destination:
            self._decode()
            self._paragraph.level = 0
            self._paragraph.in_table = False

    def _outline_level(self, number: str | None) -> None:
        level = int(number or 0) + 1
        if not self._state.destination:
            self._paragraph.level = level if 0 < level <= HEADINGS else 0

    def _style_of(self, number: str | None) -> None:
        if self._state.destination == "stylesheet":
            self._style = number or "0"
        elif not self._state.destination:
            self._paragraph.level = self._levels.get(number or "0", 0)

    def _in_table(self, _number: str | None) -> None:
        if not self._state.destination:
            self._paragraph.in_table = True

    def _begin_row(self, _number: str | None) -> None:
        self._in_table(None)
        if not self._state.destination and not self._asides:
            self._table.begin_row()

    def _end_cell(self, _number: str | None) -> None:
        if self._asides:
            self._say("\t")
        if self._state.destination or self._asides:
            return
        self._paragraph.in_table = True
        self._table.begin_cell()
        self._end_paragraph(None)
        self._table.end_cell()

    def _end_row(self, _number: str | None) -> None:
        self._end_paragraph(None)
        if self._state.destination or self._asides:
            return
        self._table.end_row()
        self._paragraph.in_table = False

    def _choose_font(self, number: str | None) -> None:
        self._decode()
        self._font = number or "0"
        if self._state.destination != "fonttbl":
            self._state = replace(self._state, encoding=self._fonts.get(self._font, ""))

    def _font_charset(self, number: str | None) -> None:
        encoding = charset_map.get(int(number or 0), "")
        if self._state.destination == "fonttbl" and len(self._fonts) < MAX_FONTS:
            # The first two are Western letters, which the document's own encoding has too.
            is_own = (number or "0") in ("0", "1", "2") or not is_known(encoding)
            self._fonts[self._font] = "" if is_own else encoding

    def _code_page(self, number: str | None) -> None:
        encoding = {"65001": "utf-8", "10000": "mac_roman"}.get(number or "", f"cp{number}")
        self._encoding = encoding if is_known(encoding) else "cp1252"

    def _hide(self, number: str | None) -> None:
        self._decode()
        self._set(is_hidden=number != "0")

    def _show(self, _number: str | None) -> None:
        self._decode()
        self._set(is_hidden=False)
        self._state = replace(self._state, encoding="", shift=0)

    def _raise(self, number: str | None) -> None:
        self._shift(int(number != "0"))

    def _lower(self, number: str | None) -> None:
        self._shift(-int(number != "0"))

    def _level(self, _number: str | None) -> None:
        self._shift(0)

    def _shift(self, shift: int) -> None:
        self._decode()
        self._state = replace(self._state, shift=shift)

    def _after_unicode(self, number: str | None) -> None:
        self._state = replace(self._state, after_unicode=min(max(int(number or 1), 0), 10))

    def _end_all(self) -> None:
        """What a damaged file never ended."""
        self._decode()
        while self._asides:
            self._state = State()
            self._end_aside()
        self._state = State()
        self._paragraph.in_table = False
        self._end_paragraph(None)
        self._blocks += self._table.take()
        self._blocks.extend(self._notes)


def _defines_row(word: str) -> Callable[[_Reader, str | None], None]:
    def define(reader: _Reader, number: str | None) -> None:
        if not reader._state.destination and not reader._asides:
            reader._table.define(word, int(number or 0))

    return define


_WORDS: dict[str, Callable[[_Reader, str | None], None]] = {
    **dict.fromkeys(("par", "sect", "page", "column"), _Reader._end_paragraph),
    "pard": _Reader._reset_paragraph,
    "outlinelevel": _Reader._outline_level,
    "s": _Reader._style_of,
    "intbl": _Reader._in_table,
    "trowd": _Reader._begin_row,
    **{word: _defines_row(word) for word in DEFINING},
    "cell": _Reader._end_cell,
    "row": _Reader._end_row,
    "f": _Reader._choose_font,
    "fcharset": _Reader._font_charset,
    "ansicpg": _Reader._code_page,
    **dict.fromkeys(("v", "deleted"), _Reader._hide),
    "plain": _Reader._show,
    **dict.fromkeys(("super", "up"), _Reader._raise),
    **dict.fromkeys(("sub", "dn"), _Reader._lower),
    "nosupersub": _Reader._level,
    "chftn": _Reader._announce,
    "uc": _Reader._after_unicode,
}
