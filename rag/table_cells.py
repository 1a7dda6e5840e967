"""What a quoted row of a table says: the cells of a label, each of a column, of a subject."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.domain import Passage, Quote, Span
from rag.folding import flowing, unaccented
from rag.languages import SMALL_WORDS
from rag.periods import periods_of
from rag.raised import without_marks
from rag.row_spans import sentences_of
from rag.table_lines import Row, heads_among, table_rows

LONGEST_CAPTION = 12  # words
_NOTE = re.compile(r"\[[^\[\]]{1,12}\]")
_WORD = re.compile(r"[^\W_]+")
_FIGURE = re.compile(r"[-+–−(]?[$€£]?\d[\d.,]*\)?%?|[-–—−]")
_SMALL = frozenset().union(*SMALL_WORDS.values())


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: its label, and its other cells as (head of the column, cell).

    `cells` are empty where it cannot be told which column each figure stands in. `subject` is the
    caption, if there is one; `about` are the words of it, of the document's title and of the
    headings that the table stands under.
    """

    label: str
    cells: tuple[tuple[str, str], ...]
    subject: str
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    passage: int
    span: Span


def rows_at(quote: Quote, passage: Passage) -> tuple[TableRow, ...]:
    """The rows of tables that a quote of a passage holds, or is part of; none for prose."""
    start, end = quote.start - passage.start, quote.end - passage.start
    places = [_Place(0, span) for span in sentences_of(passage)]
    rows = table_rows(places, [passage], heads_among(places, [passage]))
    found = []
    for at, row in rows.items():
        cells = _cells(row)
        if cells is None or places[at].span.end <= start or end <= places[at].span.start:
            continue
        caption = _caption(places, passage.text, row.below)
        years = " ".join(periods_of(quote.document.name))
        about = words_of(f"{row.under} {caption} {years}") - _SMALL
        found.append(TableRow(cells[0], cells[1], caption, about))
    return tuple(found)


def words_of(text: str) -> frozenset[str]:
    """The words and figures of a cell or a head, without marks of notes."""
    return frozenset(_WORD.findall(unaccented(plain_cell(text))))


def plain_cell(text: str) -> str:
    """A cell without marks of notes: "12[7]" is 12, "149¹" is 149."""
    return _NOTE.sub("", without_marks(text)).strip()


def _caption(places: list[_Place], text: str, head: int | None) -> str:
    """The line above the head of a table, unless it is a sentence."""
    if not head:
        return ""
    span = places[head - 1].span
    line = flowing(text[span.start : span.end].rpartition("\n")[2]).strip(" :#*")
    is_short = len(line.split()) <= LONGEST_CAPTION
    return line if is_short and not line.endswith((".", "!", "?", ";")) else ""


def _cells(row: Row) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The label of a row and its cells with their heads; None for a line without figures."""
    if len(row.cells) > 1:
        heads = row.heads[1 : len(row.cells)]
        return row.cells[0], tuple(zip(heads, row.cells[1:], strict=True))
    tokens = row.cells[0].split()
    first = len(tokens)
    while first > 1 and _FIGURE.fullmatch(plain_cell(tokens[first - 1])):
        first -= 1
    label, figures = " ".join(tokens[:first]), tokens[first:]
    if not figures:
        return None
    heads = tuple(" ".join(row.heads).split())
    if len(heads) == len(figures) + 1:
        heads = heads[1:]
    if len(heads) != len(figures):
        return label, ()
    return label, tuple(zip(heads, figures, strict=True))
