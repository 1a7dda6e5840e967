"""What a page consists of for whoever cuts it: lines and table rows, and what stands before each.

Structure is told by the text alone wherever the file does not tell it: headings, list items,
captions, and the lines that introduce what follows them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from ingest.rows import PlacedRow, TablePart

MAX_HEADING_CHARACTERS = 90
MAX_HEADING_WORDS = 12
MAX_CAPTION_CHARACTERS = 160
MOST_BETWEEN_ROWS = 4  # lines that still belong to the table

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_LINE_BREAK = re.compile(r"[\r\n]")
_ENDS_SENTENCE = re.compile(r"""[.!?…:;。！？：；]["'”’»)\]]*\s*$""")
_ENDS_IN_WORD = re.compile(r"(?:[\x02\ufffe\u00ad]|[a-zß-öø-ÿ]-)\s*$")
_INTRODUCES = re.compile(r"[:：]\s*$")
_ITEM = re.compile(
    r"\s*(?:[•◦▪■●○‣·]\s*|[-–—*+]\s+(?=[^\W\d_]|[\"“«])"
    r"|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s+(?=\S))"
)
_CAPTION = re.compile(
    r"(?:table|tableau|tabelle|figure|exhibit|schedule|chart)\s+[\dIVXA-Z][\w.]{0,6}(?:\W|$)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:(?:part|item|chapter|section|article|annex|appendix|note|chapitre|partie|annexe)\s+"
    r"[\dIVXLA-D][\w.]{0,6}\W|\d{1,2}(?:\.\d{1,2}){0,4}\.?\s+[A-ZÀ-Þ])",
    re.IGNORECASE,
)


class Break(IntEnum):
    """What stands before a unit; cutting there costs the more the higher its number."""

    HEADING = 0
    PARAGRAPH = 1
    ITEM = 2
    SENTENCE = 3
    ITEM_SENTENCE = 4  # inside a list item
    LINE = 5  # or a row of a table that is longer than a chunk
    ITEM_LINE = 6
    INSIDE_LINE = 7
    INSIDE_WORD = 8  # of one that goes on in the next line
    SMALL_TABLE = 9  # inside a table that fits a chunk


@dataclass(slots=True)
class Unit:
    """A piece of a page that stays whole; its size is in what limits a chunk, without overhead.

    `part` is the table that it is of; one that `leads` stays with what follows.
    """

    start: int
    end: int
    before: Break
    is_heading: bool = False  # nothing but headings
    leads: bool = False
    part: TablePart | None = None
    names_columns: bool = False  # holds the header row of its table
    size: int = 0


def units_of_page(text: str, headings: set[int], rows: Sequence[PlacedRow]) -> list[Unit]:
    """Every visible line of a page, and every row of a table, in order; none is measured."""
    known = sorted(headings)
    units: list[Unit] = []
    done, part = 0, None
    for row in rows:
        lines = list(_lines(text, done, row.start, known))
        if part is row.part and len(lines) <= MOST_BETWEEN_ROWS:
            below_head = bool(units) and units[-1].names_columns
            lines = [_in_table(line, part, leads=below_head) for line in lines]
        units += lines
        units.append(_row(text, row, units))
        done, part = row.end, row.part
    units += _lines(text, done, len(text), known)
    for unit, following in pairwise(units):
        _keep_together(text, unit, following)
    return units


def _row(text: str, row: PlacedRow, before: Sequence[Unit]) -> Unit:
    if before and _LINE_BREAK.search(text, before[-1].end - 1, row.start) is None:
        place = Break.INSIDE_LINE
    else:
        place = Break.LINE if before and before[-1].part is row.part else Break.PARAGRAPH
    names = row.names_columns
    return Unit(row.start, row.end, place, leads=names, part=row.part, names_columns=names)


def _in_table(line: Unit, part: TablePart, *, leads: bool) -> Unit:
    """A line between two rows of a table, such as the name of the rows below it.

    Between the head and the first row, such as the rule that Markdown has there, it `leads`.
    """
    before = line.before if line.before is Break.INSIDE_LINE else Break.LINE
    leads = leads or line.is_heading
    return replace(line, before=before, is_heading=False, leads=leads, part=part)


def _lines(text: str, start: int, end: int, headings: Sequence[int]) -> Iterator[Unit]:
    """Every line with a visible character, and what stands before it."""
    gap, sentence_ended, in_word, in_item = True, True, False, False
    inside_line = start > 0 and text[start - 1] not in "\r\n"
    for found in _LINE.finditer(text, start, end):
        line = found[0]
        title = line.strip()
        if not title:
            gap = gap or bool(line)
            inside_line = False
            continue
        known = bisect_left(headings, found.end()) > bisect_left(headings, found.start())
        is_heading = known or ((gap or sentence_ended) and looks_like_heading(title))
        is_item = not is_heading and _ITEM.match(line) is not None
        in_item = is_item or (in_item and not gap and not is_heading)
        if is_heading:
            before = Break.HEADING
        elif gap:
            before = Break.INSIDE_LINE if inside_line else Break.PARAGRAPH
        elif is_item:
            before = Break.ITEM
        else:
            before = _inside(in_item, in_word, sentence_ended)
        yield Unit(found.start(), found.end(), before, is_heading)
        tail = line[-20:]
        gap = inside_line = False
        sentence_ended = _ENDS_SENTENCE.search(tail) is not None
        in_word = _ENDS_IN_WORD.search(tail) is not None


def _inside(in_item: bool, in_word: bool, sentence_ended: bool) -> Break:
    """What stands before a line that begins nothing of its own."""
    if in_word:
        return Break.INSIDE_WORD
    if in_item:
        return Break.ITEM_SENTENCE if sentence_ended else Break.ITEM_LINE
    return Break.SENTENCE if sentence_ended else Break.LINE


def looks_like_heading(title: str) -> bool:
    """Whether a line is short and in capitals or numbered, as headings in a PDF's text are."""
    if len(title) > MAX_HEADING_CHARACTERS or title[-1] in ".,;":
        return False
    words = title.split()
    if len(words) > MAX_HEADING_WORDS or not any(character.isalpha() for character in title):
        return False
    if _NUMBERED.match(title):
        return True
    long_words = [word for word in words if len(word) > 3]
    if not long_words or not all(word[0].isupper() for word in long_words):
        return False
    return not any(character.isdigit() for character in title)


def _keep_together(text: str, unit: Unit, following: Unit) -> None:
    """Mark what introduces the unit after it: a table's caption, a list's first line."""
    if unit.part is not None:
        return
    line = text[unit.start : unit.end].strip()
    if following.part is not None:
        unit.leads = unit.is_heading or _is_caption(line, following.part)
        if unit.leads:
            unit.before = min(unit.before, Break.PARAGRAPH)
    elif _INTRODUCES.search(line[-20:]):
        unit.leads = _ITEM.match(text[following.start : following.end]) is not None


def _is_caption(line: str, part: TablePart) -> bool:
    if not part.begins or len(line) > MAX_CAPTION_CHARACTERS:
        return False
    if (part.name and part.name in line) or _CAPTION.match(line):
        return True
    return _INTRODUCES.search(line) is not None or _ENDS_SENTENCE.search(line) is None
